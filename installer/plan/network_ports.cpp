// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/network_ports.hpp"

#include <algorithm>
#include <format>
#include <set>
#include <tuple>

#include "base/text.hpp"

namespace bedplate {
namespace {

void add_finding(Report& findings, std::string code, const Nic& nic, std::string message, std::string hint) {
    findings.add({.severity = Severity::warning,
                  .code = std::move(code),
                  .path = "nics." + nic.name,
                  .where = {},
                  .message = std::move(message),
                  .hint = std::move(hint)});
}

/// What stands in a file's comment must not be able to end the line that it stands in.
std::string one_line(std::string_view text) {
    std::string result;
    for (const char c : text) {
        result += c >= ' ' && c != '\x7f' ? c : '?';
    }
    return result;
}

std::string own_mac(const Nic& nic) {
    for (const std::string& text : {nic.permanent_mac, nic.mac}) {
        if (const auto mac = MacAddress::parse(text); mac && *mac != MacAddress()) {
            return mac->to_text();
        }
    }
    return {};
}

bool is_pci_address(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
    });
}

template <typename Value>
std::size_t count_of(const Inventory& inventory, const std::string& value, Value value_of) {
    return static_cast<std::size_t>(std::ranges::count_if(
        inventory.nics, [&](const Nic& nic) { return !nic.bmc_virtual && value_of(nic) == value; }));
}

/// The line of a .link file by which udev finds this port and no other. The permanent MAC moves with the
/// card, the PCI address stays with the slot; a card with two ports on one function (ConnectX-3) has only the
/// former.
std::optional<std::string> match_line(const Nic& nic, const Inventory& inventory, bool by_slot) {
    const auto pci_of = [](const Nic& other) { return other.pci; };
    const bool own_slot = is_pci_address(nic.pci) && count_of(inventory, nic.pci, pci_of) == 1;
    const std::string mac = own_mac(nic);
    if (!by_slot && !mac.empty() && count_of(inventory, mac, own_mac) == 1) {
        return std::format("{}={}", nic.permanent_mac.empty() ? "MACAddress" : "PermanentMACAddress", mac);
    }
    return own_slot ? std::optional("Path=pci-" + nic.pci) : std::nullopt;
}

std::string seen_as(const Nic& nic) {
    std::vector<std::string> facts;
    for (const std::string& fact : {nic.name, nic.driver, nic.pci}) {
        if (!fact.empty()) {
            facts.push_back(one_line(fact));
        }
    }
    return join(facts, ", ");
}

/// "nic12" -> 12
std::optional<std::uint64_t> number_of(std::string_view name) {
    constexpr std::size_t most_digits = 4;
    if (!name.starts_with("nic") || name.size() > 3 + most_digits || (name.size() > 4 && name[3] == '0')) {
        return std::nullopt;
    }
    return parse_unsigned(name.substr(3));
}

/// Indices of all ports that may get a name, in the order in which they are numbered.
std::vector<std::size_t> in_pci_order(const Inventory& inventory) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < inventory.nics.size(); ++i) {
        if (!never_a_candidate(inventory.nics[i])) {
            order.push_back(i);
        }
    }
    std::ranges::stable_sort(order, {}, [&](std::size_t i) {
        const Nic& nic = inventory.nics[i];
        return std::tuple(nic.pci, nic.permanent_mac, nic.name);
    });
    return order;
}

void report_duplicate_macs(const Inventory& inventory, Report& findings) {
    std::set<std::string> reported;
    for (const Nic& nic : inventory.nics) {
        const std::string mac = own_mac(nic);
        if (!mac.empty() && count_of(inventory, mac, own_mac) > 1 && reported.insert(mac).second) {
            std::vector<std::string> names;
            for (const Nic& other : inventory.nics) {
                if (own_mac(other) == mac) {
                    names.push_back(seen_as(other));
                }
            }
            add_finding(findings, "nic.duplicate-mac", nic,
                        std::format("several ports have the MAC address {}: {}", mac, join(names, "; ")),
                        "one of the cards holds another's address; the ports are told apart by their slot");
        }
    }
}

}  // namespace

std::string describe(const Nic& nic) {
    std::vector<std::string> facts{nic.name.empty() ? "(no name)" : one_line(nic.name)};
    for (const std::string& fact : {nic.driver, nic.pci}) {
        if (!fact.empty()) {
            facts.push_back(one_line(fact));
        }
    }
    const std::string mac = own_mac(nic);
    facts.push_back(mac.empty() ? "MAC unknown" : mac);
    facts.emplace_back(!nic.link ? "link unknown" : *nic.link ? "link up" : "no link");
    if (nic.lldp) {
        facts.push_back(
            std::format("switch {} port {}", one_line(nic.lldp->chassis), one_line(nic.lldp->port)));
    }
    return join(facts, ", ");
}

std::vector<PinnedPort> pin_ports(const Inventory& inventory, bool by_slot, Report& findings) {
    report_duplicate_macs(inventory, findings);
    const std::vector<std::size_t> order = in_pci_order(inventory);
    std::set<std::uint64_t> taken;
    for (const std::size_t i : order) {
        if (const auto number = number_of(inventory.nics[i].name)) {
            taken.insert(*number);
        }
    }
    std::vector<PinnedPort> ports;
    std::uint64_t next = 0;
    for (const std::size_t i : order) {
        const Nic& nic = inventory.nics[i];
        const auto line = match_line(nic, inventory, by_slot);
        if (!line) {
            add_finding(
                findings, "nic.not-pinned", nic,
                std::format("{} keeps the kernel's name: neither its MAC nor its PCI address is its own",
                            describe(nic)),
                "record the machine with the card's driver loaded");
            continue;
        }
        auto number = number_of(nic.name);
        if (!number) {
            while (taken.contains(next)) {
                ++next;
            }
            number = next++;
        }
        ports.push_back({.name = std::format("nic{}", *number),
                         .nic = i,
                         .match_line = *line,
                         .now = nic.name,
                         .about = seen_as(nic)});
    }
    return ports;
}

