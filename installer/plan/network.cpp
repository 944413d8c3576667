// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/network.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <set>

#include "base/text.hpp"
#include "plan/firewall.hpp"
#include "plan/network_files.hpp"
#include "plan/network_ports.hpp"
#include "plan/service_files.hpp"
#include "plan/tuning.hpp"

namespace bedplate {
namespace {

constexpr std::uint32_t usual_mtu = 1500;

/// Interface names have 15 characters (IFNAMSIZ) and are typed often.
std::string interface_name(std::string_view role) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> names{
        {{"management", "mgmt"},
         {"service", "svc"},
         {"storage_public", "stpub"},
         {"storage_cluster", "stclu"},
         {"migration", "migr"}}};
    for (const auto& [long_name, name] : names) {
        if (long_name == role) {
            return std::string(name);
        }
    }
    return std::string(role);
}

std::unexpected<Error> refuse_network(std::string code, std::string message, std::string_view role,
                                      std::string hint) {
    return refuse(std::move(code), std::move(message), std::format("networks.{}", role), std::move(hint));
}

class Planner {
public:
    Planner(const Inventory& inventory, const Profile& profile, const NodeSpec& node, Report& findings)
        : inventory_(inventory), profile_(profile), node_(node), findings_(findings) {}

    Result<NetworkLayout> plan() {
        layout_.dns = node_.dns;
        layout_.domain = node_.domain;
        layout_.port_lines = tuning_of_ports(profile_.tuning);
        layout_.ports = pin_ports(inventory_, profile_.network.pin_by_slot, findings_);
        BEDPLATE_TRY(choose_members(inventory_, profile_, used_bonds(), layout_.ports, findings_));
        make_bonds();
        BEDPLATE_TRY(make_bridges());
        for (const std::string& role : network_roles()) {
            BEDPLATE_TRY(make_interface(role));
        }
        BEDPLATE_TRY(settle_untagged());
        BEDPLATE_TRY(check_names());
        number_routes();
        BEDPLATE_TRY(find_arp_targets());
        finish_bridges();
        return std::move(layout_);
    }

private:
    /// The bond that carries the role; nullptr: the node is not in this network (check_networks says so).
    [[nodiscard]] const Bond* bond_for(const std::string& role) const {
        const auto name = profile_.network.roles.find(role);
        if (name == profile_.network.roles.end()) {
            return nullptr;
        }
        const auto bond = std::ranges::find(profile_.network.bonds, name->second, &Bond::name);
        return bond == profile_.network.bonds.end() ? nullptr : &*bond;
    }

    [[nodiscard]] std::vector<std::string> used_bonds() const {
        std::vector<std::string> used;
        for (const auto& [role, network] : node_.networks) {
            if (const Bond* bond = bond_for(role); bond != nullptr && !network.vxlan) {
                used.push_back(bond->name);
            }
        }
        return used;
    }

    void make_bonds() {
        const auto used = used_bonds();
        for (const Bond& bond : profile_.network.bonds) {
            if (!std::ranges::contains(used, bond.name)) {
                continue;
            }
            PlannedBond planned{.name = bond.name,
                                .mode = bond.mode,
                                .lacp_fast = bond.lacp_rate == "fast",
                                .mtu = bond.mtu,
                                .mac = {},
                                .ports = {},
                                .arp_targets = {},
                                .expect_switch = bond.expect_switch,
                                .bridge = {}};
            for (const PinnedPort& port : layout_.ports) {
                if (port.bond != bond.name) {
                    continue;
                }
                if (planned.ports.empty()) {
                    const auto mac = MacAddress::parse(inventory_.nics[port.nic].permanent_mac);
                    planned.mac = mac && *mac != MacAddress() ? mac->to_text() : "";
                }
                planned.ports.push_back(port.name);
            }
            layout_.bonds.push_back(std::move(planned));
        }
    }

    PlannedBond& planned_bond(std::string_view name) {
        return *std::ranges::find(layout_.bonds, name, &PlannedBond::name);
    }

