// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/engine_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>

namespace bedplate::tui {

namespace {

/// An inventory of a large machine with all profiles is a megabyte or two.
constexpr std::size_t longest_message = 64U * 1024 * 1024;

}  // namespace

bool EngineClient::connect(std::chrono::milliseconds now) {
    if (connected() || now < next_try_) {
        return false;
    }
    next_try_ = now + std::chrono::milliseconds{500};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto text = path_.string();
    if (text.size() >= sizeof address.sun_path) {
        return false;
    }
    text.copy(address.sun_path, text.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return false;
    }
    socket_ = std::move(socket);
    in_.clear();
    out_.clear();
    return true;
}

short EngineClient::events() const {
    return static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT));
}

void EngineClient::send(const Json& message) {
    if (connected()) {
        out_ += message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
        flush();
    }
}

void EngineClient::flush() {
    while (!out_.empty()) {
        const auto sent = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;  // full: later; broken: receive() finds out
        }
        out_.erase(0, static_cast<std::size_t>(sent));
    }
}

std::vector<Json> EngineClient::receive(bool& lost) {
    std::array<char, 65536> buffer;
    for (;;) {
        const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            lost = got == 0 || (errno != EAGAIN && errno != EINTR);
            break;
        }
        in_.append(buffer.data(), static_cast<std::size_t>(got));
        if (in_.size() > longest_message) {
            lost = true;
            break;
        }
    }
    std::vector<Json> messages;
    std::size_t begin = 0;
    for (auto end = in_.find('\n'); end != std::string::npos; end = in_.find('\n', begin)) {
        if (auto message = parse_json(std::string_view(in_).substr(begin, end - begin), "the engine")) {
            messages.push_back(*std::move(message));
        }
        begin = end + 1;
    }
    in_.erase(0, begin);
    if (lost) {
        socket_.close();
    }
    return messages;
}

}  // namespace bedplate::tui
