// SPDX-License-Identifier: GPL-3.0-or-later
#include "serial_console.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <regex>

namespace bedplate::vm {
namespace {

/// Lockups and stalls that a kernel reports are not among these: an emulated machine whose host is busy has
/// them and goes on. One that does not go on runs into the time limit of whoever waits.
const std::regex& crash_pattern() {
    static const std::regex pattern(
        "Kernel panic|emergency mode|Emergency Mode|BUG: (?!soft lockup|workqueue lockup)|Oops: ");
    return pattern;
}

/// ECMA-48 8.3.89, as terminals have it: ends with BEL, or with ESC and a backslash.
std::size_t operating_system_command_length(std::string_view text) {
    const auto end = text.find_first_of("\x07\x1b", 2);
    if (end == std::string_view::npos || text[end] == '\x07') {
        return end == std::string_view::npos ? 0 : end + 1;
    }
    return end + 1 < text.size() ? end + 2 : 0;
}

/// Length of the control sequence that starts with ESC at the head of `text`; 0 where it is not complete.
std::size_t sequence_length(std::string_view text) {
    if (text.size() < 2) {
        return 0;
    }
    if (text[1] == ']') {
        return operating_system_command_length(text);
    }
    if (text[1] != '[') {
        return 2;
    }
    for (std::size_t i = 2; i < text.size(); ++i) {
        // ECMA-48 5.4: a control sequence ends with a byte from 4/0 to 7/14.
        if (text[i] >= '@' && text[i] <= '~') {
            return i + 1;
        }
    }
    return 0;
}

}  // namespace

std::string without_control_sequences(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '\x1b') {
            const auto length = sequence_length(text.substr(i));
            if (length == 0) {
                break;
            }
            i += length;
            continue;
        }
        if (text[i] == '\n' || text[i] == '\t' || static_cast<unsigned char>(text[i]) >= ' ') {
            out += text[i];
        }
        ++i;
    }
    return out;
}

SerialConsole::SerialConsole(Descriptor socket)
    : socket_(std::move(socket)), reader_([this](const std::stop_token& stop) { read_all(stop); }) {}

SerialConsole::~SerialConsole() {
    reader_.request_stop();
    ::shutdown(socket_.get(), SHUT_RDWR);
}

void SerialConsole::on_line(std::function<void(std::string_view)> observer) {
    const std::scoped_lock lock(mutex_);
    observer_ = std::move(observer);
}

void SerialConsole::read_all(const std::stop_token& stop) {
    std::array<char, 8192> chunk{};
    while (!stop.stop_requested()) {
        const auto got = ::read(socket_.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        append(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
    }
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

void SerialConsole::append(std::string_view raw) {
    const std::scoped_lock lock(mutex_);
    bytes_ += raw;
    pending_ += raw;
    for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
        lines_.push_back(without_control_sequences(std::string_view(pending_).substr(0, end)));
        pending_.erase(0, end + 1);
        if (crash_.empty() && std::regex_search(lines_.back(), crash_pattern())) {
            crash_ = lines_.back();
        }
        if (observer_) {
            observer_(lines_.back());
        }
    }
    changed_.notify_all();
}

Result<std::string> SerialConsole::wait_for(std::string_view pattern, std::chrono::milliseconds timeout) {
    const std::regex expression{std::string(pattern)};
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::unique_lock lock(mutex_);
    while (true) {
        while (next_line_ < lines_.size()) {
            const std::string& line = lines_[next_line_++];
            if (std::regex_search(line, expression)) {
                return line;
            }
        }
        if (next_line_ == lines_.size()) {
            const auto line = without_control_sequences(pending_);
            if (std::regex_search(line, expression)) {
                // Whatever is still added to this line (the echo of an answer to a prompt) has been seen with
                // it.
                ++next_line_;
                return line;
            }
        }
        if (!crash_.empty()) {
            return fail("serial.crash", std::format("the guest crashed: {}\n{}", crash_, tail()));
        }
        if (closed_) {
            return fail("serial.closed",
                        std::format("the machine ended before /{}/ was seen\n{}", pattern, tail()));
        }
        if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
            return fail("serial.timeout", std::format("/{}/ was not seen within {} s\n{}", pattern,
                                                      timeout.count() / 1000, tail()));
        }
    }
}

Result<void> SerialConsole::type(std::string_view text) {
    // Byte by byte with a pause: a UART's input queue is 16 bytes deep, and a busy guest loses what does not
    // fit.
    for (const char c : text) {
        const char key = c == '\n' ? '\r' : c;
        if (::send(socket_.get(), &key, 1, MSG_NOSIGNAL) != 1) {
            return fail("serial.closed", std::format("cannot type: {}", std::strerror(errno)));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return {};
}

std::string SerialConsole::crash() const {
    const std::scoped_lock lock(mutex_);
    return crash_;
}

std::string SerialConsole::bytes(std::size_t from) const {
    const std::scoped_lock lock(mutex_);
    return bytes_.substr(std::min(from, bytes_.size()));
}

std::string SerialConsole::text() const {
    const std::scoped_lock lock(mutex_);
    std::string out;
    for (const auto& line : lines_) {
        out += line + "\n";
    }
    return out + without_control_sequences(pending_);
}

std::string SerialConsole::last_lines() const {
    const std::scoped_lock lock(mutex_);
    return tail();
}

void SerialConsole::wait_closed(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return closed_; });
}

std::string SerialConsole::tail() const {
    constexpr std::size_t shown = 25;
    std::string out = "last lines of the serial console:\n";
    const auto first = lines_.size() > shown ? lines_.size() - shown : 0;
    for (std::size_t i = first; i < lines_.size(); ++i) {
        out += "  | " + lines_[i] + "\n";
    }
    return out + "  | " + without_control_sequences(pending_);
}

}  // namespace bedplate::vm
