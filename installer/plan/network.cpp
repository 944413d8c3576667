// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/network.hpp"

#include <algorithm>
#include <format>
#include <optional>
#include <tuple>

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view folder = "/etc/systemd/network";

bool is_unique(const Inventory& inventory, std::string Nic::* field, const std::string& value) {
    return std::ranges::count_if(inventory.nics, [&](const Nic& nic) { return nic.*field == value; }) == 1;
}

/// The line of a .link file by which udev finds this port and no other. The permanent MAC moves with the
/// card, the PCI address stays with the slot; a card with two ports on one function (ConnectX-3) has only the
/// former.
std::optional<std::string> match_line(const Nic& nic, const Inventory& inventory) {
    if (!nic.permanent_mac.empty() && is_unique(inventory, &Nic::permanent_mac, nic.permanent_mac)) {
        return "PermanentMACAddress=" + nic.permanent_mac;
    }
    if (!nic.mac.empty() && is_unique(inventory, &Nic::mac, nic.mac)) {
        return "MACAddress=" + nic.mac;
    }
    if (!nic.pci.empty() && is_unique(inventory, &Nic::pci, nic.pci)) {
        return "Path=pci-" + nic.pci;
    }
    return std::nullopt;
}

std::string describe_nic(const Nic& nic) {
    std::vector<std::string> facts{nic.name.empty() ? "(no name)" : nic.name};
    if (!nic.driver.empty()) {
        facts.push_back(nic.driver);
    }
    if (!nic.pci.empty()) {
        facts.push_back(nic.pci);
    }
    const std::string& mac = nic.permanent_mac.empty() ? nic.mac : nic.permanent_mac;
    facts.push_back(mac.empty() ? "MAC unknown" : mac);
    facts.push_back(!nic.link ? "link unknown" : *nic.link ? "link up" : "no link");
    return join(facts, ", ");
}

std::vector<PinnedPort> pin_ports(const Inventory& inventory, Report& findings) {
    std::vector<PinnedPort> ports;
    for (std::size_t i = 0; i < inventory.nics.size(); ++i) {
        const Nic& nic = inventory.nics[i];
        if (nic.bmc_virtual) {
            continue;
        }
        if (const auto line = match_line(nic, inventory)) {
            ports.push_back({.name = std::format("nic{}", ports.size()), .nic = i, .match_line = *line});
        } else {
            findings.add({.severity = Severity::warning,
                          .code = "nic.not-pinned",
                          .path = "nics." + nic.name,
                          .where = {},
                          .message = std::format("{} keeps the kernel's name: neither its MAC nor its PCI "
                                                 "address is its own",
                                                 describe_nic(nic)),
                          .hint = "record the machine with the card's driver loaded"});
        }
    }
    return ports;
}

/// The selector of the bond that carries the management role; without one every port will do.
NicSelector management_selector(const Profile& profile) {
    const auto role = profile.network.roles.find("management");
    if (role == profile.network.roles.end()) {
        return {};
    }
    const auto bond = std::ranges::find(profile.network.bonds, role->second, &Bond::name);
    return bond == profile.network.bonds.end() ? NicSelector{} : bond->select;
}

std::string port_candidates(const Inventory& inventory, const NicSelector& select,
                            const std::vector<PinnedPort>& ports) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < inventory.nics.size(); ++i) {
        const Nic& nic = inventory.nics[i];
        std::string why = "matches, but can not be told apart from another port";
        if (nic.bmc_virtual) {
            why = "it belongs to the BMC";
        } else if (const auto mismatch = select.first_mismatch(nic)) {
            why = *mismatch;
        } else if (std::ranges::find(ports, i, &PinnedPort::nic) != ports.end()) {
            why = "matches";
        }
        lines.push_back(std::format("  {}: {}", describe_nic(nic), why));
    }
    return lines.empty() ? "  (the machine has no network ports)" : join(lines, "\n");
}

