// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bedplate::tui {

/// What a piece of the screen means. How it looks is decided by the terminal: see palette().
enum class Style : std::uint8_t {
    normal,
    title,   ///< the line at the top
    keys,    ///< the line at the bottom
    strong,  ///< headings, names
    faint,   ///< what matters less
    focus,   ///< where the keys go: a button, a chosen row
    field,   ///< where one types
    good,
    warning,
    danger,  ///< erases, failed
    fill,    ///< the full part of a bar
};

/// The looks of a style: colours are the eight of every colour terminal, -1 for the terminal's own.
struct Look {
    int foreground = -1, background = -1;
    bool bold = false, reverse = false, underline = false;
    bool operator==(const Look&) const = default;
};

/// The look of `style`, with colours or without. Without colours every style that matters still differs, and
/// texts say what a colour means besides.
[[nodiscard]] Look look_of(Style style, bool colour);
[[nodiscard]] std::string_view to_string(Style style);

/// Which characters may be used besides ASCII.
enum class Glyphs : std::uint8_t { ascii, unicode };

struct Cell {
    std::string text = " ";  ///< one character; empty: the second half of a wide one to the left
    Style style = Style::normal;
    bool operator==(const Cell&) const = default;
};

struct Point {
    int x = 0, y = 0;
    bool operator==(const Point&) const = default;
};

/// A screen in memory. Whatever is put outside of it is lost; nothing that is put can be a control character.
class Canvas {
public:
    Canvas(int width, int height, Glyphs glyphs = Glyphs::unicode);

    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    [[nodiscard]] Glyphs glyphs() const { return glyphs_; }
    [[nodiscard]] const Cell& at(int x, int y) const { return cells_.at(index(x, y)); }

    /// Text from (x, y) to the right, at most `columns` wide (cut() where it is longer); returns the column
    /// after it.
    int put(int x, int y, std::string_view text, Style style = Style::normal, int columns = 1'000'000);
    /// Blanks with a style.
    void fill(int x, int y, int columns, Style style);
    /// A horizontal line, with a caption where there is one.
    void line(int x, int y, int columns, std::string_view caption = {});
    /// An empty frame with a caption over what was there.
    void frame(int x, int y, int columns, int rows, std::string_view caption);
    /// A bar of which `fraction` is full.
    void bar(int x, int y, int columns, double fraction);

    /// Where the terminal's cursor stands; nullopt: hidden.
    std::optional<Point> cursor;

private:
    [[nodiscard]] std::size_t index(int x, int y) const {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
    }

    int width_, height_;
    Glyphs glyphs_;
    std::vector<Cell> cells_;
};

}  // namespace bedplate::tui
