// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/widgets.hpp"

#include <algorithm>
#include <format>

#include "tui/language.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

using Code = Key::Code;

// TextField ----------------------------------------------------------------------------------------------

bool TextField::takes(char32_t c) const {
    if (c < 0x20 || c == 0x7F) {
        return false;
    }
    return kind_ != Kind::digits || (c >= U'0' && c <= U'9');
}

bool TextField::handle(const Key& key) {
    switch (key.code) {
        case Code::character:
            if (takes(key.ch) && text_.size() < longest_) {
                text_.insert(at_++, 1, key.ch);
            }
            return true;
        case Code::backspace:
            if (at_ > 0) {
                text_.erase(--at_, 1);
            }
            return true;
        case Code::del:
            text_.erase(std::min(at_, text_.size()), 1);
            return true;
        case Code::left:
            at_ -= at_ > 0 ? 1 : 0;
            return true;
        case Code::right:
            at_ += at_ < text_.size() ? 1 : 0;
            return true;
        case Code::home:
            at_ = 0;
            return true;
        case Code::end:
            at_ = text_.size();
            return true;
        case Code::ctrl:
            if (key.is_ctrl('u')) {
                text_.clear();
                at_ = 0;
                return true;
            }
            return false;
        default:
            return false;
    }
}

void TextField::draw(Canvas& canvas, int x, int y, int columns, bool focused) const {
    std::u32string shown = kind_ == Kind::secret ? std::u32string(text_.size(), U'*') : text_;
    std::size_t at = at_;
    // The part around the cursor, where the text is longer than the field.
    const auto room = static_cast<std::size_t>(std::max(columns - 1, 1));
    if (at > room) {
        shown.erase(0, at - room);
        at = room;
    }
    shown = shown.substr(0, room);
    canvas.fill(x, y, columns, focused ? Style::focus : Style::field);
    canvas.put(x, y, to_utf8(shown), focused ? Style::focus : Style::field, columns);
    if (focused) {
        canvas.cursor = Point{.x = x + width_of(to_utf8(shown.substr(0, at))), .y = y};
    }
}

std::string TextField::text() const {
    return to_utf8(text_);
}

void TextField::set(std::string_view text) {
    text_ = to_characters(text);
    text_.resize(std::min(text_.size(), longest_));
    at_ = text_.size();
}

// List ---------------------------------------------------------------------------------------------------

void List::resize(std::size_t count) {
    count_ = count;
    chosen_ = count == 0 ? 0 : std::min(chosen_, count - 1);
}

void List::choose(std::size_t row) {
    chosen_ = count_ == 0 ? 0 : std::min(row, count_ - 1);
}

bool List::handle(const Key& key, int page) {
    const auto by = [this](long step) {
        const auto to = static_cast<long>(chosen_) + step;
        choose(to < 0 ? 0 : static_cast<std::size_t>(to));
    };
    switch (key.code) {
        case Code::up:
            by(-1);
            return true;
        case Code::down:
            by(1);
            return true;
        case Code::page_up:
            by(-page);
            return true;
        case Code::page_down:
            by(page);
            return true;
        case Code::home:
            choose(0);
            return true;
        case Code::end:
            choose(count_);
            return true;
        default:
            return false;
    }
}

std::pair<std::size_t, std::size_t> List::visible(int height) const {
    const auto rows = static_cast<std::size_t>(std::max(height, 1));
    const std::size_t first = chosen_ < rows ? 0 : chosen_ - rows + 1;
    return {first, std::min(first + rows, count_)};
}

// Pager --------------------------------------------------------------------------------------------------

void Pager::set(std::vector<std::string> lines) {
    lines_ = std::move(lines);
    top_ = std::min(top_, lines_.size());
    left_ = 0;
    longest_ = 0;
    for (const auto& line : lines_) {
        longest_ = std::max(longest_, to_characters(line).size());
    }
}

std::size_t Pager::last_top(int height) const {
    const auto rows = static_cast<std::size_t>(std::max(height - 1, 1));
    return lines_.size() > rows ? lines_.size() - rows : 0;
}

void Pager::find_next(std::size_t from) {
    missed_ = false;
    for (std::size_t i = 0; i < lines_.size() && !wanted_.empty(); ++i) {
        const std::size_t line = (from + i) % lines_.size();
        if (lines_[line].contains(wanted_)) {
            found_ = line;
            top_ = line;
            return;
        }
    }
    found_.reset();
    missed_ = !wanted_.empty();
}