Result<PinnedPort> choose_management(const Inventory& inventory, const Profile& profile,
                                     const std::vector<PinnedPort>& ports, Report& findings) {
    const NicSelector select = management_selector(profile);
    std::vector<PinnedPort> matching;
    std::ranges::copy_if(ports, std::back_inserter(matching), [&](const PinnedPort& port) {
        return !select.first_mismatch(inventory.nics[port.nic]);
    });
    if (matching.empty()) {
        return refuse(
            "nic.none",
            "no network port can carry the management address:\n" + port_candidates(inventory, select, ports),
            std::format("profile {}, management: {}", profile.name, select.to_text()),
            "check cards, cables and the selector of the management bond");
    }
    const auto rank = [&](const PinnedPort& port) {
        const Nic& nic = inventory.nics[port.nic];
        return std::tuple(!nic.link.value_or(false), nic.pci, nic.name);
    };
    const PinnedPort chosen = *std::ranges::min_element(matching, {}, rank);
    const Nic& nic = inventory.nics[chosen.nic];
    if (!nic.link.value_or(false)) {
        findings.add({.severity = Severity::warning,
                      .code = "nic.no-link",
                      .path = "nics." + nic.name,
                      .where = {},
                      .message = std::format("the management address goes to {} ({}), which has no link now",
                                             chosen.name, describe_nic(nic)),
                      .hint = "check its cable and switch port before the installation"});
    }
    return chosen;
}

/// "# eno1, tg3, 0000:04:00.0": how the installer saw the port.
std::string port_comment(const Nic& nic) {
    std::vector<std::string> facts;
    for (const std::string& fact : {nic.name, nic.driver, nic.pci}) {
        if (!fact.empty()) {
            facts.push_back(fact);
        }
    }
    return facts.empty() ? "" : std::format("# {}\n", join(facts, ", "));
}

void add_link_files(NetworkPlan& plan, const Inventory& inventory) {
    for (const PinnedPort& port : plan.ports) {
        plan.files[std::format("{}/10-{}.link", folder, port.name)] =
            std::format("{}[Match]\n{}\n\n[Link]\nName={}\n", port_comment(inventory.nics[port.nic]),
                        port.match_line, port.name);
    }
}

/// [Network] and [Route] of whatever carries the address.
std::string address_sections(const NetworkSpec& network, Ipv4 address, const NodeSpec& node) {
    std::string text = std::format("[Network]\nAddress={}/{}\n", address.to_text(), network.subnet->prefix);
    for (const std::string& server : node.dns) {
        text += std::format("DNS={}\n", server);
    }
    if (!node.domain.empty()) {
        text += std::format("Domains={}\n", node.domain);
    }
    text += "LinkLocalAddressing=no\nIPv6AcceptRA=no\n";
    if (network.gateway) {
        text += std::format("\n[Route]\nGateway={}\n", network.gateway->to_text());
    }
    return text;
}

std::string link_section(const NetworkSpec& network, std::string_view required) {
    const std::string mtu = network.mtu ? std::format("MTUBytes={}\n", *network.mtu) : "";
    return std::format("[Link]\n{}RequiredForOnline={}\n", mtu, required);
}

void add_management_files(NetworkPlan& plan, const NetworkSpec& network, Ipv4 address, const NodeSpec& node) {
    const std::string& port = plan.management.name;
    const auto file = [&](std::string_view name) -> std::string& {
        return plan.files[std::format("{}/{}", folder, name)];
    };
    const std::string on_address =
        link_section(network, "routable") + "\n" + address_sections(network, address, node);
    if (!network.vlan) {
        file("20-management.network") = std::format("[Match]\nName={}\n\n{}", port, on_address);
        return;
    }
    file("20-mgmt.netdev") =
        std::format("[NetDev]\nName=mgmt\nKind=vlan\n\n[VLAN]\nId={}\n", network.vlan->value());
    file("21-management-port.network") =
        std::format("[Match]\nName={}\n\n{}\n[Network]\nVLAN=mgmt\nLinkLocalAddressing=no\n", port,
                    link_section(network, "no"));
    file("22-management.network") = std::format("[Match]\nName=mgmt\n\n{}", on_address);
}

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
    NetworkPlan plan;
    plan.ports = pin_ports(inventory, findings);
    BEDPLATE_ASSIGN(plan.management, choose_management(inventory, profile, plan.ports, findings));
    add_link_files(plan, inventory);
    add_management_files(plan, network->second, address->second, node);
    return plan;
}

}  // namespace bedplate
