// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate-tui: the screens of the installer. Everything that writes to a disk is in the engine, a process of
// its own (`bedplate install --serve`).
#include <getopt.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tui/loop.hpp"

namespace {

using namespace bedplate;

constexpr const char* usage =
    "usage: bedplate-tui [--socket PATH] [--catalogues DIR] [--ascii] [--no-colour] [--shell PROGRAM]\n"
    "The installer's screens on this terminal; the engine is 'bedplate install --serve'.\n"
    "  --socket PATH      the engine's socket (default /run/bedplate/engine.sock)\n"
    "  --catalogues DIR   where texts in other languages are (default /usr/share/bedplate/locale)\n"
    "  --ascii            no other characters than ASCII\n"
    "  --no-colour        no colours (so does NO_COLOR= in the environment)\n"
    "  --shell PROGRAM    what Ctrl-Z starts (default /bin/bash)\n";

/// "tty1" of /dev/tty1.
std::string terminal_name() {
    std::array<char, 64> path{};
    if (::ttyname_r(STDIN_FILENO, path.data(), path.size()) != 0) {
        return "screen";
    }
    const std::string name(path.data());
    return name.starts_with("/dev/") ? name.substr(5) : name;
}

int run(int argc, char** argv) {
    tui::LoopOptions options;
    static const std::array<option, 8> known{{{"socket", required_argument, nullptr, 's'},
                                              {"catalogues", required_argument, nullptr, 'c'},
                                              {"ascii", no_argument, nullptr, 'a'},
                                              {"no-colour", no_argument, nullptr, 'n'},
                                              {"shell", required_argument, nullptr, 'e'},
                                              {"help", no_argument, nullptr, 'h'},
                                              {"version", no_argument, nullptr, 'v'},
                                              {nullptr, 0, nullptr, 0}}};
    for (int letter = 0; (letter = ::getopt_long(argc, argv, "", known.data(), nullptr)) != -1;) {
        switch (letter) {
            case 's':
                options.socket = optarg;
                break;
            case 'c':
                options.app.catalogues = optarg;
                break;
            case 'a':
                options.terminal.unicode = false;
                break;
            case 'n':
                options.terminal.colour = false;
                break;
            case 'e':
                options.shell = optarg;
                break;
            case 'h':
                std::fputs(usage, stdout);
                return 0;
            case 'v':
                std::puts("bedplate-tui " BEDPLATE_VERSION);
                return 0;
            default:
                std::fputs(usage, stderr);
                return exit_status(ErrorKind::usage);
        }
    }
    const char* locale = std::setlocale(LC_ALL, "");
    const char* term = std::getenv("TERM");
    options.app.terminal = terminal_name();
    options.app.many_glyphs =
        tui::has_many_glyphs(term == nullptr ? "" : term, locale == nullptr ? "" : locale) &&
        options.terminal.unicode.value_or(true);
    if (const auto done = tui::run(options); !done) {
        // The terminal is as it was by now: this stays on the screen.
        std::fprintf(stderr, "bedplate-tui: %s\n", done.error().to_text().c_str());
        return exit_status(done.error().kind);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        std::fputs("bedplate-tui: internal error: ", stderr);
        std::fputs(e.what(), stderr);
        std::fputs("\n", stderr);
        return 1;
    }
}
