// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::vm {

/// `text` without terminal control sequences (ECMA-48) and carriage returns: what firmware and boot loaders
/// paint with becomes lines that can be searched.
[[nodiscard]] std::string without_control_sequences(std::string_view text);

/// The guest's first serial port. A thread of its own reads all the time, so that the guest never waits for
/// us.
class SerialConsole {
public:
    explicit SerialConsole(Descriptor socket);
    ~SerialConsole();
    SerialConsole(const SerialConsole&) = delete;
    SerialConsole& operator=(const SerialConsole&) = delete;

    /// The next line, after the last one that was waited for, in which the ECMAScript expression `pattern` is
    /// found; an unfinished line counts as well (prompts).
    ///
    /// Fails at once when the guest prints a sign of a crash (kernel panic, emergency mode, BUG:, Oops:) or
    /// the port closes. Errors: serial.timeout, serial.crash, serial.closed; the last lines stand
    /// in the message.
    [[nodiscard]] Result<std::string> wait_for(std::string_view pattern, std::chrono::milliseconds timeout);

    /// Send text as if it were typed; '\n' is the Enter key.
    [[nodiscard]] Result<void> type(std::string_view text);

    /// The line that was taken for a crash; empty: none so far.
    [[nodiscard]] std::string crash() const;

    /// What came after the first `from` bytes, as it came. The log that QEMU writes beside is not that: a
    /// byte that did not fit into the socket stands in it once for each try.
    [[nodiscard]] std::string bytes(std::size_t from) const;

    /// Everything so far, without control sequences.
    [[nodiscard]] std::string text() const;

    /// The last 25 lines, under a heading, for the message of a test that failed.
    [[nodiscard]] std::string last_lines() const;

    /// Wait until the other end is closed, so that text() is complete.
    void wait_closed(std::chrono::milliseconds timeout);

    /// Called for each finished line, from the reading thread. To be set before the guest runs.
    void on_line(std::function<void(std::string_view line)> observer);

private:
    void read_all(const std::stop_token& stop);
    void append(std::string_view raw);
    [[nodiscard]] std::string tail() const;

    Descriptor socket_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string bytes_;               ///< everything, as it came
    std::string pending_;             ///< raw bytes of the line that is not finished yet
    std::vector<std::string> lines_;  ///< finished lines, cleaned
    std::size_t next_line_ = 0;       ///< first line that wait_for has not passed
    std::string crash_;
    bool closed_ = false;
    std::function<void(std::string_view)> observer_;
    std::jthread reader_;  ///< last member: it must end before the others go
};

}  // namespace bedplate::vm
