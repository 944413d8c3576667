// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/network_files.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate {
namespace {

using Files = std::map<std::string, std::string>;

constexpr std::string_view no_addresses = "LinkLocalAddressing=no\nIPv6AcceptRA=no\n";

/// Renders one layout. Names and numbers in it come from loaders that allow no character with a meaning in
/// these files; what describes a port is a comment of one line.
class Writer {
public:
    Writer(const NetworkLayout& layout, Addresses addresses, std::string_view folder, bool in_installer)
        : layout_(layout), addresses_(addresses), folder_(folder), in_installer_(in_installer) {}

    Files write() {
        for (const PinnedPort& port : layout_.ports) {
            link_file(port);
        }
        for (const PlannedBond& bond : layout_.bonds) {
            bond_device(bond);
            bond_ports(bond);
            bond_network(bond);
        }
        for (const PlannedBridge& bridge : layout_.bridges) {
            if (is_linux(bridge)) {
                bridge_device(bridge);
                bridge_network(bridge);
            } else if (!in_installer_ && untagged_on(bridge.name) != nullptr) {
                file(std::format("31-{}.network", bridge.name)) =
                    std::format("[Match]\nName={}\n\n{}", bridge.name,
                                on_interface(*untagged_on(bridge.name), bridge.name));
            }
        }
        for (const PlannedInterface& interface : layout_.interfaces) {
            if (interface.vlan || interface.vxlan) {
                interface_files(interface);
            }
        }
        return std::move(files_);
    }

private:
    std::string& file(std::string_view name) { return files_[std::format("{}/{}", folder_, name)]; }

    static bool is_linux(const PlannedBridge& bridge) { return bridge.kind == BridgeKind::linux_vlan_aware; }

    [[nodiscard]] const PlannedBridge* linux_bridge(std::string_view name) const {
        const auto found = std::ranges::find(layout_.bridges, name, &PlannedBridge::name);
        return found != layout_.bridges.end() && is_linux(*found) ? &*found : nullptr;
    }

    /// Where the VLAN interface is put by networkd: Open vSwitch makes its own.
    [[nodiscard]] std::string parent_of(const PlannedInterface& interface) const {
        return linux_bridge(interface.parent) != nullptr || interface.parent == interface.bond
                   ? interface.parent
               : in_installer_ ? interface.bond
                               : "";
    }

    [[nodiscard]] const PlannedInterface* untagged_on(std::string_view name) const {
        for (const PlannedInterface& interface : layout_.interfaces) {
            const bool on_bond =
                in_installer_ && interface.bond == name && linux_bridge(interface.parent) == nullptr;
            const bool lies_there = interface.parent == name || on_bond;
            if (!interface.vlan && lies_there && (!interface.vxlan || linux_bridge(name) != nullptr)) {
                return &interface;
            }
        }
        return nullptr;
    }

    /// VLAN= and VXLAN= lines of whatever carries them.
    [[nodiscard]] std::string stacked_on(std::string_view name) const {
        std::string text;
        for (const PlannedInterface& interface : layout_.interfaces) {
            if (interface.vlan && parent_of(interface) == name) {
                text += std::format("VLAN={}\n", interface.name);
            }
        }
        for (const PlannedInterface& interface : layout_.interfaces) {
            const PlannedInterface* under =
                interface.vxlan ? layout_.interface_of(interface.vxlan->over) : nullptr;
            if (under != nullptr && under->name == name) {
                text += std::format("VXLAN={}\n", interface.name);
            }
        }
        return text;
    }

    void link_file(const PinnedPort& port) {
        const std::string comment = port.about.empty() ? "" : std::format("# {}\n", port.about);
        // The installer has a gigabyte of memory, of which the largest rings of some ports would take most.
        file(std::format("10-{}.link", port.name)) =
            std::format("{}[Match]\n{}\n\n[Link]\nName={}\n{}", comment, port.match_line, port.name,
                        in_installer_ ? "" : layout_.port_lines);
    }