namespace {
/// Columns that Left and Right move the text by.
constexpr std::size_t sideways = 20;
}  // namespace

bool Pager::handle(const Key& key, int height) {
    if (search_) {
        if (key.code == Code::enter) {
            wanted_ = search_->text();
            search_.reset();
            find_next(top_);
        } else if (!search_->handle(key) || (key.code == Code::backspace && search_->text().empty())) {
            search_.reset();
        }
        return true;
    }
    const auto page = static_cast<std::size_t>(std::max(height - 2, 1));
    const auto scroll = [&](std::size_t to) { top_ = std::min(to, last_top(height)); };
    switch (key.code) {
        case Code::up:
            scroll(top_ - (top_ > 0 ? 1 : 0));
            return true;
        case Code::down:
            scroll(top_ + 1);
            return true;
        case Code::page_up:
            scroll(top_ > page ? top_ - page : 0);
            return true;
        case Code::page_down:
            scroll(top_ + page);
            return true;
        case Code::home:
            scroll(0);
            return true;
        case Code::end:
            scroll(lines_.size());
            return true;
        case Code::left:
            left_ -= std::min(left_, sideways);
            return true;
        case Code::right:
            left_ = std::min(left_ + sideways, longest_ > sideways ? longest_ - sideways : 0);
            return true;
        case Code::character:
            if (key.ch == U' ') {
                scroll(top_ + page);
                return true;
            }
            if (key.ch == U'/') {
                search_.emplace(TextField::Kind::text, 60);
                return true;
            }
            if (key.ch == U'n') {
                find_next(found_ ? *found_ + 1 : top_);
                return true;
            }
            return false;
        default:
            return false;
    }
}

void Pager::draw(Canvas& canvas, int x, int y, int columns, int height,
                 const std::function<Style(std::string_view)>& style_of) const {
    const int rows = height - 1;
    for (int row = 0; row < rows; ++row) {
        const std::size_t line = top_ + static_cast<std::size_t>(row);
        if (line >= lines_.size()) {
            break;
        }
        const auto characters = to_characters(lines_[line]);
        canvas.put(x, y + row,
                   to_utf8(std::u32string_view(characters).substr(std::min(left_, characters.size()))),
                   found_ == line ? Style::focus : style_of(lines_[line]), columns);
    }
    const std::size_t end = std::min(top_ + static_cast<std::size_t>(std::max(rows, 0)), lines_.size());
    canvas.line(x, y + rows, columns,
                std::format("{}-{} / {}", lines_.empty() ? 0 : top_ + 1, end, lines_.size()));
    if (search_) {
        const int after = canvas.put(x + 24, y + rows, " " + tr("Search:") + " ");
        search_->draw(canvas, after, y + rows, std::max(columns - after - 2, 4), true);
    } else if (missed_) {
        canvas.put(x + 24, y + rows, " " + tr("not found:") + " " + wanted_ + " ", Style::warning,
                   columns - 26);
    }
}

// Form ---------------------------------------------------------------------------------------------------

void Form::add_field(std::string id, std::string label, TextField field) {
    items_.push_back({.kind = Item::Kind::field,
                      .id = std::move(id),
                      .label = std::move(label),
                      .field = std::move(field)});
}

void Form::add_choice(std::string id, std::string label,
                      std::vector<std::pair<std::string, std::string>> choices) {
    items_.push_back({.kind = Item::Kind::choice,
                      .id = std::move(id),
                      .label = std::move(label),
                      .choices = std::move(choices)});
}

void Form::add_button(std::string id, std::string label) {
    items_.push_back({.kind = Item::Kind::button, .id = std::move(id), .label = std::move(label)});
}

void Form::move(int step) {
    const auto count = static_cast<long>(items_.size());
    focus_ = static_cast<std::size_t>(((static_cast<long>(focus_) + step) % count + count) % count);
}

Form::Item* Form::find(std::string_view id) {
    const auto found = std::ranges::find(items_, id, &Item::id);
    return found == items_.end() ? nullptr : &*found;
}

void Form::focus(std::string_view id) {
    const auto found = std::ranges::find(items_, id, &Item::id);
    if (found != items_.end()) {
        focus_ = static_cast<std::size_t>(found - items_.begin());
    }
}

