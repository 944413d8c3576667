// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <format>

#include "tui/language.hpp"
#include "tui/screen.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

namespace {

constexpr std::chrono::seconds stall{20};

std::string minutes_text(double seconds) {
    const auto whole = static_cast<long>(std::ceil(std::max(seconds, 0.0)));
    return std::format("{}:{:02}", whole / 60, whole % 60);
}

/// The installation as it runs.
class ProgressScreen : public Screen {
public:
    using Screen::Screen;

    void tick(std::chrono::milliseconds now) override { now_ = now; }

    Transition handle(const Key&) override { return {}; }

    void draw(Canvas& canvas, int top, int bottom) const override {
        const int columns = canvas.width() - 4;
        int y = top + 1;
        const auto& event = model_.progress;
        const double fraction = event ? event->fraction : 0.0;
        canvas.bar(2, y, columns - 6, fraction);
        // Rounded down: 100 % is only said when everything holds.
        canvas.put(2 + columns - 5, y,
                   std::format("{:>3} %", static_cast<int>(std::floor(std::clamp(fraction, 0.0, 1.0) * 100))),
                   Style::strong);
        y += 2;
        if (event) {
            canvas.put(2, y, event->stage, Style::faint, 12);
            canvas.put(15, y, event->text, Style::strong, columns - 13);
        } else {
            canvas.put(2, y, tr("The engine begins ..."), Style::strong);
        }
        draw_rate(canvas, ++y);
        y += 2;
        canvas.line(2, y++, columns, tr("Log"));
        draw_log(canvas, y, bottom);
    }

    [[nodiscard]] std::string keys() const override {
        return tr("Ctrl-Z shell") + "   " + tr("the engine goes on whatever this screen does");
    }
    [[nodiscard]] std::string title() const override { return tr("Installing"); }
    [[nodiscard]] std::string help() const override {
        return tr(
            "The engine works in a process of its own: leaving this screen, or losing the line, does not "
            "stop "
            "it. Cut the power and the disk does not boot; a second run finishes it.");
    }

private:
    void draw_rate(Canvas& canvas, int y) const {
        const auto& event = model_.progress;
        std::string text;
        if (event && event->bytes_per_second) {
            text += std::format("{:.1f} MB/s   ", *event->bytes_per_second / 1e6);
        }
        if (event && event->seconds_left) {
            text += minutes_text(*event->seconds_left) + " " + tr("left");
        }
        canvas.put(15, y, text, Style::normal);
        const auto silent = now_ - model_.last_event;
        if (silent >= stall && model_.phase == Model::Phase::installing) {
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silent).count();
            canvas.put(2, y + 1,
                       "! " + fill(tr("no sign of progress for {} s; the engine still works on this step"),
                                   {std::to_string(seconds)}),
                       Style::warning, canvas.width() - 4);
        }
    }

    void draw_log(Canvas& canvas, int y, int bottom) const {
        const auto rows = static_cast<std::size_t>(std::max(bottom - y, 0));
        const auto& log = model_.log;
        for (std::size_t i = log.size() > rows ? log.size() - rows : 0; i < log.size(); ++i) {
            const bool bad = log[i].type == Event::Type::failed;
            canvas.put(2, y++, (bad ? "! " : "  ") + to_line(log[i]), bad ? Style::danger : Style::normal,
                       canvas.width() - 4);
        }
    }

    std::chrono::milliseconds now_{};
};

}  // namespace

std::unique_ptr<Screen> progress_screen(Model& model) {
    return std::make_unique<ProgressScreen>(model);
}

}  // namespace bedplate::tui