namespace {

/// Why the port is no member of the bond; nullopt: it is one.
std::optional<std::string> why_not(const Nic& nic, const Bond& bond) {
    const auto never = never_a_candidate(nic);
    return never ? never : bond.select.first_mismatch(nic);
}

std::string candidates(const Inventory& inventory, const Bond& bond, const std::vector<PinnedPort>& ports) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < inventory.nics.size(); ++i) {
        const Nic& nic = inventory.nics[i];
        std::string why = "matches, but can not be told apart from another port";
        if (const auto mismatch = why_not(nic, bond)) {
            why = *mismatch;
        } else if (std::ranges::contains(ports, i, &PinnedPort::nic)) {
            why = "matches";
        }
        lines.push_back(std::format("  {}: {}", describe(nic), why));
    }
    return lines.empty() ? "  (the machine has no network ports)" : join(lines, "\n");
}

std::optional<std::uint64_t> speed_of(const Nic& nic) {
    return nic.max_speed_mbps ? nic.max_speed_mbps : nic.speed_mbps;
}

std::string speeds_text(const std::vector<const Nic*>& members) {
    std::vector<std::string> parts;
    for (const Nic* nic : members) {
        const auto speed = speed_of(*nic);
        parts.push_back(std::format("{}: {}", describe(*nic),
                                    speed ? std::format("{} Mbit/s", *speed) : "speed unknown"));
    }
    return "  " + join(parts, "\n  ");
}

/// Members of different speed make several aggregators of one LACP bond, of which one only carries anything.
Result<void> check_speeds(const Bond& bond, const std::vector<const Nic*>& members, Report& findings) {
    std::set<std::uint64_t> speeds;
    for (const Nic* nic : members) {
        if (const auto speed = speed_of(*nic)) {
            speeds.insert(*speed);
        }
    }
    if (speeds.size() <= 1) {
        return {};
    }
    const std::string message =
        std::format("the ports of {} differ in speed:\n{}", bond.name, speeds_text(members));
    if (bond.mode == "802.3ad") {
        return refuse("nic.unequal-speeds", message, std::format("network.bonds.{}", bond.name),
                      "narrow the bond's selector (min_speed, max_speed, pci), so that equal ports remain");
    }
    add_finding(findings, "nic.unequal-speeds", *members.front(), message,
                "the slow port is used whenever the fast one is down");
    return {};
}

Result<void> check_mtu(const Bond& bond, const std::vector<const Nic*>& members) {
    for (const Nic* nic : members) {
        if (nic->mtu_max != 0 && nic->mtu_max < bond.mtu) {
            return refuse("network.nic-mtu",
                          std::format("{} carries packets of {} bytes at most, its bond {} wants {}",
                                      describe(*nic), nic->mtu_max, bond.name, bond.mtu),
                          std::format("network.bonds.{}", bond.name),
                          "lower the mtu of the bond and of its networks, or choose other ports");
        }
    }
    return {};
}

void report_links(const Bond& bond, const std::vector<const Nic*>& members, Report& findings) {
    std::vector<std::string> dark;
    for (const Nic* nic : members) {
        if (!nic->link.value_or(false)) {
            dark.push_back(describe(*nic));
        }
    }
    if (!dark.empty()) {
        add_finding(findings, "nic.no-link", *members.front(),
                    std::format("of the {} port(s) of {}, {} without link now: {}", members.size(), bond.name,
                                dark.size(), join(dark, "; ")),
                    "check cables and switch ports before the installation");
    }
}

Result<void> claim(const Inventory& inventory, const Bond& bond, std::vector<PinnedPort>& ports,
                   std::vector<const Nic*>& members) {
    const std::string where = std::format("network.bonds.{}: {}", bond.name, bond.select.to_text());
    for (PinnedPort& port : ports) {
        const Nic& nic = inventory.nics[port.nic];
        if (why_not(nic, bond)) {
            continue;
        }
        if (!port.bond.empty()) {
            return refuse(
                "nic.two-bonds",
                std::format("the selectors of {} and {} both match {}", port.bond, bond.name, describe(nic)),
                where, "let each port match one bond only");
        }
        port.bond = bond.name;
        members.push_back(&nic);
    }
    const auto mismatch = bond.count.mismatch(members.size());
    if (members.empty()) {
        return refuse("nic.none",
                      std::format("no network port fits the bond {}:\n{}", bond.name,
                                  candidates(inventory, bond, ports)),
                      where, "check cards, drivers, cables and the bond's selector");
    }
    if (mismatch) {
        return refuse(
            "nic.count",
            std::format("ports of {}: {}:\n{}", bond.name, *mismatch, candidates(inventory, bond, ports)),
            where, "check cards and cables, or change the bond's selector or number in the profile");
    }
    return {};
}

}  // namespace

Result<void> choose_members(const Inventory& inventory, const Profile& profile,
                            const std::vector<std::string>& used, std::vector<PinnedPort>& ports,
                            Report& findings) {
    for (const Bond& bond : profile.network.bonds) {
        if (!std::ranges::contains(used, bond.name)) {
            continue;
        }
        std::vector<const Nic*> members;
        BEDPLATE_TRY(claim(inventory, bond, ports, members));
        BEDPLATE_TRY(check_speeds(bond, members, findings));
        BEDPLATE_TRY(check_mtu(bond, members));
        report_links(bond, members, findings);
    }
    return {};
}

}  // namespace bedplate
