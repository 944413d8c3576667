// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/loop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "tui/engine_client.hpp"
#include "tui/language.hpp"

namespace bedplate::tui {

namespace {

using std::chrono::milliseconds;

volatile std::sig_atomic_t asked_to_end = 0;

void on_end_signal(int) {
    asked_to_end = 1;
}

void handle_signals() {
    struct sigaction action{};
    action.sa_handler = on_end_signal;
    for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) {
        ::sigaction(signal, &action, nullptr);
    }
    ::signal(SIGPIPE, SIG_IGN);
    // Ctrl-Z is a key of ours. As a signal it can only come while a shell has the terminal; ncurses would
    // then take the shell's settings for its own.
    ::signal(SIGTSTP, SIG_IGN);
}

milliseconds steady_now() {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

/// Whether `child` ended within `patience`.
bool ended(pid_t child, milliseconds patience) {
    constexpr milliseconds look{20};
    for (auto left = patience; left > milliseconds{0}; left -= look) {
        if (::waitpid(child, nullptr, WNOHANG) != 0) {
            return true;
        }
        std::this_thread::sleep_for(look);
    }
    return false;
}

/// A shell on this terminal; the screens wait for its end. Keys that a terminal turns into signals are for
/// the shell's programs then, not for us.
void run_shell(const std::string& shell) {
    const auto old_int = ::signal(SIGINT, SIG_IGN);
    const auto old_quit = ::signal(SIGQUIT, SIG_IGN);
    (void)!::write(STDOUT_FILENO, "\r\n", 2);
    const pid_t child = ::fork();
    if (child == 0) {
        for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGTSTP}) {
            ::signal(signal, SIG_DFL);
        }
        ::setenv("PS1", "bedplate (exit returns to the screens) # ", 1);
        ::execl(shell.c_str(), shell.c_str(), "--norc", static_cast<char*>(nullptr));
        ::_exit(127);
    }
    bool running = child > 0;
    while (running && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
        // Asked to end while the shell is there: it goes first, since it sets the terminal as well, and
        // whoever sets it last leaves it like that.
        if (asked_to_end != 0) {
            constexpr milliseconds patience{2000};
            ::kill(child, SIGHUP);
            if (!ended(child, patience)) {
                ::kill(child, SIGKILL);
                ::waitpid(child, nullptr, 0);
            }
            running = false;
        }
    }
    ::signal(SIGINT, old_int);
    ::signal(SIGQUIT, old_quit);
}

/// Line breaks inside of a burst are part of what was pasted; the last one is the person's own.
void mark_pasted(std::vector<Key>& keys) {
    constexpr std::size_t burst = 12;  // no hand types so many keys between two looks
    if (keys.size() < burst) {
        return;
    }
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
        keys[i].pasted = true;
    }
}

class Loop {
public:
    Loop(const LoopOptions& options, std::unique_ptr<Terminal> terminal)
        : options_(options),
          terminal_(std::move(terminal)),
          client_(options.socket),
          app_(options.app, [this](const Json& message) { client_.send(message); }) {}

    void run() {
        bool changed = true;
        bool gone = false;
        while (!app_.finished() && asked_to_end == 0 && !gone) {
            if (client_.connect(steady_now())) {
                app_.on_connected();
                changed = true;
            }
            if (changed) {
                show();
            }
            changed = wait(gone);
            changed = app_.tick(steady_now()) || changed;
            if (app_.take_shell_wish()) {
                terminal_->suspend();
                run_shell(options_.shell);
                terminal_->resume();
                changed = true;
            }
            if (app_.take_redraw_wish()) {
                terminal_->redraw();
                changed = true;
            }
        }
    }

private:
    void show() {
        Canvas canvas(terminal_->width(), terminal_->height(), terminal_->glyphs());
        app_.draw(canvas);
        terminal_->show(canvas);
    }

    /// Whether anything happened.
    bool wait(bool& gone) {
        std::array<pollfd, 2> waiting{
            {{STDIN_FILENO, POLLIN, 0}, {client_.descriptor(), client_.events(), 0}}};
        const int width = terminal_->width();
        const int height = terminal_->height();
        ::poll(waiting.data(), waiting.size(), 100);
        bool changed = false;
        if ((waiting[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
            gone = true;
            return false;
        }
        // Asked in any case: that is how ncurses hears of a new size.
        auto keys = terminal_->keys(gone);
        mark_pasted(keys);
        for (const auto& key : keys) {
            app_.handle(key);
            changed = true;
        }
        if (client_.connected() && waiting[1].revents != 0) {
            client_.flush();
            bool lost = false;
            for (const auto& message : client_.receive(lost)) {
                app_.on_message(message);
            }
            if (lost) {
                app_.on_disconnected();
            }
            changed = true;
        }
        return changed || width != terminal_->width() || height != terminal_->height();
    }

    const LoopOptions& options_;
    std::unique_ptr<Terminal> terminal_;
    EngineClient client_;
    App app_;
};

}  // namespace

Result<void> run(const LoopOptions& options) {
    BEDPLATE_ASSIGN(auto terminal, Terminal::open(options.terminal));
    handle_signals();
    Loop(options, std::move(terminal)).run();
    return {};
}

}  // namespace bedplate::tui
