// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

#include "platform/clock.hpp"

namespace bedplate::fakes {

/// A clock that stands still until somebody sleeps on it or advances it; it starts at 2026-01-01T00:00:00Z.
class FakeClock : public Clock {
public:
    [[nodiscard]] std::chrono::system_clock::time_point now() const override {
        return std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + elapsed_;
    }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point{} + elapsed_;
    }
    void sleep(std::chrono::milliseconds duration) override { advance(duration); }

    void advance(std::chrono::milliseconds duration) { elapsed_ += duration; }
    /// Everything slept and advanced so far.
    [[nodiscard]] std::chrono::milliseconds elapsed() const { return elapsed_; }

private:
    std::chrono::milliseconds elapsed_{0};
};

}  // namespace bedplate::fakes
