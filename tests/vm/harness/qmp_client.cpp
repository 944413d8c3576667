// SPDX-License-Identifier: GPL-3.0-or-later
#include "qmp_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>

namespace bedplate::vm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// QEMU answers at once, except while it is busy with a disk; a minute means that it hangs.
constexpr std::chrono::minutes answer_timeout{1};

}  // namespace

QmpClient::QmpClient(Descriptor socket, const std::filesystem::path& log)
    : socket_(std::move(socket)), log_(log) {}

Result<std::unique_ptr<QmpClient>> QmpClient::connect(Descriptor socket, const std::filesystem::path& log) {
    std::unique_ptr<QmpClient> client(new QmpClient(std::move(socket), log));
    BEDPLATE_ASSIGN(const auto greeting, client->read_message(steady_clock::now() + answer_timeout));
    if (!greeting.contains("QMP")) {
        return fail("qmp.protocol", "QEMU's first line is no greeting", greeting.dump());
    }
    BEDPLATE_TRY(client->execute("qmp_capabilities"));
    return client;
}

Result<Json> QmpClient::execute(std::string_view command, const Json& arguments) {
    Json message{{"execute", command}};
    if (!arguments.empty()) {
        message["arguments"] = arguments;
    }
    BEDPLATE_TRY(send(message));
    const auto deadline = steady_clock::now() + answer_timeout;
    while (true) {
        BEDPLATE_ASSIGN(const auto answer, read_message(deadline));
        if (answer.contains("event")) {
            events_.push_back(answer);
        } else if (answer.contains("error")) {
            return fail("qmp.command", answer["error"].value("desc", "unknown error"), message.dump());
        } else if (answer.contains("return")) {
            return answer["return"];
        }
    }
}

Result<Json> QmpClient::wait_event(std::string_view name, milliseconds timeout) {
    const auto deadline = steady_clock::now() + timeout;
    while (true) {
        while (!events_.empty()) {
            const Json event = events_.front();
            events_.pop_front();
            if (event.value("event", "") == name) {
                return event;
            }
        }
        BEDPLATE_ASSIGN(const auto message, read_message(deadline));
        if (message.contains("event")) {
            events_.push_back(message);
        }
    }
}

Result<Json> QmpClient::read_message(Deadline deadline) {
    while (true) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            const std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            log_ << "< " << line << std::endl;
            return parse_json(line, "QMP");
        }
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
        pollfd wanted{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        const int ready = ::poll(&wanted, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
        if (ready == 0) {
            return fail("qmp.timeout", "QEMU did not answer in time");
        }
        std::array<char, 4096> chunk{};
        const auto got = ready < 0 ? -1 : ::read(socket_.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return fail("qmp.closed", "QEMU closed its control connection");
        }
        buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

Result<void> QmpClient::send(const Json& message) {
    const std::string line = message.dump() + "\n";
    log_ << "> " << line << std::flush;
    std::size_t sent = 0;
    while (sent < line.size()) {
        const auto count = ::send(socket_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail("qmp.closed", std::format("cannot send to QEMU: {}", std::strerror(errno)));
        }
        sent += static_cast<std::size_t>(count);
    }
    return {};
}

}  // namespace bedplate::vm
