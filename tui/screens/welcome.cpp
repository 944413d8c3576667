// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

#include "tui/language.hpp"
#include "tui/screen.hpp"
#include "tui/utf8.hpp"

namespace bedplate::tui {

namespace {

/// What was found: the machine, its firmware, the medium and the documents.
class Welcome : public Screen {
public:
    using Screen::Screen;

    Transition handle(const Key& key) override {
        if (key.code == Key::Code::enter) {
            if (!model_.inventory) {
                say(tr("the machine is not known yet"), true);
                return Transition::of(Transition::Kind::stay);
            }
            return Transition::of(Transition::Kind::next);
        }
        if (key.is(U'l')) {
            return Transition::of(Transition::Kind::language);
        }
        return {};
    }

    void draw(Canvas& canvas, int top, int bottom) const override {
        int y = top + 1;
        if (!model_.inventory) {
            const auto error = model_.errors.find("inventory");
            if (error != model_.errors.end()) {
                draw_error(canvas, 2, y, canvas.width() - 4, bottom, error->second);
            } else {
                canvas.put(2, y, tr("Looking at this machine ..."), Style::strong);
            }
            return;
        }
        y = draw_machine(canvas, y);
        y = draw_documents(canvas, y + 1);
        for (const auto* what : {"profiles", "site"}) {
            const auto error = model_.errors.find(what);
            if (error != model_.errors.end() && error->second.code != "site.none") {
                y = draw_error(canvas, 2, y + 1, canvas.width() - 4, bottom - 1, error->second);
            }
        }
        if (y < bottom - 1) {
            canvas.put(2, bottom - 1,
                       tr("Nothing is written to any disk before you have typed your consent."),
                       Style::strong);
        }
    }

    [[nodiscard]] std::string keys() const override { return tr("Enter next") + "   " + tr("l language"); }
    [[nodiscard]] std::string title() const override { return tr("Welcome"); }
    [[nodiscard]] std::string help() const override {
        return tr(
            "This is what was found. If something is missing, plug it in and press Ctrl-R to look again.");
    }

private:
    static void fact(Canvas& canvas, int y, std::string_view name, const std::string& value) {
        canvas.put(2, y, name, Style::faint, 17);
        canvas.put(20, y, value.empty() ? tr("unknown") : value, Style::normal, canvas.width() - 22);
    }

    int draw_machine(Canvas& canvas, int y) const {
        const auto& machine = *model_.inventory;
        canvas.put(2, y, machine.system.manufacturer + " " + machine.system.product, Style::strong,
                   canvas.width() - 4);
        fact(canvas, ++y, tr("service tag"), machine.system.serial);
        const bool uefi = machine.firmware.mode == FirmwareMode::uefi;
        fact(canvas, ++y, tr("firmware"),
             std::format("{}{}, {}", uefi ? "UEFI" : "BIOS",
                         machine.firmware.version.empty() ? "" : " " + machine.firmware.version,
                         machine.firmware.secure_boot ? tr("Secure Boot is on") : tr("Secure Boot is off")));
        const auto& bmc = machine.bmc;
        fact(canvas, ++y, "BMC",
             !bmc.present     ? tr("none found")
             : bmc.ip.empty() ? tr("there, address unknown")
                              : bmc.ip + "  " + bmc.mac);
        fact(canvas, ++y, tr("memory"),
             machine.memory.total == Bytes{0} ? "" : to_binary_text(machine.memory.total));
        fact(canvas, ++y, tr("processors"),
             machine.cpu.threads == 0
                 ? ""
                 : std::format("{} x {}, {}", machine.cpu.sockets, machine.cpu.model,
                               fill(tr("{} threads"), {std::to_string(machine.cpu.threads)})));
        std::size_t up = 0;
        for (const auto& nic : machine.nics) {
            up += nic.link.value_or(false) ? 1U : 0U;
        }
        const std::size_t disks = machine.disks.size();
        const std::size_t ports = machine.nics.size();
        fact(canvas, ++y, tr("disks"), std::to_string(disks));
        fact(canvas, ++y, tr("network ports"),
             fill(tr("{}, {} with link"), {std::to_string(ports), std::to_string(up)}));
        return y;
    }

    int draw_documents(Canvas& canvas, int y) const {
        const auto* profile = model_.profile();
        fact(canvas, ++y, tr("profile"),
             profile != nullptr ? profile->name : tr("none fits by itself: choose one on the next screen"));
        const auto site = model_.errors.find("site");
        const bool unusable = site != model_.errors.end() && site->second.code != "site.none";
        fact(canvas, ++y, tr("answers"),
             unusable                  ? "! " + tr("not usable, the screens ask; see below")
             : model_.origin().empty() ? tr("none came with the medium: the screens ask")
                                       : model_.origin());
        const auto medium = model_.errors.find("medium");
        fact(canvas, ++y, tr("medium"),
             medium == model_.errors.end() ? model_.medium : "! " + medium->second.message);
        return y + 1;
    }
};

}  // namespace

std::unique_ptr<Screen> welcome_screen(Model& model) {
    return std::make_unique<Welcome>(model);
}

}  // namespace bedplate::tui
