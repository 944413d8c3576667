// SPDX-License-Identifier: GPL-3.0-or-later
// The program itself on a pseudo terminal: what ncurses makes of the canvas, and how it ends.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>

#include "platform/time_scale.hpp"
#include "tests/screens/pty.hpp"
#include "tests/screens/rig.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;
using namespace bedplate::tui;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const std::filesystem::path tree = BEDPLATE_SOURCE_DIR;
const milliseconds patience = scaled(seconds{30});

/// `bedplate install --serve` on a recorded machine: a process of its own, as in the installer.
class Engine {
public:
    Engine() {
        std::ofstream(folder_ / "given.yaml") << lab_site();
        const std::vector<std::string> argv{BEDPLATE_COMMAND,
                                            "install",
                                            "--serve",
                                            "--socket",
                                            socket(),
                                            "--inventory",
                                            tree / "tests/machines/vm-r750/inventory.json",
                                            "--site",
                                            folder_ / "given.yaml",
                                            "--profiles",
                                            tree / "profiles"};
        pid_ = ::fork();
        if (pid_ == 0) {
            if (::chdir(folder_.path().c_str()) != 0) {
                ::_exit(126);
            }
            std::vector<char*> words;
            for (const auto& word : argv) {
                words.push_back(const_cast<char*>(word.c_str()));
            }
            words.push_back(nullptr);
            ::execv(words[0], words.data());
            ::_exit(127);
        }
    }
    ~Engine() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    [[nodiscard]] std::string socket() const { return folder_ / "engine.sock"; }
    void signal(int number) const { ::kill(pid_, number); }
    [[nodiscard]] bool alive() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }
    /// A screen; its shell is a program that does nothing with what is typed at random.
    [[nodiscard]] std::vector<std::string> screen() const {
        return {BEDPLATE_TUI,        "--socket", socket(),   "--catalogues",
                BEDPLATE_CATALOGUES, "--shell",  "/bin/true"};
    }

private:
    fakes::TempDir folder_;
    pid_t pid_ = -1;
};

bool comes_up(Pty& pty) {
    return pty.watch(patience, [&] { return pty.shows("BPVM001") && pty.shows("? help"); });
}

}  // namespace

TEST_CASE("the screens work on every kind of terminal, and leave it as it was", "[pty]") {
    const Engine engine;
    for (const auto* term :
         {"vt100", "vt220", "xterm", "xterm-256color", "linux", "screen", "no-such-terminal"}) {
        INFO(term);
        Pty pty(engine.screen(), term);
        REQUIRE(comes_up(pty));
        pty.type("\r");
        CHECK(pty.watch(patience, [&] { return pty.shows("Hardware profile"); }));
        pty.type("?");
        CHECK(pty.watch(patience, [&] { return pty.shows("any key closes this"); }));
        pty.type("x\x02");
        CHECK(pty.watch(patience, [&] { return pty.shows("service tag"); }));
        pty.type("\x03");
        CHECK(pty.watch(patience, [&] { return pty.shows("Leave this screen?"); }));
        pty.type("y");
        CHECK(pty.wait(patience) == 0);
        CHECK(pty.changed_modes() == "");
    }
    CHECK(engine.alive());
}

TEST_CASE("a screen that comes after one that left is in control, however busy the engine was", "[pty]") {
    const Engine engine;
    {
        Pty pty(engine.screen(), "vt220");
        REQUIRE(comes_up(pty));
        engine.signal(SIGSTOP);
        pty.type("\r");  // a draft, which the engine has not read when the screen is gone
        REQUIRE(pty.watch(patience, [&] { return pty.shows("Hardware profile"); }));
        pty.type("\x03y");
        REQUIRE(pty.wait(patience) == 0);
    }
    Pty pty(engine.screen(), "xterm");
    CHECK(pty.watch(patience, [&] { return pty.shows("Waiting for the engine"); }));
    CHECK_FALSE(pty.watch(milliseconds(1200), [] { return false; }));  // it has asked to be attached
    engine.signal(SIGCONT);
    CHECK(pty.watch(patience, [&] { return pty.shows("Hardware profile"); }));
    INFO(pty.screen());
    CHECK_FALSE(pty.shows("Watching"));
}

TEST_CASE("cursor keys in the form that each terminal sends them move the choice", "[pty]") {
    for (const auto& [term, down] :
         {std::pair("vt220", "\x1b[B"), std::pair("xterm", "\x1bOB"), std::pair("linux", "\x1b[B")}) {
        INFO(term);
        const Engine engine;  // one that was attached to before goes on where that screen was
        Pty pty(engine.screen(), term);
        REQUIRE(comes_up(pty));
        pty.type("\r\r");
        const bool there = pty.watch(patience, [&] { return pty.shows("Space may be erased"); });
        INFO(pty.screen());
        REQUIRE(there);
        pty.type(down);
        const bool moved = pty.watch(patience, [&] { return pty.shows("protected ("); });
        INFO(pty.screen());
        CHECK(moved);
    }
}

