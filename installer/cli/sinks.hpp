// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "execute/events.hpp"
#include "platform/clock.hpp"
#include "platform/file_system.hpp"

namespace bedplate::cli {

/// Events as JSON lines on a stream.
class JsonLines : public EventSink {
public:
    explicit JsonLines(std::ostream& out) : out_(out) {}
    void on_event(const Event& event) override;

private:
    std::ostream& out_;
};

/// Events as text lines on a stream; progress at most once a second.
class TextLines : public EventSink {
public:
    TextLines(std::ostream& out, const Clock& clock) : out_(out), clock_(clock) {}
    void on_event(const Event& event) override;

private:
    std::ostream& out_;
    const Clock& clock_;
    std::chrono::steady_clock::time_point last_progress_{};
};

/// Events as JSON lines in a file, each on stable storage: what the failure bundle holds.
class EventLog : public EventSink {
public:
    explicit EventLog(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}
    void on_event(const Event& event) override;

private:
    std::unique_ptr<AppendFile> file_;
};

/// The machine's consoles (tty1 and every serial line that the kernel was told of) for unattended
/// installations. A console that takes nothing, such as a serial line with nobody on it, never holds the
/// installation up.
class Consoles : public EventSink {
public:
    /// `active` is the text of /sys/class/tty/console/active ("tty0 ttyS0").
    Consoles(std::string_view active, const Clock& clock);
    ~Consoles() override;

    void on_event(const Event& event) override;
    /// A block of lines as it is, on every console.
    void print(std::string_view text);

private:
    std::vector<int> descriptors_;
    const Clock& clock_;
    std::chrono::steady_clock::time_point last_progress_{};
};

/// Hands every event on to several sinks.
class Fanout : public EventSink {
public:
    explicit Fanout(std::vector<EventSink*> sinks) : sinks_(std::move(sinks)) {}
    void on_event(const Event& event) override;

private:
    std::vector<EventSink*> sinks_;
};

/// The screen that stays when an installation has failed or was refused: what, where, why, what to do; 80
/// columns.
[[nodiscard]] std::string failure_screen(const Error& error, std::string_view machine);

}  // namespace bedplate::cli
