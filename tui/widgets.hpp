// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tui/canvas.hpp"
#include "tui/key.hpp"

namespace bedplate::tui {

/// A line that one types into.
class TextField {
public:
    enum class Kind { text, digits, secret };
    TextField() = default;
    explicit TextField(Kind kind, std::size_t longest = 200) : kind_(kind), longest_(longest) {}

    /// True: the key was for the field.
    bool handle(const Key& key);
    void draw(Canvas& canvas, int x, int y, int columns, bool focused) const;
    [[nodiscard]] std::string text() const;
    void set(std::string_view text);
    [[nodiscard]] Kind kind() const { return kind_; }
    /// A '?' is help, unless it may be part of what is typed.
    [[nodiscard]] bool takes(char32_t character) const;

private:
    Kind kind_ = Kind::text;
    std::size_t longest_ = 200;
    std::u32string text_;
    std::size_t at_ = 0;
};

/// A list of rows of which one is chosen.
class List {
public:
    void resize(std::size_t count);
    [[nodiscard]] std::size_t chosen() const { return chosen_; }
    void choose(std::size_t row);
    bool handle(const Key& key, int page);
    /// The rows that are to be drawn in `height` lines: first and one after the last.
    [[nodiscard]] std::pair<std::size_t, std::size_t> visible(int height) const;
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    std::size_t count_ = 0, chosen_ = 0;
};

/// A long text to be read and searched.
class Pager {
public:
    void set(std::vector<std::string> lines);
    /// Scrolling, sideways too; '/' and 'n'.
    bool handle(const Key& key, int height);
    /// `style_of` says how a line looks.
    void draw(Canvas& canvas, int x, int y, int columns, int height,
              const std::function<Style(std::string_view)>& style_of) const;
    [[nodiscard]] bool searching() const { return search_.has_value(); }
    [[nodiscard]] std::size_t top() const { return top_; }
    [[nodiscard]] std::size_t count() const { return lines_.size(); }

private:
    void find_next(std::size_t from);
    [[nodiscard]] std::size_t last_top(int height) const;
    std::vector<std::string> lines_;
    std::size_t top_ = 0, left_ = 0;
    std::size_t longest_ = 0;          ///< of the lines, in characters
    std::optional<TextField> search_;  ///< open
    std::string wanted_;
    std::optional<std::size_t> found_;
    bool missed_ = false;
};

/// Fields, choices and buttons, one below the other; buttons stand in one row at the end.
class Form {
public:
    struct Item {
        enum class Kind { field, choice, button } kind = Kind::field;
        std::string id;     ///< of a field: the path in the document
        std::string label;  ///< translated
        TextField field;
        std::vector<std::pair<std::string, std::string>> choices;  ///< value, label
        std::size_t choice = 0;
        std::string note;   ///< beside it, where nothing is wrong
        std::string error;  ///< beside it
        std::string help;   ///< of the error; below the form while the item is in focus
    };
    /// What came of a key.
    struct Outcome {
        bool consumed = false;
        std::optional<std::string> changed;  ///< id of a field or choice
        std::optional<std::string> pressed;  ///< id of a button
        bool entered = false;                ///< Enter in a field
    };

    void add_field(std::string id, std::string label, TextField field);
    void add_choice(std::string id, std::string label,
                    std::vector<std::pair<std::string, std::string>> choices);
    void add_button(std::string id, std::string label);

    Outcome handle(const Key& key);
    /// At most `height` lines, the buttons' line included; the item in focus is always among them.
    void draw(Canvas& canvas, int x, int y, int columns, int height) const;

    /// Room beside a field for its note or error, in a form of `columns`.
    [[nodiscard]] static int note_columns(int columns);

    [[nodiscard]] Item* find(std::string_view id);
    [[nodiscard]] Item& focused() { return items_.at(focus_); }
    [[nodiscard]] const Item& focused() const { return items_.at(focus_); }
    void focus(std::string_view id);
    /// The item in focus if it has an error, else the next one that has; false: there is none.
    bool focus_error();
    [[nodiscard]] bool in_text() const { return focused().kind == Item::Kind::field; }
    [[nodiscard]] std::vector<Item>& items() { return items_; }
    [[nodiscard]] const std::vector<Item>& items() const { return items_; }

private:
    void move(int step);
    void draw_item(Canvas& canvas, const Item& item, int x, int y, int columns, bool focused) const;
    void draw_buttons(Canvas& canvas, int x, int y) const;

    std::vector<Item> items_;
    std::size_t focus_ = 0;
};

}  // namespace bedplate::tui
