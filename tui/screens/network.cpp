// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "tui/language.hpp"
#include "tui/screen.hpp"
#include "tui/screens/form_screen.hpp"

namespace bedplate::tui {

namespace {

/// The networks of the cluster, and this machine's ports with what the switch says.
class Network : public FormScreen {
public:
    using FormScreen::FormScreen;

    void enter() override {
        build();
        FormScreen::enter();
    }

    [[nodiscard]] std::string keys() const override {
        return tr("Enter next") + "   " + tr("Tab field") + "   " + tr("Ctrl-B back");
    }
    [[nodiscard]] std::string title() const override { return tr("Network"); }
    [[nodiscard]] std::string help() const override {
        return tr(
            "The same for all nodes of a cluster. The profile says which ports carry which network. "
            "'Check' looks at the ports again, then sets the network up on this machine and tries it.");
    }

protected:
    Transition pressed(const std::string& button) override {
        if (button == "check") {
            if (!model_.plan()) {
                say(model_.plan().error().message.substr(0, model_.plan().error().message.find('\n')), true);
                return Transition::of(Transition::Kind::stay);
            }
            say(tr("Looking at the ports ..."));
            return Transition::ask({{"do", "network"}, {"site", model_.document()}});
        }
        return FormScreen::pressed(button);
    }

    void on_reply(const Json& request, const Json& reply) override {
        Screen::on_reply(request, reply);
        if (!reply.contains("checks")) {
            return;
        }
        model_.checks.clear();
        bool good = true;
        for (const auto& check : reply.at("checks")) {
            model_.checks.push_back({.id = check.value("id", ""),
                                     .ok = check.value("ok", false),
                                     .detail = check.value("detail", "")});
            good = good && model_.checks.back().ok;
        }
        say(good ? tr("The ports are as the profile wants them.") : tr("Some checks failed: see below."),
            !good);
    }

    void draw(Canvas& canvas, int top, int bottom) const override {
        const int ports = std::min<int>(7 + (canvas.height() - 24) / 2,
                                        static_cast<int>(port_lines(canvas.width()).size()) + 1);
        form_.draw(canvas, 2, top, canvas.width() - 4, bottom - top - ports - 1);
        draw_help(canvas, bottom - ports - 1, 1);
        draw_ports(canvas, bottom - ports, bottom);
    }

private:
    void build() {
        if (!form_.items().empty()) {
            return;
        }
        document_field("networks.management.subnet", tr("Management subnet"), TextField::Kind::text, 18);
        document_field("networks.management.vlan", tr("  VLAN"), TextField::Kind::digits, 4);
        document_field("networks.management.gateway", tr("  gateway"), TextField::Kind::text, 15);
        document_list("cluster.dns", tr("DNS servers"));
        document_list("cluster.ntp", tr("Time servers"));
        const auto* profile = model_.profile();
        for (const auto& role : network_roles()) {
            const std::string path = "networks." + role;
            const bool has_bond = profile != nullptr && profile->network.roles.contains(role);
            if (role == "management" ||
                (!has_bond && model_.get(path + ".subnet").empty() && model_.get(path + ".vlan").empty())) {
                continue;
            }
            document_field(path + ".vlan", role + tr(" VLAN"), TextField::Kind::digits, 4);
            document_field(path + ".subnet", tr("  subnet"), TextField::Kind::text, 18);
        }
        form_.add_button("next", tr("Next"));
        form_.add_button("check", tr("Check"));
        form_.add_button("back", tr("Back"));
    }

    [[nodiscard]] std::string note(const std::string& path) const override {
        if (path == "networks.management.subnet") {
            return tr("as in 10.0.100.0/24");
        }
        if (path == "networks.management.vlan") {
            return tr("empty: untagged");
        }
        return path == "cluster.dns" || path == "cluster.ntp" ? tr("blanks between several") : "";
    }

    struct Line {
        std::string text;
        Style style;
    };

    [[nodiscard]] std::string bond_of(const Nic& nic) const {
        const auto* profile = model_.profile();
        if (profile == nullptr || never_a_candidate(nic)) {
            return "-";
        }
        const auto found = std::ranges::find_if(
            profile->network.bonds, [&](const Bond& bond) { return !bond.select.first_mismatch(nic); });
        return found == profile->network.bonds.end() ? "-" : found->name;
    }

    [[nodiscard]] std::vector<Line> port_lines(int width) const {
        std::vector<Line> lines;
        if (!model_.checks.empty()) {
            for (const auto& check : model_.checks) {
                lines.push_back({(check.ok ? "ok  " : "!   ") + check.id + ": " + check.detail,
                                 check.ok ? Style::good : Style::danger});
            }
            return lines;
        }
        const int lldp = width >= 110 ? 60 : 24;
        for (const auto& nic : model_.inventory ? model_.inventory->nics : std::vector<Nic>{}) {
            const std::string speed = nic.speed_mbps ? std::to_string(*nic.speed_mbps / 1000) + "G" : "-";
            const std::string neighbour =
                nic.lldp ? nic.lldp->chassis + " " + nic.lldp->port : tr("says nothing");
            const bool up = nic.link.value_or(false);
            lines.push_back(
                {std::format("{:<12} {:<9} {:>4}  {:<18} {:<8} {}", elide(nic.name, 12),
                             up ? tr("link") : tr("no link"), speed,
                             nic.permanent_mac.empty() ? nic.mac : nic.permanent_mac, elide(bond_of(nic), 8),
                             elide(neighbour, static_cast<std::size_t>(lldp))),
                 up ? Style::normal : Style::faint});
        }
        return lines;
    }

    void draw_ports(Canvas& canvas, int y, int bottom) const {
        canvas.line(2, y++, canvas.width() - 4,
                    model_.checks.empty() ? tr("Ports: link, speed, address, bond, what the switch says")
                                          : tr("Checks"));
        auto lines = port_lines(canvas.width());
        // Failures first: they are what one looks for.
        std::ranges::stable_sort(lines, {}, [](const Line& line) { return line.style != Style::danger; });
        for (const auto& line : lines) {
            if (y == bottom - 1 && &line != &lines.back()) {
                const auto left = static_cast<std::size_t>(&lines.back() - &line) + 1;
                canvas.put(2, y, fill(tr("... and {} more"), {std::to_string(left)}), Style::faint);
                return;
            }
            if (y < bottom) {
                canvas.put(2, y++, line.text, line.style, canvas.width() - 4);
            }
        }
    }
};

}  // namespace

std::unique_ptr<Screen> network_screen(Model& model) {
    return std::make_unique<Network>(model);
}

}  // namespace bedplate::tui
