// SPDX-License-Identifier: GPL-3.0-or-later
// The one file that knows ncurses.
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "tui/terminal.hpp"
#include "tui/utf8.hpp"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>

// From term.h, which defines macros with names such as `tab` and `columns`.
extern "C" char* tigetstr(const char* capability);

namespace bedplate::tui {

namespace {

/// What a dying program needs to leave the terminal usable: made at the start, since a signal handler may not
/// allocate (signal-safety(7)).
struct Rescue {
    termios settings{};
    std::array<char, 256> sequence{};
    std::size_t length = 0;
    std::atomic<bool> armed = false;
};

Rescue& rescue() {
    static Rescue value;
    return value;
}

void restore_in_a_hurry() {
    auto& state = rescue();
    if (state.armed.exchange(false)) {
        (void)!::write(STDOUT_FILENO, state.sequence.data(),
                       state.length);  // nothing can be done about a failure
        ::tcsetattr(STDIN_FILENO, TCSANOW, &state.settings);
    }
}

void on_crash(int signal) {
    restore_in_a_hurry();
    static constexpr char words[] =
        "\r\nbedplate-tui crashed; the engine goes on: start bedplate-tui again\r\n";
    (void)!::write(STDERR_FILENO, words, sizeof words - 1);
    // SA_RESETHAND: the default action takes the core dump.
    ::raise(signal);
}

void arm_rescue() {
    auto& state = rescue();
    std::string sequence;
    for (const char* capability : {"sgr0", "rmacs", "cnorm", "rmcup", "rmkx"}) {
        const char* text = ::tigetstr(capability);
        // NOLINTNEXTLINE(performance-no-int-to-ptr): how terminfo says that this is no text
        if (text != nullptr && text != reinterpret_cast<const char*>(-1)) {
            // Padding ("$<5>") is for terminals that nobody has any more; it must not be shown.
            const std::string_view whole(text);
            for (std::size_t i = 0; i < whole.size(); ++i) {
                if (whole.substr(i).starts_with("$<")) {
                    i = std::min(whole.find('>', i), whole.size());
                } else {
                    sequence += whole[i];
                }
            }
        }
    }
    state.length = std::min(sequence.size(), state.sequence.size());
    std::memcpy(state.sequence.data(), sequence.data(), state.length);
    state.armed = true;
    struct sigaction action{};
    action.sa_handler = on_crash;
    action.sa_flags = SA_RESETHAND | SA_NODEFER;
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
        ::sigaction(signal, &action, nullptr);
    }
}

std::optional<Key> key_from_code(wint_t code) {
    using Code = Key::Code;
    switch (code) {
        case KEY_ENTER:
            return Key{.code = Code::enter};
        case KEY_BTAB:
            return Key{.code = Code::back_tab};
        case KEY_UP:
            return Key{.code = Code::up};
        case KEY_DOWN:
            return Key{.code = Code::down};
        case KEY_LEFT:
            return Key{.code = Code::left};
        case KEY_RIGHT:
            return Key{.code = Code::right};
        case KEY_PPAGE:
            return Key{.code = Code::page_up};
        case KEY_NPAGE:
            return Key{.code = Code::page_down};
        case KEY_HOME:
        case KEY_FIND:
            return Key{.code = Code::home};
        case KEY_END:
        case KEY_SELECT:
            return Key{.code = Code::end};
        case KEY_BACKSPACE:
            return Key{.code = Code::backspace};
        case KEY_DC:
            return Key{.code = Code::del};
        case KEY_F(1):
            return Key{.code = Code::help};
        default:
            return Key{.code = Code::other};
    }
}

Key key_from_character(wint_t c) {
    using Code = Key::Code;
    switch (c) {
        case L'\r':
        case L'\n':
            return {.code = Code::enter};
        case L'\t':
            return {.code = Code::tab};
        case 0x08:
        case 0x7F:
            return {.code = Code::backspace};
        default:
            break;
    }
    if (c >= 1 && c <= 26) {
        return Key::ctrl(static_cast<char>('a' + c - 1));
    }
    return c < 0x20 ? Key{.code = Code::other} : Key::of(static_cast<char32_t>(c));
}

class NcursesTerminal : public Terminal {
public:
    NcursesTerminal(const TerminalChoice& choice, const std::string& term) {
        const char* locale = std::setlocale(LC_CTYPE, nullptr);
        const bool unicode = choice.unicode.value_or(shows_unicode(term, locale == nullptr ? "" : locale));
        glyphs_ = unicode ? Glyphs::unicode : Glyphs::ascii;
        colour_ = choice.colour.value_or(true) && has_colors() && std::getenv("NO_COLOR") == nullptr;
        if (colour_) {
            start_color();
            use_default_colors();
        }
        prepare();
    }
    ~NcursesTerminal() override {
        if (!isendwin()) {
            endwin();
        }
        rescue().armed = false;
    }

