// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "plan/bar.hpp"
#include "plan/occupancy.hpp"
#include "plan/segments.hpp"
#include "tui/language.hpp"
#include "tui/screen.hpp"
#include "tui/utf8.hpp"
#include "tui/widgets.hpp"

namespace bedplate::tui {

namespace {

/// Every disk: which it is, what lives on it, what becomes of it.
class Disks : public Screen {
public:
    using Screen::Screen;

    void enter() override {
        refresh();
        for (std::size_t i = 0; i < disks().size(); ++i) {
            const auto* planned = planned_disk(i);
            if (planned != nullptr && planned->role == PlannedRole::system) {
                list_.choose(i);
                return;
            }
        }
    }
    void refresh() override { list_.resize(disks().size()); }

    Transition handle(const Key& key) override {
        if (list_.handle(key, 5)) {
            return Transition::of(Transition::Kind::stay);
        }
        if (key.is(U' ') && !disks().empty()) {
            toggle(disks()[list_.chosen()]);
            return Transition::of(Transition::Kind::stay);
        }
        if (key.code != Key::Code::enter) {
            return {};
        }
        if (!model_.preview()) {
            say(tr("With these disks nothing can be installed: see what stands above."), true);
            return Transition::of(Transition::Kind::stay);
        }
        return Transition::of(Transition::Kind::next);
    }

    void draw(Canvas& canvas, int top, int bottom) const override {
        const int details = canvas.height() >= 40 ? 14 : 11;
        // The last line above the details tells where in a long list one is.
        const bool is_long = static_cast<int>(disks().size()) > bottom - top - 1 - details;
        const int rows = bottom - top - 1 - details - (is_long ? 1 : 0);
        canvas.put(2, top,
                   row_text("", tr("disk"), tr("bay"), tr("serial"), tr("model"), tr("size"), tr("becomes"),
                            canvas.width()),
                   Style::faint);
        const auto [first, last] = list_.visible(rows);
        int y = top + 1;
        for (std::size_t i = first; i < last; ++i) {
            draw_row(canvas, y++, i);
        }
        if (is_long) {
            const auto place = std::format("{}/{}", list_.chosen() + 1, disks().size());
            canvas.put(canvas.width() - 2 - width_of(place), bottom - details - 1, place, Style::faint);
        }
        if (!disks().empty()) {
            draw_details(canvas, bottom - details, bottom);
        } else {
            canvas.put(2, top + 2, "! " + tr("No disk was found."), Style::danger);
        }
    }

    [[nodiscard]] std::string keys() const override {
        return tr("Enter next") + "   " + tr("Up/Down disk") + "   " + tr("Space may be erased");
    }
    [[nodiscard]] std::string title() const override { return tr("Disks"); }
    [[nodiscard]] std::string help() const override {
        return tr(
            "'!' marks a disk that will be written to; all others keep every byte. "
            "A disk that holds something is only used after you allowed it here with Space, "
            "and typed its last four characters at the end.");
    }

private:
    [[nodiscard]] const std::vector<Disk>& disks() const {
        static const std::vector<Disk> none;
        return model_.inventory ? model_.inventory->disks : none;
    }

    /// Plans list disks in the order of the inventory.
    [[nodiscard]] const PlannedDisk* planned_disk(std::size_t i) const {
        const auto& plan = model_.preview();
        return plan && i < plan->disks.size() ? &plan->disks[i] : nullptr;
    }

    void toggle(const Disk& disk) {
        if (disk.serial.empty()) {
            say(tr("This disk has no serial number, so it cannot be named for erasing."), true);
            return;
        }
        if (const auto why = never_a_candidate(disk)) {
            say(tr("Never used: ") + *why, true);
            return;
        }
        model_.allow_erasing(disk, !model_.may_erase(disk));
        say(model_.may_erase(disk) ? tr("May be erased: ") + disk.serial
                                   : tr("Will not be erased: ") + disk.serial);
    }

