// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "tui/utf8.hpp"

namespace bedplate::tui {

namespace {

enum Colour : int { black, red, green, yellow, blue, magenta, cyan, white };

struct StyleRow {
    Style style;
    std::string_view name;
    Look colour, plain;
};

constexpr std::array<StyleRow, 11> style_rows{{
    {Style::normal, "normal", {}, {}},
    {Style::title, "title", {.foreground = white, .background = blue, .bold = true}, {.reverse = true}},
    {Style::keys, "keys", {.foreground = black, .background = cyan}, {.reverse = true}},
    {Style::strong, "strong", {.bold = true}, {.bold = true}},
    {Style::faint, "faint", {.foreground = cyan}, {}},
    {Style::focus, "focus", {.foreground = black, .background = yellow}, {.bold = true, .reverse = true}},
    // A Linux console shows no underline where there is no letter.
    {Style::field, "field", {.foreground = white, .background = blue}, {.underline = true}},
    {Style::good, "good", {.foreground = green, .bold = true}, {}},
    {Style::warning, "warning", {.foreground = yellow, .bold = true}, {.bold = true}},
    {Style::danger, "danger", {.foreground = red, .bold = true}, {.bold = true, .underline = true}},
    {Style::fill, "fill", {.foreground = green, .reverse = true}, {.reverse = true}},
}};

const StyleRow& row_of(Style style) {
    const auto* const found = std::ranges::find(style_rows, style, &StyleRow::style);
    return found != style_rows.end() ? *found : style_rows.front();
}

bool is_control(char32_t c) {
    // C0, DEL, C1, and what turns the direction of a line around (a serial number may hold anything).
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

Look look_of(Style style, bool colour) {
    const auto& row = row_of(style);
    return colour ? row.colour : row.plain;
}

std::string_view to_string(Style style) {
    return row_of(style).name;
}

Canvas::Canvas(int width, int height, Glyphs glyphs)
    : width_(std::max(width, 1)),
      height_(std::max(height, 1)),
      glyphs_(glyphs),
      cells_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)) {}

int Canvas::put(int x, int y, std::string_view text, Style style, int columns) {
    if (y < 0 || y >= height_ || columns <= 0) {
        return x;
    }
    const std::string shown = cut(text, std::min(columns, std::max(width_ - x, 0)));
    for (char32_t c : to_characters(shown)) {
        if (is_control(c)) {
            c = U'?';
        }
        int wide = width_of(c);
        std::string cell = to_utf8(c);
        if (glyphs_ == Glyphs::ascii && c > 0x7E) {
            cell = wide == 2 ? "??" : "?";
            if (wide == 2) {
                x = put(x, y, cell, style);
                continue;
            }
        }
        if (wide == 0 || x < 0 || x + wide > width_) {
            x += wide;
            continue;
        }
        cells_[index(x, y)] = {.text = std::move(cell), .style = style};
        if (wide == 2) {
            cells_[index(x + 1, y)] = {.text = "", .style = style};
        }
        x += wide;
    }
    return x;
}

void Canvas::fill(int x, int y, int columns, Style style) {
    put(x, y, std::string(static_cast<std::size_t>(std::clamp(columns, 0, width_)), ' '), style);
}

void Canvas::line(int x, int y, int columns, std::string_view caption) {
    const std::string_view dash = glyphs_ == Glyphs::unicode ? "\u2500" : "-";
    for (int i = 0; i < columns; ++i) {
        put(x + i, y, dash, Style::faint);
    }
    if (!caption.empty()) {
        put(x + 2, y, " " + cut(caption, columns - 6) + " ", Style::strong);
    }
}

void Canvas::frame(int x, int y, int columns, int rows_high, std::string_view caption) {
    const bool fine = glyphs_ == Glyphs::unicode;
    for (int row = y; row < y + rows_high; ++row) {
        fill(x, row, columns, Style::normal);
        const std::string_view side = fine ? "\u2502" : "|";
        put(x, row, side, Style::faint);
        put(x + columns - 1, row, side, Style::faint);
    }
    line(x, y, columns, caption);
    line(x, y + rows_high - 1, columns);
    put(x, y, fine ? "\u250c" : "+", Style::faint);
    put(x + columns - 1, y, fine ? "\u2510" : "+", Style::faint);
    put(x, y + rows_high - 1, fine ? "\u2514" : "+", Style::faint);
    put(x + columns - 1, y + rows_high - 1, fine ? "\u2518" : "+", Style::faint);
}

void Canvas::bar(int x, int y, int columns, double fraction) {
    const int inside = columns - 2;
    const int full = static_cast<int>(std::floor(std::clamp(fraction, 0.0, 1.0) * inside));
    put(x, y, "[");
    for (int i = 0; i < inside; ++i) {
        put(x + 1 + i, y, i < full ? "#" : ".", i < full ? Style::fill : Style::faint);
    }
    put(x + columns - 1, y, "]");
}

}  // namespace bedplate::tui