    [[nodiscard]] int width() const override { return getmaxx(stdscr); }
    [[nodiscard]] int height() const override { return getmaxy(stdscr); }
    [[nodiscard]] Glyphs glyphs() const override { return glyphs_; }

    std::vector<Key> keys(bool& gone) override {
        std::vector<Key> keys;
        // Bounded: a megabyte that is pasted is taken in pieces, with the screen shown in between.
        while (keys.size() < 4096) {
            wint_t c = 0;
            errno = 0;
            const int kind = ::wget_wch(stdscr, &c);
            if (kind == ERR) {
                gone = errno == EIO || errno == ENXIO || errno == EBADF;
                break;
            }
            if (kind == KEY_CODE_YES && c == KEY_RESIZE) {
                continue;  // the next drawing asks for the size
            }
            const auto key = kind == KEY_CODE_YES ? key_from_code(c) : std::optional(key_from_character(c));
            keys.push_back(*key);
        }
        return keys;
    }

    void show(const Canvas& canvas) override {
        for (int y = 0; y < std::min(canvas.height(), height()); ++y) {
            for (int x = 0; x < std::min(canvas.width(), width()); ++x) {
                put(x, y, canvas.at(x, y));
            }
        }
        if (canvas.cursor) {
            ::wmove(stdscr, canvas.cursor->y, canvas.cursor->x);
        }
        ::curs_set(canvas.cursor ? 1 : 0);
        ::wrefresh(stdscr);
    }

    void redraw() override { ::wclear(curscr); }

    void suspend() override {
        ::def_prog_mode();
        ::endwin();
    }
    void resume() override {
        ::reset_prog_mode();
        redraw();
        ::wrefresh(stdscr);
    }

private:
    static void prepare() {
        ::raw();
        ::noecho();
        ::nonl();
        ::nodelay(stdscr, true);
        ::keypad(stdscr, true);
        // Keys of slow lines come in pieces, but nobody shall wait for Esc, which means nothing here.
        ::set_escdelay(100);
    }

    attr_t attributes(Style style, short& pair) {
        const Look look = look_of(style, colour_);
        attr_t bits = A_NORMAL;
        bits |= look.bold ? A_BOLD : 0U;
        bits |= look.reverse ? A_REVERSE : 0U;
        bits |= look.underline ? A_UNDERLINE : 0U;
        pair = 0;
        if (colour_ && (look.foreground >= 0 || look.background >= 0)) {
            // One a style: a Linux console has room for 63.
            pair = static_cast<short>(1 + static_cast<short>(style));
            ::init_pair(pair, static_cast<short>(look.foreground), static_cast<short>(look.background));
        }
        return bits;
    }

    void put(int x, int y, const Cell& cell) {
        if (cell.text.empty()) {
            return;  // the second half of a wide character
        }
        short pair = 0;
        const attr_t bits = attributes(cell.style, pair);
        const auto characters = to_characters(cell.text);
        std::array<wchar_t, 2> text{static_cast<wchar_t>(characters.front()), L'\0'};
        cchar_t glyph;
        ::setcchar(&glyph, text.data(), bits, pair, nullptr);
        ::mvwadd_wch(stdscr, y, x,
                     &glyph);  // ERR in the last cell of the last line, where it is drawn all the same
    }

    Glyphs glyphs_ = Glyphs::ascii;
    bool colour_ = false;
};

}  // namespace

bool shows_unicode(const std::string& term, const std::string& locale) {
    const bool utf8 = locale.contains("UTF-8") || locale.contains("utf8");
    // Whoever looks at a serial line through a BMC sees bytes; vt100 and vt220 are what they say they are.
    return utf8 && !term.starts_with("vt") && term != "dumb" && term != "ansi";
}

bool has_many_glyphs(const std::string& term, const std::string& locale) {
    return (locale.contains("UTF-8") || locale.contains("utf8")) && term != "linux";
}

Result<std::unique_ptr<Terminal>> Terminal::open(const TerminalChoice& choice) {
    const char* named = std::getenv("TERM");
    const std::string term = named == nullptr ? "" : named;
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
        return fail("terminal.none", "standard input and output are no terminal", {},
                    "start bedplate-tui on a console");
    }
    ::tcgetattr(STDIN_FILENO, &rescue().settings);
    SCREEN* screen = ::newterm(nullptr, stdout, stdin);
    if (screen == nullptr) {
        // A kind that terminfo does not know: almost everything understands vt100.
        ::setenv("TERM", "vt100", 1);
        screen = ::newterm(nullptr, stdout, stdin);
    }
    if (screen == nullptr) {
        return fail("terminal.none", "this kind of terminal is unknown", term,
                    "set TERM=vt100 and try again");
    }
    ::set_term(screen);
    arm_rescue();
    return std::make_unique<NcursesTerminal>(choice, term);
}

}  // namespace bedplate::tui
