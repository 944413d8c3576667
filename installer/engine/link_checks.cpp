// SPDX-License-Identifier: GPL-3.0-or-later
// What the ports and their neighbours say about the cabling, without sending anything.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "engine/installation.hpp"

namespace bedplate {

namespace {

std::vector<const Nic*> ports_of(const Inventory& inventory, const Bond& bond) {
    std::vector<const Nic*> ports;
    for (const auto& nic : inventory.nics) {
        if (!never_a_candidate(nic) && !bond.select.first_mismatch(nic)) {
            ports.push_back(&nic);
        }
    }
    return ports;
}

NodeCheck count_check(const Bond& bond, const std::vector<const Nic*>& ports) {
    const auto wrong = bond.count.mismatch(ports.size());
    return {.id = bond.name + ".ports",
            .ok = !wrong,
            .detail =
                wrong ? *wrong + " (" + bond.select.to_text() + ")" : std::format("{} ports", ports.size())};
}

NodeCheck link_check(const Bond& bond, const Nic& port) {
    const bool up = port.link.value_or(false);
    const auto speed = port.speed_mbps ? std::format(", {} Mbit/s", *port.speed_mbps) : std::string();
    return {.id = bond.name + "." + port.name,
            .ok = up,
            .detail = up ? "link" + speed : "no link: plug the cable in, or look at the switch's port"};
}

/// Only what the switch says can be wrong: one that says nothing proves nothing.
std::vector<NodeCheck> vlan_checks(const NodeSpec& node, const Profile& profile, const Bond& bond,
                                   const Nic& port) {
    std::vector<NodeCheck> checks;
    if (!port.lldp || port.lldp->vlans.empty()) {
        return checks;
    }
    for (const auto& [name, network] : node.networks) {
        const auto role = profile.network.roles.find(name);
        if (!network.vlan || role == profile.network.roles.end() || role->second != bond.name) {
            continue;
        }
        const bool offered = std::ranges::contains(port.lldp->vlans, network.vlan->value());
        checks.push_back({.id = std::format("{}.{}.vlan-{}", bond.name, port.name, network.vlan->value()),
                          .ok = offered,
                          .detail = std::format("{} {} the VLAN of '{}'", port.lldp->chassis,
                                                offered ? "offers" : "does not offer", name)});
    }
    return checks;
}

NodeCheck speed_check(const Bond& bond, const std::vector<const Nic*>& ports) {
    const bool same = std::ranges::all_of(ports, [&](const Nic* port) {
        return port->speed_mbps == ports.front()->speed_mbps || !port->link.value_or(false);
    });
    return {.id = bond.name + ".speed",
            .ok = same,
            .detail = same ? "all ports with link run at one speed" : "the ports run at different speeds"};
}

}  // namespace

std::vector<NodeCheck> check_links(const Inventory& inventory, const Profile& profile, const NodeSpec& node) {
    std::vector<NodeCheck> checks;
    for (const auto& bond : profile.network.bonds) {
        const auto ports = ports_of(inventory, bond);
        checks.push_back(count_check(bond, ports));
        for (const auto* port : ports) {
            checks.push_back(link_check(bond, *port));
            const auto vlans = vlan_checks(node, profile, bond, *port);
            checks.insert(checks.end(), vlans.begin(), vlans.end());
        }
        if (ports.size() > 1) {
            checks.push_back(speed_check(bond, ports));
        }
    }
    return checks;
}

}  // namespace bedplate
