// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "harness/vm.hpp"

struct VTerm;
struct VTermScreen;

namespace bedplate::vm {

/// What a person would see on a VT220 at the guest's first serial port: what the port says is read by a
/// terminal emulator of 80x24.
class SerialScreen {
public:
    explicit SerialScreen(Vm& vm);
    ~SerialScreen();
    SerialScreen(const SerialScreen&) = delete;
    SerialScreen& operator=(const SerialScreen&) = delete;

    /// Wait until `text` is on the screen; fails the test with the screen's content where it does not come.
    void wait_for(std::string_view text, std::chrono::milliseconds timeout);
    void wait_until_gone(std::string_view text, std::chrono::milliseconds timeout);
    [[nodiscard]] bool shows(std::string_view text);
    [[nodiscard]] std::string text();
    void type(std::string_view keys);

private:
    void take();
    void wait(std::string_view wanted, bool there, std::chrono::milliseconds timeout);
    Vm& vm_;
    VTerm* terminal_;
    VTermScreen* screen_;
    std::size_t taken_ = 0;
};

}  // namespace bedplate::vm
