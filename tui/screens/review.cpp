// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

#include "base/text.hpp"
#include "tui/language.hpp"
#include "tui/screen.hpp"
#include "tui/utf8.hpp"
#include "tui/widgets.hpp"

namespace bedplate::tui {

namespace {

/// The whole plan, and the consent to it.
class Review : public Screen {
public:
    using Screen::Screen;

    void enter() override {
        confirming_ = false;
        refresh();
    }

    void refresh() override {
        const auto& plan = model_.plan();
        if (!plan) {
            confirming_ = false;
            return;
        }
        if (plan->digest() != digest_) {
            digest_ = plan->digest();
            pager_.set(split(to_text(*plan), '\n'));
            confirming_ = false;
        }
    }

    Transition handle(const Key& key) override {
        if (confirming_) {
            return handle_confirmation(key);
        }
        if (model_.plan() && pager_.handle(key, 16)) {
            return Transition::of(Transition::Kind::stay);
        }
        if (key.is(U's')) {
            return Transition::ask({{"do", "save"}, {"site", model_.document()}});
        }
        if (key.code == Key::Code::enter) {
            return begin_confirmation();
        }
        return {};
    }

    void draw(Canvas& canvas, int top, int bottom) const override {
        if (!model_.plan()) {
            canvas.put(2, top + 1, tr("There is no plan yet:"), Style::strong);
            draw_error(canvas, 2, top + 3, canvas.width() - 4, bottom, model_.plan().error());
            return;
        }
        pager_.draw(canvas, 0, top, canvas.width(), bottom - top, [](std::string_view line) {
            return line.starts_with("  !")                ? Style::danger
                   : !line.empty() && line.front() != ' ' ? Style::strong
                                                          : Style::normal;
        });
        if (confirming_) {
            draw_confirmation(canvas, top, bottom);
        }
    }

    [[nodiscard]] std::string keys() const override {
        return confirming_ ? tr("type the characters, then Enter") + "   " + tr("Ctrl-B back to the plan")
                           : tr("Enter install ...") + "   " + tr("arrows scroll") + "   " +
                                 tr("/ n search") + "   " + tr("s save answers");
    }
    [[nodiscard]] std::string title() const override { return tr("Review"); }
    [[nodiscard]] std::string help() const override {
        return tr(
            "Everything that will be done, in order. '!' marks what erases. Nothing has been written yet. "
            "'s' saves the answers as a site document, which installs machines without questions.");
    }
    [[nodiscard]] bool in_text(char32_t) const override { return confirming_ || pager_.searching(); }

    void on_reply(const Json& request, const Json& reply) override {
        Screen::on_reply(request, reply);
        if (reply.contains("place")) {
            say(tr("Saved: ") + reply.value("place", ""));
        }
    }

private:
    Transition begin_confirmation() {
        if (!model_.plan()) {
            say(tr("There is nothing to install yet."), true);
            return Transition::of(Transition::Kind::stay);
        }
        if (model_.errors.contains("medium")) {
            say(model_.errors.at("medium").message + tr("; Ctrl-R looks again"), true);
            return Transition::of(Transition::Kind::stay);
        }
        confirming_ = true;
        at_ = 0;
        typed_ = TextField(TextField::Kind::text, 4);
        say("");
        return Transition::of(Transition::Kind::stay);
    }

    Transition handle_confirmation(const Key& key) {
        if (key.is_ctrl('b')) {
            confirming_ = false;
            return Transition::of(Transition::Kind::stay);
        }
        if (key.code != Key::Code::enter) {
            return Transition::of(typed_.handle(key) ? Transition::Kind::stay : Transition::Kind::ignored);
        }
        const auto disks = disks_to_confirm(*model_.plan(), *model_.inventory);
        if (at_ < disks.size() && typed_.text() != confirmation_of(disks[at_]->identity)) {
            say(tr("That is not what this disk's serial number ends in. Nothing was written."), true);
            typed_ = TextField(TextField::Kind::text, 4);
            return Transition::of(Transition::Kind::stay);
        }
        say("");
        typed_ = TextField(TextField::Kind::text, 4);
        if (++at_ < disks.size()) {
            return Transition::of(Transition::Kind::stay);
        }
        return commit();
    }

    Transition commit() {
        confirming_ = false;
        Json disks = Json::array();
        for (const auto* disk : written_disks(*model_.plan())) {
            const auto& id = disk->identity;
            disks.push_back(
                {{"wwn", id.wwn}, {"serial", id.serial}, {"model", id.model}, {"by_path", id.by_path}});
        }
        Json request{{"do", "commit"},
                     {"site", model_.document()},
                     {"digest", model_.plan()->digest()},
                     {"disks", disks}};
        // Only what the plan has a use for leaves this process.
        if (model_.get(model_.node("cluster")) == "join") {
            request["ticket"] = model_.ticket.reveal();
        }
        if (model_.wants_passphrase()) {
            request["disk_passphrase"] = model_.disk_passphrase.reveal();
        }
        return Transition::ask(std::move(request));
    }

    void draw_confirmation(Canvas& canvas, int top, int bottom) const {
        const auto disks = disks_to_confirm(*model_.plan(), *model_.inventory);
        if (at_ >= disks.size()) {
            return;
        }
        const auto& disk = *disks[at_];
        const int columns = std::min(canvas.width() - 8, 76);
        const int x = (canvas.width() - columns) / 2;
        const int y = std::max(top, (top + bottom) / 2 - 7);
        const std::size_t number = at_ + 1;
        const std::size_t count = disks.size();
        canvas.frame(x, y, columns, 13,
                     fill(tr("Consent: disk {} of {}"), {std::to_string(number), std::to_string(count)}));
        int line = y + 2;
        const auto put = [&](const std::string& text, Style style) {
            for (const auto& part : wrap(text, columns - 6)) {
                canvas.put(x + 3, line++, part, style);
            }
        };
        put("! " + tr("Everything on this disk will be erased:"), Style::danger);
        put(disk.description, Style::strong);
        put(tr("serial") + " " +
                (disk.identity.serial.empty() ? disk.identity.to_text() : disk.identity.serial),
            Style::strong);
        put(tr("bay") + " " + disk.identity.by_path, Style::normal);
        put(tr("holds now") + ": " + disk.contents, Style::normal);
        ++line;
        const int after =
            canvas.put(x + 3, line, tr("Type the last four characters of its serial number:") + " ");
        typed_.draw(canvas, after, line, 6, true);
    }

    Pager pager_;
    std::string digest_;
    bool confirming_ = false;
    std::size_t at_ = 0;
    TextField typed_{TextField::Kind::text, 4};
};

}  // namespace

std::unique_ptr<Screen> review_screen(Model& model) {
    return std::make_unique<Review>(model);
}

}  // namespace bedplate::tui