TEST_CASE("a change of size is followed", "[pty]") {
    const Engine engine;
    Pty pty(engine.screen(), "xterm");
    REQUIRE(comes_up(pty));
    pty.resize(40, 10);
    CHECK(pty.watch(patience, [&] { return pty.shows("80x24 needed"); }));
    pty.resize(132, 43);
    CHECK(pty.watch(patience, [&] { return pty.shows("service tag"); }));
}

TEST_CASE("signals end the screens in order, and a crash leaves a usable terminal with a word of advice",
          "[pty]") {
    const Engine engine;
    for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGSEGV, SIGABRT}) {
        INFO("signal " << number);
        Pty pty(engine.screen(), "vt220");
        REQUIRE(comes_up(pty));
        pty.signal(number);
        const auto status = pty.wait(patience);
        REQUIRE(status);
        CHECK(pty.changed_modes() == "");
        if (number == SIGSEGV || number == SIGABRT) {
            // Under a sanitizer its own handler speaks as well; the status is its business then.
            CHECK(*status != 0);
            CHECK(pty.raw().contains("the engine goes on"));
        } else {
            CHECK(*status == 0);
        }
    }
    CHECK(engine.alive());
}

TEST_CASE("Ctrl-Z as a signal, which only a shell in between lets through, does nothing to the screens",
          "[pty]") {
    const Engine engine;
    Pty pty(engine.screen(), "vt220");
    REQUIRE(comes_up(pty));
    for (int i = 0; i < 50; ++i) {
        pty.signal(SIGTSTP);
    }
    pty.type("?");
    CHECK(pty.watch(patience, [&] { return pty.shows("any key closes this"); }));
    pty.signal(SIGTERM);
    CHECK(pty.wait(patience) == 0);
    CHECK(pty.changed_modes() == "");
}

TEST_CASE("a line that is hung up ends the screen, not the engine", "[pty]") {
    const Engine engine;
    Pty pty(engine.screen(), "vt220");
    REQUIRE(comes_up(pty));
    pty.hang_up();
    CHECK(pty.wait(patience));
    Pty again(engine.screen(), "vt220");
    CHECK(comes_up(again));
}

TEST_CASE("a screen that cannot be is refused in words, after the terminal is as it was", "[pty]") {
    fakes::TempDir folder;
    Pty pty({"/bin/sh", "-c", std::string(BEDPLATE_TUI) + " </dev/null"}, "vt220");
    CHECK(pty.wait(patience) == 1);
    CHECK(pty.raw().contains("no terminal"));
}

TEST_CASE("without an engine the screen waits, and finds it when it comes", "[pty]") {
    fakes::TempDir folder;
    Pty pty({BEDPLATE_TUI, "--socket", folder / "none.sock"}, "vt220");
    CHECK(pty.watch(patience, [&] { return pty.shows("Waiting for the engine"); }));
    pty.type("\x03y");
    CHECK(pty.wait(patience) == 0);
    CHECK(pty.changed_modes() == "");
}

TEST_CASE("a hostile run ends with the terminal as it was and no crash", "[pty][hostile]") {
    const char* given = std::getenv("BEDPLATE_HOSTILE_SECONDS");
    const seconds length{given != nullptr ? std::atoi(given) : 4};
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    const char* terms[] = {"vt100", "vt220", "xterm", "linux"};
    const char* pieces[] = {"\r",   "\t",      "\x1b[A",  "\x1b[B", "\x1b[C",      "\x1b[D",       "\x1bOP",
                            "\x7f", " ",       "b",       "?",      "\x12",        "\x0c",         "\x1a",
                            "\x1b", "\x1b[5~", "\x1b[6~", "0001",   "10.0.0.0/24", "\xe4\xbd\xa0", "\xff\xfe",
                            "/x\r", "s",       "l",       "t"};
    const Engine engine;
    const auto until = std::chrono::steady_clock::now() + length;
    std::size_t lives = 0;
    do {
        ++lives;
        Pty pty(engine.screen(), terms[pick(4)]);
        REQUIRE(comes_up(pty));
        for (int step = 0; step < 400 && std::chrono::steady_clock::now() < until; ++step) {
            const int what = pick(40);
            if (what == 0) {
                pty.resize(1 + pick(200), 1 + pick(60));
            } else if (what < 8) {
                std::string noise;
                for (int i = pick(64); i > 0; --i) {
                    noise += static_cast<char>(pick(256));
                }
                pty.type(noise);
            } else {
                pty.type(pieces[pick(25)]);
            }
            pty.watch(milliseconds{pick(8)});
            if (pty.wait(milliseconds{0})) {
                break;  // Ctrl-C and y came by
            }
        }
        if (lives == 1) {
            pty.type(std::string(1'000'000, 'x'));
        }
        if (!pty.wait(milliseconds{0}) && pick(3) == 0) {
            pty.hang_up();
            CHECK(pty.wait(patience));
            continue;
        }
        pty.signal(SIGTERM);
        INFO(pty.raw().substr(pty.raw().size() > 2000 ? pty.raw().size() - 2000 : 0));
        CHECK(pty.wait(patience) == 0);
        CHECK(pty.changed_modes() == "");
    } while (std::chrono::steady_clock::now() < until);
    CHECK(engine.alive());
    Pty after(engine.screen(), "vt220");
    CHECK(comes_up(after));
}