    static std::string mode_keys(const PlannedBond& bond) {
        std::string text = std::format("Mode={}\n", bond.mode);
        if (bond.lacp()) {
            text += std::format("LACPTransmitRate={}\n", bond.lacp_fast ? "fast" : "slow");
            text += "TransmitHashPolicy=layer3+4\nAdSelect=bandwidth\nMinLinks=1\n";
        } else if (bond.mode == "balance-xor") {
            text += "TransmitHashPolicy=layer3+4\n";
        } else if (bond.mode == "active-backup") {
            text += "PrimaryReselectPolicy=better\n";
        }
        return text;
    }

    /// ARP monitoring and link monitoring exclude each other in the kernel (bonding.rst, miimon).
    static std::string monitor_keys(const PlannedBond& bond) {
        if (bond.arp_targets.empty()) {
            return "MIIMonitorSec=100ms\nUpDelaySec=200ms\nDownDelaySec=200ms\n";
        }
        std::vector<std::string> targets;
        for (const Ipv4 target : bond.arp_targets) {
            targets.push_back(target.to_text());
        }
        return std::format("ARPIntervalSec=500ms\nARPIPTargets={}\nARPValidate=all\nARPAllTargets=any\n",
                           join(targets, " "));
    }

    static std::string mac_line(const std::string& mac) {
        return mac.empty() ? "" : std::format("MACAddress={}\n", mac);
    }

    void bond_device(const PlannedBond& bond) {
        file(std::format("20-{}.netdev", bond.name)) =
            std::format("[NetDev]\nName={}\nKind=bond\n{}MTUBytes={}\n\n[Bond]\n{}{}", bond.name,
                        mac_line(bond.mac), bond.mtu, mode_keys(bond), monitor_keys(bond));
    }

    void bond_ports(const PlannedBond& bond) {
        file(std::format("21-{}-ports.network", bond.name)) = std::format(
            "[Match]\nName={}\n\n[Link]\nMTUBytes={}\nRequiredForOnline=no\n\n[Network]\nBond={}\n{}",
            join(bond.ports, " "), bond.mtu, bond.name, no_addresses);
    }

    void bond_network(const PlannedBond& bond) {
        std::string& text = file(std::format("22-{}.network", bond.name));
        const PlannedBridge* bridge = linux_bridge(bond.bridge);
        if (const auto* untagged = untagged_on(bond.name); untagged != nullptr && bridge == nullptr) {
            text = std::format("[Match]\nName={}\n\n{}", bond.name, on_interface(*untagged, bond.name));
            return;
        }
        text = std::format("[Match]\nName={}\n\n[Link]\nMTUBytes={}\nRequiredForOnline=no\n\n[Network]\n",
                           bond.name, bond.mtu);
        if (bridge != nullptr) {
            text += std::format("Bridge={}\n{}{}", bridge->name, no_addresses, trunk(*bridge, true));
        } else {
            text += stacked_on(bond.name) + std::string(no_addresses);
        }
    }

    /// Each VLAN in a section of its own. The bridge itself is a port too, for the node's own interfaces.
    static std::string trunk(const PlannedBridge& bridge, bool with_guests) {
        std::string text;
        if (bridge.untagged) {
            text += "\n[BridgeVLAN]\nPVID=1\nEgressUntagged=1\n";
        }
        for (const VlanRange& range : bridge.own_vlans) {
            text += std::format("\n[BridgeVLAN]\nVLAN={}\n", to_text(range));
        }
        for (const VlanRange& range : with_guests ? bridge.guest_vlans : std::vector<VlanRange>{}) {
            text += std::format("\n[BridgeVLAN]\nVLAN={}\n", to_text(range));
        }
        return text;
    }

