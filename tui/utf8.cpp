// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/utf8.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace bedplate::tui {

namespace {

constexpr char32_t replacement = 0xFFFD;

/// Bytes after the first one; -1: no first byte.
int continuation_bytes(unsigned char first) {
    if (first < 0x80) {
        return 0;
    }
    if (first >= 0xC2 && first < 0xE0) {
        return 1;
    }
    if (first >= 0xE0 && first < 0xF0) {
        return 2;
    }
    return first >= 0xF0 && first < 0xF5 ? 3 : -1;
}

}  // namespace

std::u32string to_characters(std::string_view utf8) {
    std::u32string out;
    for (std::size_t i = 0; i < utf8.size();) {
        const auto first = static_cast<unsigned char>(utf8[i++]);
        const int more = continuation_bytes(first);
        if (more <= 0) {
            out += more == 0 ? static_cast<char32_t>(first) : replacement;
            continue;
        }
        char32_t value = first & (0x3FU >> static_cast<unsigned>(more));
        int left = more;
        while (left > 0 && i < utf8.size() && (static_cast<unsigned char>(utf8[i]) & 0xC0U) == 0x80U) {
            value = (value << 6U) | (static_cast<unsigned char>(utf8[i++]) & 0x3FU);
            --left;
        }
        out += left == 0 ? value : replacement;
    }
    return out;
}

std::string to_utf8(char32_t c) {
    std::string out;
    const auto put = [&](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0U | (c >> 6U));
        put(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        put(0xE0U | (c >> 12U));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    } else {
        put(0xF0U | ((c >> 18U) & 7U));
        put(0x80U | ((c >> 12U) & 0x3FU));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    }
    return out;
}

std::string to_utf8(std::u32string_view characters) {
    std::string out;
    for (const char32_t c : characters) {
        out += to_utf8(c);
    }
    return out;
}

int width_of(char32_t c) {
    static constexpr std::array<std::pair<char32_t, char32_t>, 9> wide{{{0x1100, 0x115F},
                                                                        {0x2E80, 0xA4CF},
                                                                        {0xAC00, 0xD7A3},
                                                                        {0xF900, 0xFAFF},
                                                                        {0xFE30, 0xFE6F},
                                                                        {0xFF00, 0xFF60},
                                                                        {0xFFE0, 0xFFE6},
                                                                        {0x1F300, 0x1FAFF},
                                                                        {0x20000, 0x3FFFD}}};
    static constexpr std::array<std::pair<char32_t, char32_t>, 4> combining{
        {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
    const auto holds = [c](const auto& range) { return c >= range.first && c <= range.second; };
    if (std::ranges::any_of(combining, holds)) {
        return 0;
    }
    return std::ranges::any_of(wide, holds) ? 2 : 1;
}

int width_of(std::string_view utf8) {
    int width = 0;
    for (const char32_t c : to_characters(utf8)) {
        width += width_of(c);
    }
    return width;
}

std::string cut(std::string_view text, int columns) {
    if (width_of(text) <= columns) {
        return std::string(text);
    }
    std::string out;
    int width = 0;
    for (const char32_t c : to_characters(text)) {
        if (width + width_of(c) > columns - 1) {
            break;
        }
        width += width_of(c);
        out += to_utf8(c);
    }
    return columns > 0 ? out + "~" : std::string();
}

namespace {

void wrap_line(std::string_view text, int columns, std::vector<std::string>& lines) {
    std::u32string line;
    int width = 0;
    std::size_t last_blank = 0;  // characters of `line` up to and without it
    bool has_blank = false;
    const auto measure = [](std::u32string_view part) {
        int sum = 0;
        for (const char32_t c : part) {
            sum += width_of(c);
        }
        return sum;
    };
    for (const char32_t c : to_characters(text)) {
        if (width + width_of(c) > columns && !line.empty()) {
            std::u32string rest;
            if (c != U' ' && has_blank && width_of(c) == 1) {
                rest = line.substr(last_blank + 1);
                line.resize(last_blank);
            }
            lines.push_back(to_utf8(line));
            line = rest;
            width = measure(line);
            has_blank = false;
            if (c == U' ') {
                continue;
            }
        }
        if (c == U' ' && !line.empty()) {
            last_blank = line.size();
            has_blank = true;
        }
        line += c;
        width += width_of(c);
    }
    lines.push_back(to_utf8(line));
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, int columns) {
    std::vector<std::string> lines;
    for (const auto& line : split(text, '\n')) {
        wrap_line(line, std::max(columns, 2), lines);
    }
    return lines;
}

}  // namespace bedplate::tui
