// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>
#include <tuple>

#include "tui/language.hpp"
#include "tui/screen.hpp"
#include "tui/utf8.hpp"
#include "tui/widgets.hpp"

namespace bedplate::tui {

namespace {

/// Which kind of hardware this is: those that fit first, and why the others do not.
class ProfileScreen : public Screen {
public:
    using Screen::Screen;

    void enter() override {
        refresh();
        const auto* now = model_.profile();
        for (std::size_t i = 0; i < order_.size(); ++i) {
            if (now != nullptr && order_[i].profile == now->name) {
                list_.choose(i);
            }
        }
    }

    void refresh() override {
        order_ = model_.verdicts().verdicts;
        std::ranges::stable_sort(order_, [](const ProfileVerdict& a, const ProfileVerdict& b) {
            return std::tuple(!a.matches, -a.priority, -static_cast<long>(a.clauses)) <
                   std::tuple(!b.matches, -b.priority, -static_cast<long>(b.clauses));
        });
        list_.resize(order_.size());
    }

    Transition handle(const Key& key) override {
        if (list_.handle(key, 8)) {
            return Transition::of(Transition::Kind::stay);
        }
        if (key.code != Key::Code::enter) {
            return {};
        }
        if (order_.empty()) {
            say(tr("there is no profile"), true);
            return Transition::of(Transition::Kind::stay);
        }
        choose(order_[list_.chosen()].profile);
        return Transition::of(Transition::Kind::next);
    }

    void draw(Canvas& canvas, int top, int bottom) const override {
        const int columns = canvas.width() - 4;
        const auto* now = model_.profile();
        if (now == nullptr) {
            canvas.put(2, top,
                       "! " + tr("No profile fits this machine by itself; choosing one is your decision."),
                       Style::warning, columns);
        } else {
            canvas.put(2, top, tr("What fits stands first; '*' is in use."), Style::faint);
        }
        const int details = 6;
        const int rows = bottom - top - 2 - details;
        const auto [first, last] = list_.visible(rows);
        int y = top + 1;
        for (std::size_t i = first; i < last; ++i) {
            draw_row(canvas, y++, i, now);
        }
        draw_details(canvas, bottom - details, bottom);
    }

    [[nodiscard]] std::string keys() const override {
        return tr("Enter take this one and go on") + "   " + tr("Up/Down choose");
    }
    [[nodiscard]] std::string title() const override { return tr("Hardware profile"); }
    [[nodiscard]] std::string help() const override {
        return tr(
            "A profile says what a kind of machine is and how its disks and ports are used. "
            "The one in front fits this machine best. You may take another one; the plan then says what it "
            "would do.");
    }

private:
    void choose(const std::string& name) {
        if (model_.profile() != nullptr && model_.profile()->name == name) {
            return;
        }
        model_.set(model_.node("profile"), model_.verdicts().chosen == name ? "" : name);
    }

    void draw_row(Canvas& canvas, int y, std::size_t i, const Profile* now) const {
        const auto& verdict = order_[i];
        const bool chosen = i == list_.chosen();
        const Style style = chosen ? Style::focus : Style::normal;
        if (chosen) {
            canvas.fill(2, y, canvas.width() - 4, style);
        }
        const bool used = now != nullptr && now->name == verdict.profile;
        canvas.put(2, y, std::string(chosen ? ">" : " ") + (used ? "*" : " "), style);
        canvas.put(5, y, verdict.profile, style, 28);
        const Style mark = chosen ? Style::focus : verdict.matches ? Style::good : Style::faint;
        canvas.put(34, y, verdict.matches ? tr("fits") : tr("no: ") + verdict.first_mismatch, mark,
                   canvas.width() - 36);
    }

    void draw_details(Canvas& canvas, int y, int bottom) const {
        if (order_.empty()) {
            return;
        }
        const auto& verdict = order_[list_.chosen()];
        canvas.line(2, y++, canvas.width() - 4, verdict.profile);
        const auto profile = std::ranges::find(model_.profiles, verdict.profile, &Profile::name);
        const auto text = [&](const std::string& words, Style style) {
            for (const auto& line : wrap(words, canvas.width() - 4)) {
                if (y < bottom) {
                    canvas.put(2, y++, line, style);
                }
            }
        };
        if (profile != model_.profiles.end()) {
            text(profile->description, Style::normal);
            text(tr("system disk: ") + profile->system.select.to_text(), Style::faint);
        }
        if (!verdict.matches) {
            text("! " + tr("does not fit: ") + verdict.first_mismatch, Style::warning);
        }
    }

    std::vector<ProfileVerdict> order_;
    List list_;
};

}  // namespace

std::unique_ptr<Screen> profile_screen(Model& model) {
    return std::make_unique<ProfileScreen>(model);
}

}  // namespace bedplate::tui
