// SPDX-License-Identifier: GPL-3.0-or-later
// The network as a picture for people and as JSON for programs.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "plan/network_files.hpp"
#include "plan/network_model.hpp"

namespace bedplate {
namespace {

Json addresses_json(const std::vector<Ipv4>& addresses) {
    Json json = Json::array();
    for (const Ipv4 address : addresses) {
        json.push_back(address.to_text());
    }
    return json;
}

Json ranges_json(const std::vector<VlanRange>& ranges) {
    Json json = Json::array();
    for (const VlanRange& range : ranges) {
        json.push_back(to_text(range));
    }
    return json;
}

Json of(const PlannedBond& bond) {
    return Json{{"name", bond.name},
                {"mode", bond.mode},
                {"lacp_rate", !bond.lacp()     ? ""
                              : bond.lacp_fast ? "fast"
                                               : "slow"},
                {"mtu", bond.mtu},
                {"mac", bond.mac},
                {"ports", bond.ports},
                {"arp_targets", addresses_json(bond.arp_targets)},
                {"expect_switch", bond.expect_switch},
                {"bridge", bond.bridge}};
}

Json of(const PlannedBridge& bridge) {
    return Json{{"name", bridge.name},
                {"bond", bridge.bond},
                {"kind", bridge.kind == BridgeKind::ovs ? "ovs" : "linux"},
                {"mtu", bridge.mtu},
                {"vlans", ranges_json(bridge.own_vlans)},
                {"guest_vlans", ranges_json(bridge.guest_vlans)},
                {"untagged", bridge.untagged}};
}

Json of(const PlannedInterface& interface) {
    Json json{{"network", interface.role},
              {"name", interface.name},
              {"parent", interface.parent},
              {"mtu", interface.mtu}};
    if (interface.vlan) {
        json["vlan"] = interface.vlan->value();
    }
    if (interface.vxlan) {
        json["vxlan"] = Json{{"vni", interface.vxlan->vni},
                             {"over", interface.vxlan->over},
                             {"peers", addresses_json(interface.vxlan->peers)}};
    }
    if (interface.address && interface.subnet) {
        json["address"] = std::format("{}/{}", interface.address->to_text(), interface.subnet->prefix);
    }
    if (interface.gateway) {
        json["gateway"] = interface.gateway->to_text();
    }
    json["peers"] = addresses_json(interface.peers);
    return json;
}

std::string bond_line(const PlannedBond& bond) {
    std::string text = std::format("{} {}", bond.name, bond.mode);
    if (bond.lacp()) {
        text += bond.lacp_fast ? ", LACP fast" : ", LACP slow";
    }
    if (!bond.arp_targets.empty()) {
        text += ", watched by ARP";
    }
    text += std::format(", MTU {}", bond.mtu);
    return bond.expect_switch.empty() ? text : std::format("{}, switch {}", text, bond.expect_switch);
}

std::string address_text(const PlannedInterface& interface) {
    if (!interface.address || !interface.subnet) {
        return "no address";
    }
    return std::format("{}/{}", interface.address->to_text(), interface.subnet->prefix) +
           (interface.gateway ? " via " + interface.gateway->to_text() : "");
}

std::string interface_line(const PlannedInterface& interface) {
    const std::string tag = interface.vlan    ? std::format("VLAN {}", interface.vlan->value())
                            : interface.vxlan ? std::format("VNI {}", interface.vxlan->vni)
                                              : "untagged";
    return std::format("{:<6} {:<9} {:<15} {}, MTU {}", interface.name, tag, interface.role,
                       address_text(interface), interface.mtu);
}

std::string bridge_line(const PlannedBridge& bridge) {
    std::vector<std::string> guests;
    for (const VlanRange& range : bridge.guest_vlans) {
        guests.push_back(to_text(range));
    }
    return std::format("{} {}{}", bridge.name,
                       bridge.kind == BridgeKind::ovs ? "Open vSwitch bridge" : "VLAN-aware bridge",
                       guests.empty() ? "" : ", guests' VLANs " + join(guests, ", "));
}

/// Lines with branches before them: "|-- ", "`-- " for the last.
std::string branches(const std::vector<std::string>& lines, std::string_view indent) {
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        text += std::format("{}{}{}\n", indent, i + 1 == lines.size() ? "`-- " : "|-- ", lines[i]);
    }
    return text;
}

std::string port_line(const PinnedPort& port) {
    return std::format("{:<6} {}", port.name, port.about);
}

std::string tree_of(const NetworkLayout& layout, const PlannedBond& bond) {
    std::string text = std::format("\n  {}\n", bond_line(bond));
    std::vector<std::string> below;
    for (const std::string& name : bond.ports) {
        below.push_back(port_line(*layout.port(name)));
    }
    std::vector<std::string> interfaces;
    for (const PlannedInterface& interface : layout.interfaces) {
        if (interface.bond == bond.name) {
            interfaces.push_back(interface_line(interface));
        }
    }
    const auto bridge = std::ranges::find(layout.bridges, bond.bridge, &PlannedBridge::name);
    if (bond.bridge.empty() || bridge == layout.bridges.end()) {
        below.insert(below.end(), interfaces.begin(), interfaces.end());
        return text + branches(below, "    ");
    }
    below.push_back(bridge_line(*bridge));
    return text + branches(below, "    ") + branches(interfaces, "        ");
}

}  // namespace

const PlannedBond* NetworkLayout::bond(std::string_view name) const {
    const auto found = std::ranges::find(bonds, name, &PlannedBond::name);
    return found == bonds.end() ? nullptr : &*found;
}

const PlannedInterface* NetworkLayout::interface_of(std::string_view role) const {
    const auto found = std::ranges::find(interfaces, role, &PlannedInterface::role);
    return found == interfaces.end() ? nullptr : &*found;
}

const PinnedPort* NetworkLayout::port(std::string_view name) const {
    const auto found = std::ranges::find(ports, name, &PinnedPort::name);
    return found == ports.end() ? nullptr : &*found;
}

Json to_json(const NetworkLayout& layout) {
    Json json{{"ports", Json::array()},
              {"bonds", Json::array()},
              {"bridges", Json::array()},
              {"interfaces", Json::array()}};
    for (const PinnedPort& port : layout.ports) {
        json["ports"].push_back(Json{{"name", port.name}, {"match", port.match_line}, {"bond", port.bond}});
    }
    for (const PlannedBond& bond : layout.bonds) {
        json["bonds"].push_back(of(bond));
    }
    for (const PlannedBridge& bridge : layout.bridges) {
        json["bridges"].push_back(of(bridge));
    }
    for (const PlannedInterface& interface : layout.interfaces) {
        json["interfaces"].push_back(of(interface));
    }
    return json;
}

std::string picture(const NetworkLayout& layout) {
    std::string text;
    for (const PlannedBond& bond : layout.bonds) {
        text += tree_of(layout, bond);
    }
    std::vector<std::string> overlays;
    for (const PlannedInterface& interface : layout.interfaces) {
        if (interface.vxlan) {
            overlays.push_back(std::format("{}, over {}", interface_line(interface), interface.vxlan->over));
        }
    }
    text += overlays.empty() ? "" : "\n  overlays\n" + branches(overlays, "    ");
    std::vector<std::string> unused;
    for (const PinnedPort& port : layout.ports) {
        if (port.bond.empty()) {
            unused.push_back(port_line(port));
        }
    }
    return text + (unused.empty() ? "" : "\n  unused ports\n" + branches(unused, "    "));
}

}  // namespace bedplate
