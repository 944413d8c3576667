// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/descriptor.hpp"

struct VTerm;
struct VTermScreen;

namespace bedplate::tui {

/// A program on a pseudo terminal, with a terminal emulator that understands what it draws.
class Pty {
public:
    Pty(const std::vector<std::string>& argv, const std::string& term, int width = 80, int height = 24);
    ~Pty();
    Pty(const Pty&) = delete;
    Pty& operator=(const Pty&) = delete;

    void type(std::string_view bytes);
    void resize(int width, int height);
    /// Take what the program drew, for so long; ends early when `done` holds. Returns whether it does.
    bool watch(std::chrono::milliseconds time, const std::function<bool()>& done = [] { return false; });
    /// The screen as text, one line a row.
    [[nodiscard]] std::string screen() const;
    [[nodiscard]] bool shows(std::string_view text) const { return screen().contains(text); }
    /// Everything that the program sent, with control sequences.
    [[nodiscard]] const std::string& raw() const { return raw_; }
    void signal(int number) const;
    /// The other end of the line is gone.
    void hang_up();
    /// Exit status (128 + signal), if the program ended within that time.
    std::optional<int> wait(std::chrono::milliseconds time);
    /// Those of the terminal's settings that are not as before the program; empty: it is as it was.
    [[nodiscard]] std::string changed_modes() const;

private:
    void take(std::chrono::milliseconds time);
    Descriptor master_, slave_;
    termios before_{};
    pid_t pid_ = -1;
    std::optional<int> status_;
    VTerm* vterm_ = nullptr;
    VTermScreen* screen_ = nullptr;
    int width_, height_;
    std::string raw_;
};

}  // namespace bedplate::tui
