// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/screens/pty.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <format>
#include <stdexcept>

#include "tui/utf8.hpp"

namespace bedplate::tui {

using std::chrono::milliseconds;

Pty::Pty(const std::vector<std::string>& argv, const std::string& term, int width, int height)
    : width_(width), height_(height) {
    int master = -1;
    int slave = -1;
    winsize size{.ws_row = static_cast<unsigned short>(height),
                 .ws_col = static_cast<unsigned short>(width),
                 .ws_xpixel = 0,
                 .ws_ypixel = 0};
    if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0) {
        throw std::runtime_error("no pseudo terminal");
    }
    master_ = Descriptor(master);
    slave_ = Descriptor(slave);
    ::tcgetattr(slave, &before_);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::close(master);
        ::login_tty(slave);
        ::setenv("TERM", term.c_str(), 1);
        ::setenv("LC_ALL", "C.UTF-8", 1);
        std::vector<char*> words;
        for (const auto& word : argv) {
            words.push_back(const_cast<char*>(word.c_str()));
        }
        words.push_back(nullptr);
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    vterm_ = ::vterm_new(height, width);
    ::vterm_set_utf8(vterm_, 1);
    screen_ = ::vterm_obtain_screen(vterm_);
    ::vterm_screen_enable_altscreen(screen_, 1);
    ::vterm_screen_reset(screen_, 1);
}

Pty::~Pty() {
    if (!status_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::vterm_free(vterm_);
}

void Pty::take(milliseconds time) {
    pollfd waiting{master_.get(), POLLIN, 0};
    if (!master_.is_open() || ::poll(&waiting, 1, static_cast<int>(time.count())) <= 0) {
        return;
    }
    std::array<char, 65536> buffer;
    const auto got = ::read(master_.get(), buffer.data(), buffer.size());
    if (got > 0) {
        raw_.append(buffer.data(), static_cast<std::size_t>(got));
        ::vterm_input_write(vterm_, buffer.data(), static_cast<std::size_t>(got));
    }
}

bool Pty::watch(milliseconds time, const std::function<bool()>& done) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= until) {
            return done();
        }
        take(milliseconds{20});
    }
    return true;
}

void Pty::type(std::string_view bytes) {
    while (!bytes.empty() && master_.is_open()) {
        // The line takes a few kilobytes at a time; what the program draws has to be taken meanwhile.
        pollfd waiting{master_.get(), POLLOUT, 0};
        if (::poll(&waiting, 1, 0) > 0) {
            const auto sent = ::write(master_.get(), bytes.data(), std::min<std::size_t>(bytes.size(), 512));
            if (sent <= 0) {
                return;
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        take(milliseconds{0});
        if (wait(milliseconds{0})) {
            return;
        }
    }
}

void Pty::resize(int width, int height) {
    width_ = width;
    height_ = height;
    ::vterm_set_size(vterm_, height, width);
    winsize size{.ws_row = static_cast<unsigned short>(height),
                 .ws_col = static_cast<unsigned short>(width),
                 .ws_xpixel = 0,
                 .ws_ypixel = 0};
    ::ioctl(master_.get(), TIOCSWINSZ, &size);
}

std::string Pty::screen() const {
    std::string text;
    for (int y = 0; y < height_; ++y) {
        std::string line;
        for (int x = 0; x < width_; ++x) {
            VTermScreenCell cell;
            if (::vterm_screen_get_cell(screen_, {.row = y, .col = x}, &cell) == 0 || cell.chars[0] == 0) {
                line += ' ';
            } else if (cell.chars[0] != static_cast<std::uint32_t>(-1)) {
                line += to_utf8(static_cast<char32_t>(cell.chars[0]));
            }
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

void Pty::signal(int number) const {
    ::kill(pid_, number);
}

void Pty::hang_up() {
    slave_.close();
    master_.close();
}

std::optional<int> Pty::wait(milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!status_) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
            break;
        }
        if (std::chrono::steady_clock::now() >= until) {
            break;
        }
        take(milliseconds{10});
        if (!master_.is_open()) {
            ::usleep(5000);
        }
    }
    take(milliseconds{0});
    return status_;
}

std::string Pty::changed_modes() const {
    termios now{};
    ::tcgetattr(slave_.get(), &now);
    std::string changed;
    const auto compare = [&](std::string_view name, tcflag_t before, tcflag_t after) {
        if (before != after) {
            changed += std::format("{} {:o} -> {:o} ", name, before, after);
        }
    };
    compare("iflag", before_.c_iflag, now.c_iflag);
    compare("oflag", before_.c_oflag, now.c_oflag);
    compare("lflag", before_.c_lflag, now.c_lflag);
    compare("cflag", before_.c_cflag, now.c_cflag);
    return changed;
}

}  // namespace bedplate::tui