    /// A bond can be a port of one bridge only, and then every VLAN of it ends on that bridge.
    Result<void> make_bridges() {
        for (const std::string& role : network_roles()) {
            const auto network = node_.networks.find(role);
            const Bond* bond = bond_for(role);
            if (network == node_.networks.end() || network->second.bridge.empty() || bond == nullptr) {
                continue;
            }
            const NetworkSpec& spec = network->second;
            PlannedBridge bridge{.name = spec.bridge,
                                 .bond = spec.vxlan ? "" : bond->name,
                                 .kind = profile_.network.bridges,
                                 .mtu = spec.vxlan ? spec.mtu.value_or(usual_mtu) : bond->mtu,
                                 .mac = {},
                                 .own_vlans = {},
                                 .guest_vlans = spec.guest_vlans,
                                 .untagged = spec.vxlan.has_value()};
            if (!spec.vxlan) {
                PlannedBond& member = planned_bond(bond->name);
                if (!member.bridge.empty()) {
                    return refuse_network("network.two-bridges",
                                          std::format("the bridges {} and {} both stand on {}", member.bridge,
                                                      spec.bridge, bond->name),
                                          role, "one bridge carries all VLANs of a bond: name it once");
                }
                member.bridge = spec.bridge;
                bridge.mac = member.mac;
            }
            layout_.bridges.push_back(std::move(bridge));
        }
        return {};
    }

    Result<void> make_interface(const std::string& role) {
        const auto network = node_.networks.find(role);
        const Bond* bond = bond_for(role);
        if (network == node_.networks.end() || bond == nullptr) {
            return {};
        }
        const NetworkSpec& spec = network->second;
        const std::string bridge = spec.vxlan ? spec.bridge : planned_bond(bond->name).bridge;
        PlannedInterface planned{.role = role,
                                 .name = interface_name(role),
                                 .parent = bridge.empty() ? bond->name : bridge,
                                 .bond = spec.vxlan ? "" : bond->name,
                                 .vlan = spec.vlan,
                                 .vxlan = spec.vxlan,
                                 .mtu = spec.mtu.value_or(usual_mtu),
                                 .address = {},
                                 .subnet = spec.subnet,
                                 .gateway = spec.gateway,
                                 .peers = {}};
        if (!spec.vlan && !spec.vxlan) {
            planned.name = planned.parent;
        }
        if (const auto address = node_.addresses.find(role); address != node_.addresses.end()) {
            planned.address = address->second;
        }
        if (const auto peers = node_.peers.find(role); peers != node_.peers.end()) {
            planned.peers = peers->second;
        }
        BEDPLATE_TRY(fill_vxlan(planned));
        layout_.interfaces.push_back(std::move(planned));
        return {};
    }

    /// Without group and peers the overlay goes to every other node.
    Result<void> fill_vxlan(PlannedInterface& planned) {
        if (!planned.vxlan) {
            return {};
        }
        if (!node_.addresses.contains(planned.vxlan->over) || bond_for(planned.vxlan->over) == nullptr) {
            return refuse_network("network.vxlan",
                                  std::format("the node has no address in '{}', which carries the overlay",
                                              planned.vxlan->over),
                                  planned.role, "give the node an address there");
        }
        if (const auto all = node_.peers.find(planned.vxlan->over);
            !planned.vxlan->group && planned.vxlan->peers.empty() && all != node_.peers.end()) {
            planned.vxlan->peers = all->second;
        }
        return {};
    }

    /// A network without VLAN lies on the bond itself and so decides about the size of all its packets.
    Result<void> settle_untagged() {
        std::map<std::string, const PlannedInterface*> untagged;
        for (const PlannedInterface& interface : layout_.interfaces) {
            if (interface.vlan || interface.vxlan) {
                continue;
            }
            const auto [first, is_new] = untagged.emplace(interface.bond, &interface);
            if (!is_new) {
                return refuse_network("network.two-untagged",
                                      std::format("'{}' and '{}' both lie on {} without a VLAN",
                                                  first->second->role, interface.role, interface.bond),
                                      interface.role, "give all but one of them a VLAN");
            }
        }
        for (const auto& [bond_name, interface] : untagged) {
            for (const PlannedInterface& other : layout_.interfaces) {
                if (other.bond == bond_name && other.mtu > interface->mtu) {
                    return refuse_network(
                        "network.untagged-mtu",
                        std::format("'{}' has packets of {} bytes, '{}' without VLAN on the same {} only {}",
                                    other.role, other.mtu, interface->role, bond_name, interface->mtu),
                        interface->role, "give it a VLAN, or the same mtu");
                }
            }
            planned_bond(bond_name).mtu = interface->mtu;
        }
        return {};
    }

