// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/screens/form_screen.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "tui/language.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

namespace {

/// The message beside a field need not name the field again.
std::string short_message(const Finding& finding) {
    if (finding.code == "yaml.missing-key" || finding.code == "site.no-subnet") {
        return tr("needed");
    }
    const auto wanted = finding.message.find("wanted ");
    return wanted == std::string::npos ? finding.message : finding.message.substr(wanted);
}

std::vector<std::string> words_of(const TextField& field) {
    auto words = split(field.text(), ' ');
    std::erase_if(words, [](const std::string& word) { return word.empty(); });
    return words;
}

}  // namespace

void FormScreen::document_field(const std::string& path, const std::string& label, TextField::Kind kind,
                                std::size_t longest) {
    form_.add_field(path, label, TextField(kind, longest));
    values_.insert(path);
}

void FormScreen::document_list(const std::string& path, const std::string& label) {
    form_.add_field(path, label, TextField(TextField::Kind::text, 500));
    lists_.insert(path);
}

/// A field that says what the document says is left alone: the engine answers while one types, and the cursor
/// and a blank at the end, which the document does not keep, are the person's.
void FormScreen::take_values() {
    for (auto& item : form_.items()) {
        if (values_.contains(item.id)) {
            if (const auto value = model_.get(item.id); trim(item.field.text()) != value) {
                item.field.set(value);
            }
        } else if (lists_.contains(item.id)) {
            if (const auto values = model_.get_list(item.id); words_of(item.field) != values) {
                item.field.set(join(values, " "));
            }
        }
    }
}

void FormScreen::show_faults() {
    for (auto& item : form_.items()) {
        item.error.clear();
        item.help.clear();
        item.note = note(item.id);
        if (const auto fault = own_fault(item.id)) {
            item.error = fault->message;
            item.help = fault->hint;
        } else if (const auto* finding = values_.contains(item.id) || lists_.contains(item.id)
                                             ? model_.finding(item.id)
                                             : nullptr) {
            item.error = short_message(*finding);
            // "the key 'name' is missing" says nothing to somebody who sees fields.
            const bool is_plain = finding->code == "yaml.missing-key";
            item.help = !finding->hint.empty() || is_plain ? finding->hint : finding->message;
        }
    }
}

void FormScreen::enter() {
    take_values();
    show_faults();
    form_.focus("next");
    (void)form_.focus_error();  // where there is none, the button stays in focus
}

void FormScreen::refresh() {
    take_values();
    show_faults();
}

void FormScreen::edited(Form::Item& item) {
    if (values_.contains(item.id)) {
        model_.set(item.id, trim(item.field.text()));
    } else if (lists_.contains(item.id)) {
        model_.set_list(item.id, words_of(item.field));
    }
}

Transition FormScreen::try_next() {
    show_faults();
    if (form_.focus_error()) {
        say(tr("This is still missing or wrong: ") + form_.focused().label, true);
        return Transition::of(Transition::Kind::stay);
    }
    leaving();
    return Transition::of(Transition::Kind::next);
}

Transition FormScreen::pressed(const std::string& button) {
    if (button == "back") {
        return Transition::of(Transition::Kind::back);
    }
    return button == "next" ? try_next() : Transition::of(Transition::Kind::stay);
}

Transition FormScreen::handle(const Key& key) {
    if (form_.items().empty()) {
        return {};
    }
    const auto outcome = form_.handle(key);
    if (outcome.changed) {
        say("");
        edited(form_.focused());
        show_faults();
    }
    if (outcome.pressed) {
        return pressed(*outcome.pressed);
    }
    if (outcome.entered) {
        return try_next();
    }
    return Transition::of(outcome.consumed ? Transition::Kind::stay : Transition::Kind::ignored);
}

void FormScreen::draw_help(Canvas& canvas, int y, int lines) const {
    if (form_.items().empty()) {
        return;
    }
    const auto& item = form_.focused();
    const bool is_cut = width_of(item.error) > Form::note_columns(canvas.width() - 4) - 2;
    const auto text = !is_cut ? item.help : item.error + (item.help.empty() ? "" : ": " + item.help);
    for (const auto& line : wrap(text, canvas.width() - 6)) {
        if (lines-- > 0) {
            canvas.put(4, y++, line, Style::warning, canvas.width() - 6);
        }
    }
}

void FormScreen::draw(Canvas& canvas, int top, int bottom) const {
    if (!form_.items().empty()) {
        form_.draw(canvas, 2, top + 1, canvas.width() - 4, bottom - top - 3);
        draw_help(canvas, bottom - 2, 2);
    }
}

}  // namespace bedplate::tui
