// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

#include "tui/language.hpp"
#include "tui/qr.hpp"
#include "tui/screen.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

namespace {

/// How it ended, and what to do now.
class ResultScreen : public Screen {
public:
    using Screen::Screen;

    void enter() override { qr_ = false; }

    Transition handle(const Key& key) override {
        if (qr_) {
            qr_ = false;
            return Transition::of(Transition::Kind::stay);
        }
        if (key.is(U'c') && model_.failure) {
            qr_ = true;
            return Transition::of(Transition::Kind::stay);
        }
        if (key.code == Key::Code::enter) {
            say("");
            return Transition::ask({{"do", model_.failure ? "again" : "leave"}});
        }
        return {};
    }

    void draw(Canvas& canvas, int top, int bottom) const override {
        if (qr_ && model_.failure) {
            draw_code(canvas, top, bottom);
            return;
        }
        int y = top + 1;
        if (model_.failure) {
            canvas.put(2, y, "! " + tr("The installation did not finish."), Style::danger);
            y = draw_error(canvas, 2, y + 2, canvas.width() - 4, bottom - 6, *model_.failure) + 1;
            list(canvas, y, bottom,
                 {tr("The disk does not boot by itself now; a second run takes it up where it stands."),
                  tr("Enter goes back to the answers, after a look at the hardware."),
                  tr("Ctrl-Z opens a shell; 'bedplate logs' makes a bundle for a report."),
                  tr("c shows a summary as a QR code, for a telephone.")});
            return;
        }
        canvas.put(2, y, tr("ok: the node is installed."), Style::good);
        y += 2;
        std::vector<std::string> next{
            tr("Enter starts it from its own disk. Take the medium out of the drive.")};
        if (const auto& plan = model_.plan()) {
            canvas.put(2, y++,
                       plan->hostname + ", " + plan->cluster_name + "   " + tr("plan ") +
                           plan->digest().substr(0, 16),
                       Style::strong);
            for (const auto& step : plan->first_boot) {
                next.push_back(tr("then by itself: ") + step);
            }
            next.push_back(tr("Watch it there with: bedplate node status"));
        }
        list(canvas, y + 1, bottom, next);
    }

    [[nodiscard]] std::string keys() const override {
        return model_.failure
                   ? tr("Enter back to the answers") + "   " + tr("c QR code") + "   " + tr("Ctrl-Z shell")
                   : tr("Enter restart") + "   " + tr("Ctrl-Z shell");
    }
    [[nodiscard]] std::string title() const override { return model_.failure ? tr("Failed") : tr("Done"); }
    [[nodiscard]] std::string help() const override {
        return tr("What to do next stands on the screen. The log is kept in /run/bedplate and on the node.");
    }

private:
    static void list(Canvas& canvas, int y, int bottom, const std::vector<std::string>& steps) {
        for (const auto& step : steps) {
            bool first = true;
            for (const auto& line : wrap(step, canvas.width() - 8)) {
                if (y < bottom) {
                    canvas.put(2, y, first ? "-" : " ");
                    canvas.put(4, y++, line);
                }
                first = false;
            }
        }
    }

    /// Short, so that the code fits an 80x24 screen; no names of people or networks.
    [[nodiscard]] std::string summary() const {
        const auto& error = *model_.failure;
        const auto serial = model_.inventory ? model_.inventory->system.serial : std::string();
        return std::format("bedplate {} {} {} {}", BEDPLATE_VERSION, serial, error.code,
                           error.context.empty() ? error.where : error.context.front())
            .substr(0, 106);
    }

    void draw_code(Canvas& canvas, int top, int bottom) const {
        const auto code = qr_code(summary());
        // The frame's own lines are given up for it: every row counts at 80x24.
        for (int y = top; y < bottom; ++y) {
            canvas.fill(0, y, canvas.width(), Style::normal);
        }
        if (!code || !draw_qr(canvas, 2, top, canvas.width() - 4, bottom - top, *code)) {
            canvas.put(2, top + 1,
                       tr("There is no room for the code on this screen; this is what it would say:"),
                       Style::strong);
            int y = top + 3;
            for (const auto& line : wrap(summary(), canvas.width() - 4)) {
                canvas.put(2, y++, line);
            }
        }
    }

    bool qr_ = false;
};

}  // namespace

std::unique_ptr<Screen> result_screen(Model& model) {
    return std::make_unique<ResultScreen>(model);
}

}  // namespace bedplate::tui