    /// Names of the site, of the profile and our own meet here for the first time.
    Result<void> check_names() {
        std::set<std::string> names{"lo", "all", "default"};
        const auto take = [&](const std::string& name, std::string_view what) -> Result<void> {
            const bool port = name.starts_with("nic") && parse_unsigned(name.substr(3)).has_value();
            if (!names.insert(name).second || port) {
                return refuse("network.name-taken",
                              std::format("the {} '{}' has the name of something else", what, name),
                              "network",
                              "ports are called nic0, nic1, ...; networks mgmt, svc, stpub, "
                              "stclu, migr, ring0, ring1: choose other names");
            }
            return {};
        };
        for (const PlannedInterface& interface : layout_.interfaces) {
            if (interface.vlan || interface.vxlan) {
                BEDPLATE_TRY(take(interface.name, "network"));
            }
        }
        for (const PlannedBond& bond : layout_.bonds) {
            BEDPLATE_TRY(take(bond.name, "bond"));
        }
        for (const PlannedBridge& bridge : layout_.bridges) {
            BEDPLATE_TRY(take(bridge.name, "bridge"));
        }
        return {};
    }

    /// The management network's gateway is the default route; another one only where there is none.
    void number_routes() {
        constexpr unsigned first_metric = 100;
        unsigned metric = first_metric;
        for (PlannedInterface& interface : layout_.interfaces) {
            if (interface.gateway && interface.address) {
                interface.metric = metric;
                metric += first_metric;
            }
        }
    }

    Result<void> find_arp_targets() {
        constexpr std::size_t most_targets = 16;  // BOND_MAX_ARP_TARGETS of the kernel
        for (const Bond& bond : profile_.network.bonds) {
            const auto planned = std::ranges::find(layout_.bonds, bond.name, &PlannedBond::name);
            if (!bond.arp_monitor || planned == layout_.bonds.end()) {
                continue;
            }
            for (const PlannedInterface& interface : layout_.interfaces) {
                if (interface.bond == bond.name && interface.gateway && interface.address &&
                    planned->arp_targets.size() < most_targets) {
                    planned->arp_targets.push_back(*interface.gateway);
                }
            }
            if (planned->arp_targets.empty()) {
                return refuse(
                    "network.arp-monitor",
                    std::format("{} is to be watched by ARP, but none of its networks has a "
                                "gateway that could be asked",
                                bond.name),
                    std::format("network.bonds.{}", bond.name),
                    "give one of its networks a gateway and the node an address, or leave 'monitor: "
                    "arp' out");
            }
        }
        return {};
    }

    void finish_bridges() {
        for (PlannedBridge& bridge : layout_.bridges) {
            if (!bridge.bond.empty()) {
                bridge.mtu = planned_bond(bridge.bond).mtu;
            }
            for (const PlannedInterface& interface : layout_.interfaces) {
                if (interface.parent != bridge.name || interface.vxlan) {
                    continue;
                }
                if (interface.vlan) {
                    bridge.own_vlans.push_back({.first = *interface.vlan, .last = *interface.vlan});
                } else {
                    bridge.untagged = true;
                }
            }
            std::ranges::sort(bridge.own_vlans);
        }
    }

    const Inventory& inventory_;
    const Profile& profile_;
    const NodeSpec& node_;
    Report& findings_;
    NetworkLayout layout_;
};

}  // namespace

Result<NetworkPlan> plan_network(const Inventory& inventory, const Profile& profile, const NodeSpec& node,
                                 Report& findings) {
    const auto network = node.networks.find("management");
    const auto address = node.addresses.find("management");
    if (network == node.networks.end() || !network->second.subnet || address == node.addresses.end()) {
        return refuse(
            "network.management", std::format("{} has no address in a management network", node.hostname),
            "networks.management", "give networks.management a subnet and the node an address in it");
    }
    const Report fit = check_networks(node, profile);
    if (fit.has_errors()) {
        return std::unexpected(fit.to_error());
    }
    findings.append(fit);
    if (node.skip_network_proof) {
        findings.add({.severity = Severity::warning,
                      .code = "network.proof-skipped",
                      .path = "network",
                      .where = {},
                      .message =
                          "the network is not tried before the disks are written to: nothing says that "
                          "the node will be reachable",
                      .hint = "leave --skip-network-proof out wherever the switches are there already"});
    }
    NetworkPlan plan;
    BEDPLATE_ASSIGN(plan.layout, Planner(inventory, profile, node, findings).plan());
    const PlannedInterface* management = plan.layout.interface_of("management");
    if (management == nullptr) {
        return refuse("network.management", "the profile has no bond for the management network",
                      std::format("profile {}, network.roles", profile.name), "name one");
    }
    plan.management = management->name;
    plan.files = network_files(plan.layout, Addresses::with);
    add_open_vswitch(plan.layout, plan.files, plan.links);
    plan.files["/etc/nftables.conf"] = firewall(plan.layout, edge_openings(node));
    return plan;
}

}  // namespace bedplate
