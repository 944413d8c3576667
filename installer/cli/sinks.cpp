// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/sinks.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"

namespace bedplate::cli {

namespace {

constexpr auto progress_interval = std::chrono::seconds{1};

bool too_soon(const Event& event, const Clock& clock, std::chrono::steady_clock::time_point& last) {
    if (event.type != Event::Type::progress) {
        return false;
    }
    const auto now = clock.steady();
    if (now - last < progress_interval) {
        return true;
    }
    last = now;
    return false;
}

/// All of `text`, waiting at most half a second for a slow line to drain.
void write_console(int descriptor, std::string_view text) {
    constexpr int patience_ms = 500;
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        pollfd wait{.fd = descriptor, .events = POLLOUT, .revents = 0};
        if (::poll(&wait, 1, patience_ms) <= 0) {
            return;  // nobody takes it: the same lines are in the log
        }
    }
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    for (const auto& paragraph : split(text, '\n')) {
        std::string line;
        for (const auto& word : split(paragraph, ' ')) {
            if (!line.empty() && line.size() + 1 + word.size() > width) {
                lines.push_back(line);
                line.clear();
            }
            line += (line.empty() ? "" : " ") + word;
        }
        lines.push_back(line);
    }
    return lines;
}

}  // namespace

void JsonLines::on_event(const Event& event) {
    out_ << to_json(event).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
}

void TextLines::on_event(const Event& event) {
    if (!too_soon(event, clock_, last_progress_)) {
        out_ << to_line(event) << '\n' << std::flush;
    }
}

void EventLog::on_event(const Event& event) {
    // A full RAM disk must not end an installation that is going well.
    static_cast<void>(
        file_->append(to_json(event).dump(-1, ' ', false, Json::error_handler_t::replace) + '\n'));
}

Consoles::Consoles(std::string_view active, const Clock& clock) : clock_(clock) {
    std::vector<std::string> names{"tty1"};
    for (const auto& name : split(trim(active), ' ')) {
        // tty0 is "the foreground console", which is tty1 here.
        if (!name.empty() && name != "tty0" && !std::ranges::contains(names, name)) {
            names.push_back(name);
        }
    }
    for (const auto& name : names) {
        const int descriptor = ::open(("/dev/" + name).c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        if (descriptor >= 0) {
            descriptors_.push_back(descriptor);
        }
    }
}

Consoles::~Consoles() {
    for (const int descriptor : descriptors_) {
        ::close(descriptor);
    }
}

void Consoles::on_event(const Event& event) {
    if (!too_soon(event, clock_, last_progress_)) {
        print(to_line(event) + "\n");
    }
}

void Consoles::print(std::string_view text) {
    // A terminal in raw state needs the carriage return.
    std::string lines;
    for (const char c : text) {
        lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
    }
    for (const int descriptor : descriptors_) {
        write_console(descriptor, lines);
    }
}

void Fanout::on_event(const Event& event) {
    for (auto* sink : sinks_) {
        sink->on_event(event);
    }
}

std::string failure_screen(const Error& error, std::string_view machine) {
    constexpr std::size_t width = 76;
    const std::string rule(78, '=');
    const bool refused = error.kind == ErrorKind::refused || error.kind == ErrorKind::findings;
    std::string text = std::format("\n{}\n{:<40}{:>38}\n{}\n", rule,
                                   refused ? " NOT INSTALLED: nothing was written" : " INSTALLATION FAILED",
                                   std::string(machine) + " ", rule);
    for (const auto& line : wrapped(error.to_text(), width)) {
        text += "  " + line + "\n";
    }
    text += std::format("\n  code {}, exit status {}\n{}\n", error.code, exit_status(error.kind), rule);
    return text;
}

}  // namespace bedplate::cli
