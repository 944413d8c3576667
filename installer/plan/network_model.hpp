// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/identifiers.hpp"
#include "base/json.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// A port and the name it gets for good.
struct PinnedPort {
    std::string name;        ///< "nic0"
    std::size_t nic = 0;     ///< index into Inventory::nics
    std::string match_line;  ///< of the [Match] section: "PermanentMACAddress=..."
    std::string now;         ///< the name that the kernel gave it: "eno1"; empty where unknown
    std::string about;       ///< "eno1, tg3, 0000:04:00.0": how the installer saw it
    std::string bond = {};   ///< of which it is a member; empty: it stays unused
};

struct PlannedBond {
    std::string name, mode;
    bool lacp_fast = false;
    std::uint32_t mtu = 1500;
    std::string mac;                 ///< of its first member, so that switches see an address they know
    std::vector<std::string> ports;  ///< "nic0", "nic1"
    std::vector<Ipv4> arp_targets;   ///< not empty: ports are watched by ARP
    std::string expect_switch;       ///< glob; empty: not looked at
    std::string bridge;              ///< of which it is a port; empty: none

    [[nodiscard]] bool lacp() const { return mode == "802.3ad"; }
};

struct PlannedBridge {
    std::string name, bond;
    BridgeKind kind = BridgeKind::linux_vlan_aware;
    std::uint32_t mtu = 1500;
    std::string mac;
    std::vector<VlanRange> own_vlans;    ///< in which this node has an interface of its own
    std::vector<VlanRange> guest_vlans;  ///< what else is passed on
    bool untagged = false;               ///< a network without VLAN lies on it
};

/// Where a network of the site meets this node.
struct PlannedInterface {
    std::string role;    ///< "management"
    std::string name;    ///< "mgmt"; of a network without VLAN the bond or bridge itself
    std::string parent;  ///< bond or bridge
    std::string bond;
    std::optional<VlanId> vlan;
    std::optional<VxlanSpec> vxlan;
    std::uint32_t mtu = 1500;
    std::optional<Ipv4> address;
    std::optional<Cidr> subnet;
    std::optional<Ipv4> gateway;
    std::vector<Ipv4> peers;  ///< the other nodes' addresses there
    unsigned metric = 0;      ///< of the default route over `gateway`; 0: there is none
};

/// The whole network of a node as data: its files are made from this and from nothing else.
struct NetworkLayout {
    std::vector<PinnedPort> ports;
    std::vector<PlannedBond> bonds;
    std::vector<PlannedBridge> bridges;
    std::vector<PlannedInterface> interfaces;  ///< in the order of network_roles()
    std::vector<std::string> dns;
    std::string domain;
    std::string port_lines = {};  ///< of [Link], for every port of the installed node

    /// nullptr where there is none of this name or role.
    [[nodiscard]] const PlannedBond* bond(std::string_view name) const;
    [[nodiscard]] const PlannedInterface* interface_of(std::string_view role) const;
    [[nodiscard]] const PinnedPort* port(std::string_view name) const;
};

/// Everything in it but what only this run knows (the kernel's names stand in it).
[[nodiscard]] Json to_json(const NetworkLayout& layout);
/// Ports -> bond -> bridge -> VLANs, for 80 columns.
[[nodiscard]] std::string picture(const NetworkLayout& layout);

}  // namespace bedplate