    static std::string row_text(std::string_view mark, std::string_view name, std::string_view bay,
                                std::string_view serial, std::string_view model, std::string_view size,
                                std::string_view fate, int width) {
        const bool wide = width >= 110;
        const auto column = [](std::string_view text, int columns) {
            std::string out = cut(text, columns);
            return out + std::string(static_cast<std::size_t>(std::max(columns - width_of(out), 0) + 1), ' ');
        };
        return column(mark, 2) + column(name, 8) + column(bay, wide ? 34 : 10) +
               column(serial, wide ? 24 : 16) + column(model, wide ? 24 : 17) + column(size, 8) +
               cut(fate, wide ? 24 : 9);
    }

    /// The end of the bay's path is what tells bays apart.
    static std::string bay(const Disk& disk, int width) {
        const auto& path = disk.by_path;
        const std::size_t room = width >= 110 ? 34 : 10;
        return path.size() <= room ? path : "~" + path.substr(path.size() - room + 1);
    }

    [[nodiscard]] std::string fate(std::size_t i) const {
        const auto* planned = planned_disk(i);
        if (planned == nullptr) {
            return "?";
        }
        return planned->role == PlannedRole::untouched ? tr("untouched")
                                                       : std::string(to_string(planned->role));
    }

    void draw_row(Canvas& canvas, int y, std::size_t i) const {
        const auto& disk = disks()[i];
        const auto* planned = planned_disk(i);
        const bool written = planned != nullptr && planned->written;
        const bool chosen = i == list_.chosen();
        const std::string mark = std::string(chosen ? ">" : " ") + (written                  ? "!"
                                                                    : model_.may_erase(disk) ? "e"
                                                                                             : " ");
        if (chosen) {
            canvas.fill(2, y, canvas.width() - 4, Style::focus);
        }
        canvas.put(2, y,
                   row_text(mark, disk.name, bay(disk, canvas.width()), disk.serial, disk.model,
                            to_label_text(disk.size), fate(i), canvas.width()),
                   chosen    ? Style::focus
                   : written ? Style::danger
                             : Style::normal,
                   canvas.width() - 4);
    }

    void draw_details(Canvas& canvas, int y, int bottom) const {
        const auto& disk = disks()[list_.chosen()];
        const int columns = canvas.width() - 4;
        canvas.line(2, y++, columns, disk.name + "  " + disk.serial);
        const auto row = [&](std::string_view name, const std::string& value, Style style = Style::normal) {
            canvas.put(2, y, name, Style::faint, 10);
            canvas.put(13, y++, value, style, columns - 11);
        };
        row(tr("model"), std::format("{} {}  {}  {}", disk.vendor, disk.model, to_label_text(disk.size),
                                     std::string(to_string(disk.transport))));
        row(tr("bay"), disk.by_path + (disk.wwn.empty() ? "" : "   wwn " + disk.wwn));
        row(tr("holds now"), contents_text(disk), is_blank(disk) ? Style::normal : Style::warning);
        const auto& plan = model_.preview();
        const auto* planned = planned_disk(list_.chosen());
        const auto width = static_cast<std::size_t>(columns - 11);
        row(tr("before"), bar(planned != nullptr ? planned->before : segments_now(disk), width));
        if (planned != nullptr) {
            const bool written = planned->written;
            row(tr("after"), bar(written ? planned->after : planned->before, width));
            std::string label = tr("plan");
            for (const auto& line : wrap((written ? "! " : "") + planned->fate, columns - 11)) {
                if (y < bottom) {
                    row(label, line, written ? Style::danger : Style::normal);
                    label.clear();
                }
            }
            return;
        }
        auto error = plan.error();
        if (error.code == "disk.not-blank") {
            error.hint = tr("press Space on it if everything on this disk may be erased");
        }
        draw_error(canvas, 2, y, columns, bottom, error);
    }

    List list_;
};

}  // namespace

std::unique_ptr<Screen> disks_screen(Model& model) {
    return std::make_unique<Disks>(model);
}

}  // namespace bedplate::tui
