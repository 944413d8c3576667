// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <format>
#include <iostream>
#include <string>

namespace bedplate::vm {

/// A line of what a test saw; `make check` shows them at its end.
inline void proved(const std::string& what) {
    std::cout << "  proved  " << what << "\n" << std::flush;
}

/// Prints how long it lived: "  timed   the node starts 98.1 s".
class Timed {
public:
    explicit Timed(std::string what) : what_(std::move(what)) {}
    ~Timed() {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_;
        std::cout << std::format("  timed   {} {:.1f} s\n", what_, took.count()) << std::flush;
    }
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

private:
    std::string what_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace bedplate::vm