bool Form::focus_error() {
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const std::size_t at = (focus_ + i) % items_.size();
        if (!items_[at].error.empty()) {
            focus_ = at;
            return true;
        }
    }
    return false;
}

Form::Outcome Form::handle(const Key& key) {
    Item& item = focused();
    if (key.code == Code::tab || key.code == Code::down) {
        move(1);
        return {.consumed = true};
    }
    if (key.code == Code::back_tab || key.code == Code::up) {
        move(-1);
        return {.consumed = true};
    }
    if (item.kind == Item::Kind::button) {
        if (key.code == Code::enter || key.is(U' ')) {
            return {.consumed = true, .pressed = item.id};
        }
        if (key.code == Code::left || key.code == Code::right) {
            move(key.code == Code::left ? -1 : 1);
            return {.consumed = true};
        }
        return {};
    }
    if (key.code == Code::enter) {
        return {.consumed = true, .entered = !key.pasted};
    }
    if (item.kind == Item::Kind::choice) {
        if (key.code == Code::left || key.code == Code::right || key.is(U' ')) {
            const std::size_t count = item.choices.size();
            item.choice = (item.choice + (key.code == Code::left ? count - 1 : 1)) % count;
            return {.consumed = true, .changed = item.id};
        }
        return {};
    }
    const std::string before = item.field.text();
    const bool consumed = item.field.handle(key);
    return {.consumed = consumed,
            .changed = item.field.text() != before ? std::optional(item.id) : std::nullopt};
}

namespace {

/// Of labels and of fields.
struct FormColumns {
    int label, field;
};

FormColumns form_columns(int columns) {
    return columns >= 110 ? FormColumns{.label = 28, .field = 44} : FormColumns{.label = 23, .field = 27};
}

}  // namespace

int Form::note_columns(int columns) {
    const auto [label, field] = form_columns(columns);
    return columns - label - field - 1;
}

void Form::draw_item(Canvas& canvas, const Item& item, int x, int y, int columns, bool is_focused) const {
    const auto [label, field] = form_columns(columns);
    canvas.put(x, y, is_focused ? ">" : " ", Style::strong);
    canvas.put(x + 2, y, item.label, is_focused ? Style::strong : Style::normal, label - 3);
    int after = x + label;
    if (item.kind == Item::Kind::field) {
        item.field.draw(canvas, after, y, field, is_focused);
        after += field;
    } else {
        for (std::size_t i = 0; i < item.choices.size(); ++i) {
            const bool chosen = i == item.choice;
            after = canvas.put(after, y, (chosen ? "(*) " : "( ) ") + item.choices[i].second,
                               chosen && is_focused ? Style::focus : Style::normal);
            after += 2;
        }
    }
    if (!item.error.empty()) {
        canvas.put(after + 1, y, "! " + item.error, Style::danger, x + columns - after - 1);
    } else {
        canvas.put(after + 1, y, item.note, Style::faint, x + columns - after - 1);
    }
}

void Form::draw_buttons(Canvas& canvas, int x, int y) const {
    int at = x + 2;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].kind == Item::Kind::button) {
            const bool is_focused = i == focus_;
            at = canvas.put(at, y, (is_focused ? "[>" : "[ ") + items_[i].label + (is_focused ? "<]" : " ]"),
                            is_focused ? Style::focus : Style::normal) +
                 2;
        }
    }
}

void Form::draw(Canvas& canvas, int x, int y, int columns, int height) const {
    std::vector<std::size_t> lines;
    std::size_t focus_line = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].kind != Item::Kind::button) {
            focus_line = i == focus_ ? lines.size() : focus_line;
            lines.push_back(i);
        }
    }
    if (items_[focus_].kind == Item::Kind::button && !lines.empty()) {
        focus_line = lines.size() - 1;
    }
    const auto rows = static_cast<std::size_t>(std::max(height - 1, 1));
    const std::size_t first = focus_line < rows ? 0 : focus_line - rows + 1;
    int row = y;
    for (std::size_t i = first; i < std::min(first + rows, lines.size()); ++i) {
        draw_item(canvas, items_[lines[i]], x, row++, columns, lines[i] == focus_);
    }
    draw_buttons(canvas, x, y + height - 1);
}

}  // namespace bedplate::tui