    void bridge_device(const PlannedBridge& bridge) {
        file(std::format("30-{}.netdev", bridge.name)) = std::format(
            "[NetDev]\nName={}\nKind=bridge\n{}MTUBytes={}\n\n"
            "[Bridge]\nVLANFiltering=yes\nDefaultPVID=none\nSTP=no\nMulticastSnooping=yes\n",
            bridge.name, mac_line(bridge.mac), bridge.mtu);
    }

    void bridge_network(const PlannedBridge& bridge) {
        std::string& text = file(std::format("31-{}.network", bridge.name));
        if (const auto* untagged = untagged_on(bridge.name); untagged != nullptr) {
            text = std::format("[Match]\nName={}\n\n{}{}", bridge.name, on_interface(*untagged, bridge.name),
                               trunk(bridge, false));
            return;
        }
        text = std::format(
            "[Match]\nName={}\n\n[Link]\nMTUBytes={}\nRequiredForOnline=no\n\n"
            "[Network]\nConfigureWithoutCarrier=yes\n{}{}{}",
            bridge.name, bridge.mtu, stacked_on(bridge.name), no_addresses, trunk(bridge, false));
    }

    /// [Link], [Network] and [Route] of whatever has the network's address.
    [[nodiscard]] std::string on_interface(const PlannedInterface& interface, std::string_view device) const {
        const bool used = interface.address && interface.subnet && addresses_ == Addresses::with;
        std::string text = std::format("[Link]\nMTUBytes={}\nRequiredForOnline={}\n\n[Network]\n",
                                       interface.mtu, used ? "routable" : "no");
        if (used) {
            text += std::format("Address={}/{}\n", interface.address->to_text(), interface.subnet->prefix);
        }
        if (used && interface.role == "management") {
            for (const std::string& server : layout_.dns) {
                text += std::format("DNS={}\n", server);
            }
            text += layout_.domain.empty() ? "" : std::format("Domains={}\n", layout_.domain);
        }
        text += stacked_on(device) + std::string(no_addresses);
        if (used && interface.gateway && interface.metric != 0) {
            text += std::format("\n[Route]\nGateway={}\nMetric={}\n", interface.gateway->to_text(),
                                interface.metric);
        }
        return text;
    }

    void interface_files(const PlannedInterface& interface) {
        if (interface.vxlan) {
            overlay(interface);
            return;
        }
        if (!parent_of(interface).empty()) {
            file(std::format("40-{}.netdev", interface.name)) =
                std::format("[NetDev]\nName={0}\nKind=vlan\nMTUBytes={1}\n\n[VLAN]\nId={2}\n", interface.name,
                            interface.mtu, interface.vlan->value());
        }
        file(std::format("41-{}.network", interface.name)) =
            std::format("[Match]\nName={}\n\n{}", interface.name, on_interface(interface, interface.name));
    }

    void overlay(const PlannedInterface& interface) {
        const VxlanSpec& vxlan = *interface.vxlan;
        const PlannedInterface& under = *layout_.interface_of(vxlan.over);
        std::string& device = file(std::format("40-{}.netdev", interface.name));
        device = std::format("[NetDev]\nName={}\nKind=vxlan\nMTUBytes={}\n\n[VXLAN]\nVNI={}\nLocal={}\n",
                             interface.name, interface.mtu, vxlan.vni, under.address->to_text());
        device += vxlan.group ? std::format("Group={}\n", vxlan.group->to_text()) : "";
        device += "DestinationPort=4789\nMacLearning=yes\n";
        std::string& text = file(std::format("41-{}.network", interface.name));
        const PlannedBridge* bridge = linux_bridge(interface.parent);
        if (bridge == nullptr) {
            text = std::format("[Match]\nName={}\n\n{}", interface.name,
                               on_interface(interface, interface.name));
        } else {
            text = std::format(
                "[Match]\nName={}\n\n[Link]\nMTUBytes={}\nRequiredForOnline=no\n\n[Network]\nBridge={}\n{}{}",
                interface.name, interface.mtu, bridge->name, no_addresses, trunk(*bridge, true));
        }
        // What has no known receiver goes to every other end (ip-link(8): the all-zero destination).
        for (const Ipv4 peer : vxlan.peers) {
            text += std::format(
                "\n[BridgeFDB]\nMACAddress=00:00:00:00:00:00\nDestination={}\nAssociatedWith=self\n",
                peer.to_text());
        }
    }

