// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/screens/dump.hpp"

#include <array>
#include <format>

namespace bedplate::tui {

namespace {

std::string words(const Look& look) {
    static constexpr std::array<std::string_view, 8> colours{"black", "red",     "green", "yellow",
                                                             "blue",  "magenta", "cyan",  "white"};
    std::string text;
    const auto add = [&](std::string_view word) { text += (text.empty() ? "" : " ") + std::string(word); };
    if (look.foreground >= 0) {
        add(colours.at(static_cast<std::size_t>(look.foreground)));
    }
    if (look.background >= 0) {
        add("on");
        add(colours.at(static_cast<std::size_t>(look.background)));
    }
    for (const auto& [set, word] : {std::pair(look.bold, "bold"), std::pair(look.reverse, "reverse"),
                                    std::pair(look.underline, "underline")}) {
        if (set) {
            add(word);
        }
    }
    return text;
}

std::string looks(const Canvas& canvas, bool colour) {
    std::string out;
    for (int y = 0; y < canvas.height(); ++y) {
        std::string line;
        for (int x = 0; x < canvas.width();) {
            const Look look = look_of(canvas.at(x, y).style, colour);
            int end = x + 1;
            while (end < canvas.width() && look_of(canvas.at(end, y).style, colour) == look) {
                ++end;
            }
            if (look != Look{}) {
                line += std::format("{} {}-{} {}", line.empty() ? "" : ";", x, end - 1, words(look));
            }
            x = end;
        }
        if (!line.empty()) {
            out += std::format("{:>4}:{}\n", y, line);
        }
    }
    return out;
}

}  // namespace

std::string dump(const Canvas& canvas) {
    const std::string edge = "+" + std::string(static_cast<std::size_t>(canvas.width()), '-') + "+\n";
    std::string out = edge;
    for (int y = 0; y < canvas.height(); ++y) {
        out += "|";
        for (int x = 0; x < canvas.width(); ++x) {
            out += canvas.at(x, y).text;
        }
        out += "|\n";
    }
    out += edge;
    out += canvas.cursor ? std::format("cursor: column {}, line {}\n", canvas.cursor->x, canvas.cursor->y)
                         : "cursor: hidden\n";
    return out + "with colours:\n" + looks(canvas, true) + "without colours:\n" + looks(canvas, false);
}

std::string characters(const Canvas& canvas) {
    std::string out;
    for (int y = 0; y < canvas.height(); ++y) {
        std::string line;
        for (int x = 0; x < canvas.width(); ++x) {
            line += canvas.at(x, y).text;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

}  // namespace bedplate::tui
