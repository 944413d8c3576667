// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <string>

#include "tui/screen.hpp"
#include "tui/widgets.hpp"

namespace bedplate::tui {

/// A screen of fields that stand for values of the site document. What one types goes into the document at
/// once; what validation says of it stands beside the field.
class FormScreen : public Screen {
public:
    using Screen::Screen;

    /// Takes the document's values; the first wrong field is in focus, else the first button.
    void enter() override;
    void refresh() override;
    Transition handle(const Key& key) override;
    void draw(Canvas& canvas, int top, int bottom) const override;
    [[nodiscard]] bool in_text(char32_t c) const override {
        return form_.in_text() && form_.focused().field.takes(c) &&
               form_.focused().field.kind() != TextField::Kind::digits;
    }

protected:
    void document_field(const std::string& path, const std::string& label, TextField::Kind kind,
                        std::size_t longest);
    /// A list of words, typed with blanks between.
    void document_list(const std::string& path, const std::string& label);

    /// A button, or Enter in a field of a form without errors ("next").
    virtual Transition pressed(const std::string& button);
    /// The form is good and the next screen comes.
    virtual void leaving() {}
    /// A value changed that is not simply the document's at the field's id.
    virtual void edited(Form::Item& item);
    [[nodiscard]] virtual std::string note(const std::string&) const { return {}; }
    /// What is wrong with a field that the document does not hold.
    [[nodiscard]] virtual std::optional<Error> own_fault(const std::string&) const { return std::nullopt; }
    /// What is wrong with the item in focus, as far as it does not stand beside it, and what to do: at most
    /// `lines` lines from `y` on.
    void draw_help(Canvas& canvas, int y, int lines) const;

    Form form_;

private:
    void take_values();
    void show_faults();
    Transition try_next();
    std::set<std::string> lists_, values_;
};

}  // namespace bedplate::tui