    const NetworkLayout& layout_;
    Addresses addresses_;
    std::string_view folder_;
    bool in_installer_;
    Files files_;
};

/// A word of ExecStart= (systemd.service(5), COMMAND LINES); names of interfaces need no quotes.
std::string ovs_bridge(const NetworkLayout& layout, const PlannedBridge& bridge) {
    std::vector<std::string> vlans;
    for (const auto* ranges : {&bridge.own_vlans, &bridge.guest_vlans}) {
        for (const VlanRange& range : *ranges) {
            for (unsigned id = range.first.value(); id <= range.last.value(); ++id) {
                vlans.push_back(std::to_string(id));
            }
        }
    }
    const std::string mac =
        bridge.mac.empty() ? "" : std::format(" other_config:hwaddr=\\\"{}\\\"", bridge.mac);
    std::string text =
        std::format("--may-exist add-br {0} -- set Bridge {0} rstp_enable=false{1}", bridge.name, mac);
    text += std::format(" -- set Interface {} mtu_request={}", bridge.name, bridge.mtu);
    if (!bridge.bond.empty()) {
        text += std::format(
            " -- --may-exist add-port {0} {1} -- set Port {1} vlan_mode={2}{3}{4}", bridge.name, bridge.bond,
            bridge.untagged ? "native-untagged" : "trunk", bridge.untagged ? " tag=0" : "",
            vlans.empty() ? "" : " trunks=" + std::string(bridge.untagged ? "0," : "") + join(vlans, ","));
    }
    for (const PlannedInterface& interface : layout.interfaces) {
        if (interface.parent != bridge.name || (!interface.vlan && !interface.vxlan)) {
            continue;
        }
        text += interface.vlan ? std::format(
                                     " -- --may-exist add-port {0} {1} tag={2} -- set Interface {1} "
                                     "type=internal mtu_request={3}",
                                     bridge.name, interface.name, interface.vlan->value(), interface.mtu)
                               : std::format(" -- --may-exist add-port {} {}", bridge.name, interface.name);
    }
    return text;
}

}  // namespace

std::string to_text(const VlanRange& range) {
    return range.first == range.last ? std::to_string(range.first.value())
                                     : std::format("{}-{}", range.first.value(), range.last.value());
}

Files network_files(const NetworkLayout& layout, Addresses addresses, std::string_view folder,
                    bool in_installer) {
    return Writer(layout, addresses, folder, in_installer).write();
}

void add_open_vswitch(const NetworkLayout& layout, Files& files, Files& links) {
    std::string commands;
    for (const PlannedBridge& bridge : layout.bridges) {
        if (bridge.kind == BridgeKind::ovs) {
            commands +=
                std::format("ExecStart=/usr/bin/ovs-vsctl --timeout=30 {}\n", ovs_bridge(layout, bridge));
        }
    }
    if (commands.empty()) {
        return;
    }
    constexpr std::string_view unit = "/etc/systemd/system/bedplate-ovs.service";
    files[std::string(unit)] =
        "[Unit]\nDescription=Bridges of Open vSwitch as the plan has them\n"
        "Requires=openvswitch-switch.service\nAfter=openvswitch-switch.service\n"
        "Before=network-online.target\n\n"
        "[Service]\nType=oneshot\nRemainAfterExit=yes\n" +
        commands + "\n[Install]\nWantedBy=multi-user.target\n";
    links["/etc/systemd/system/multi-user.target.wants/bedplate-ovs.service"] = unit;
}

}  // namespace bedplate
