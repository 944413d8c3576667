// SPDX-License-Identifier: GPL-3.0-or-later
#include "serial_screen.hpp"

#include <vterm.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "require.hpp"

namespace bedplate::vm {

namespace {
constexpr int width = 80, height = 24;
}

SerialScreen::SerialScreen(Vm& vm)
    : vm_(vm), terminal_(::vterm_new(height, width)), screen_(::vterm_obtain_screen(terminal_)) {
    ::vterm_set_utf8(terminal_, 1);
    ::vterm_screen_enable_altscreen(screen_, 1);
    ::vterm_screen_reset(screen_, 1);
}

SerialScreen::~SerialScreen() {
    ::vterm_free(terminal_);
}

void SerialScreen::take() {
    const auto bytes = vm_.serial().bytes(taken_);
    taken_ += bytes.size();
    ::vterm_input_write(terminal_, bytes.data(), bytes.size());
}

std::string SerialScreen::text() {
    take();
    std::string out;
    for (int y = 0; y < height; ++y) {
        std::string line;
        for (int x = 0; x < width; ++x) {
            VTermScreenCell cell;
            const bool there = ::vterm_screen_get_cell(screen_, {.row = y, .col = x}, &cell) != 0;
            // The serial line is spoken to in ASCII.
            line += there && cell.chars[0] >= 0x20 && cell.chars[0] < 0x7F ? static_cast<char>(cell.chars[0])
                                                                           : ' ';
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

bool SerialScreen::shows(std::string_view wanted) {
    return text().contains(wanted);
}

void SerialScreen::wait(std::string_view wanted, bool there, std::chrono::milliseconds timeout) {
    const auto until = std::chrono::steady_clock::now() + timeout;
    while (shows(wanted) != there) {
        const bool late = std::chrono::steady_clock::now() > until;
        if (late || !vm_.serial().crash().empty() || !vm_.running()) {
            FAIL("the screen " << (there ? "does not show '" : "still shows '") << wanted << "':\n"
                               << text() << vm_.serial().crash());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
}

void SerialScreen::wait_for(std::string_view wanted, std::chrono::milliseconds timeout) {
    wait(wanted, true, timeout);
}

void SerialScreen::wait_until_gone(std::string_view text, std::chrono::milliseconds timeout) {
    wait(text, false, timeout);
}

void SerialScreen::type(std::string_view keys) {
    must(vm_.serial().type(keys));
}

}  // namespace bedplate::vm
