// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace bedplate {

class Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// Wall time, for showing and for the journal.
    [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0;
    /// Never goes back; for rates and deadlines.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;
    virtual void sleep(std::chrono::milliseconds duration) = 0;
};

/// "2026-11-22T03:04:05Z".
[[nodiscard]] std::string to_rfc3339(std::chrono::system_clock::time_point time);

}  // namespace bedplate
