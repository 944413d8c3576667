// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/firewall.hpp"

#include <format>
#include <map>
#include <set>

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view head = R"(#!/usr/sbin/nft -f
# What other machines may reach on this node; docs/ports.md explains each line. Made by Bedplate: a change comes
# from the site document ('bedplate network apply').
flush ruleset

table inet bedplate {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        ct state invalid drop
        iifname "lo" accept
        # Answers that hosts need from one another (RFC 1812, RFC 4890), and a few pings.
        icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
        icmp type echo-request limit rate 50/second accept
)";

constexpr std::string_view tail = R"(    }
    chain forward {
        # Guests' frames pass through the bridge, not through here; the node itself is no router.
        type filter hook forward priority filter; policy drop;
    }
    chain output {
        type filter hook output priority filter; policy accept;
    }
}
)";

std::string set_of(const std::vector<std::string>& values) {
    return values.size() == 1 ? values.front() : std::format("{{ {} }}", join(values, ", "));
}

/// Interfaces on which a service is let in, each once although several roles may fall onto it.
std::vector<const PlannedInterface*> carriers(const NetworkLayout& layout, const OpenPorts& service) {
    std::vector<const PlannedInterface*> found;
    std::set<std::string> seen;
    for (const std::string& role : service.roles) {
        const PlannedInterface* interface = carrier_of(layout, role);
        if (interface != nullptr && interface->subnet && seen.insert(interface->name).second) {
            found.push_back(interface);
        }
    }
    return found;
}

}  // namespace

const std::vector<OpenPorts>& open_ports() {
    // FAULTS: a service is in here whether or not it runs already; what does not run answers with a reset.
    static const std::vector<OpenPorts> list{
        {"ssh", "tcp", {"22"}, {"management"}, false},
        {"exporters", "tcp", {"9100", "9177", "9664"}, {"management"}},
        {"monitoring", "tcp", {"9090", "9093-9094", "9283"}, {"management"}},
        {"gossip", "udp", {"9094"}, {"management"}},
        {"time", "udp", {"123"}, {"management"}},
        {"corosync", "udp", {"5405-5412"}, {"ring0", "ring1"}},
        {"pacemaker_remote", "tcp", {"3121"}, {"management"}},
        {"etcd", "tcp", {"2379-2381"}, {"management"}},
        {"ceph", "tcp", {"3300", "6789", "6800-7568"}, {"storage_public", "storage_cluster"}},
        {"libvirt", "tcp", {"16514", "49152-49215"}, {"migration"}},
        {"logs", "tcp", {"2514"}, {"management"}},
    };
    return list;
}

const PlannedInterface* carrier_of(const NetworkLayout& layout, const std::string& role) {
    static const std::map<std::string, std::string> instead{{"storage_cluster", "storage_public"},
                                                            {"storage_public", "management"},
                                                            {"migration", "management"},
                                                            {"ring0", "management"}};
    std::string wanted = role;
    while (true) {
        const PlannedInterface* interface = layout.interface_of(wanted);
        const auto next = instead.find(wanted);
        if ((interface != nullptr && interface->address) || next == instead.end()) {
            return interface;
        }
        wanted = next->second;
    }
}

std::string firewall(const NetworkLayout& layout, const std::vector<OpenPorts>& more) {
    std::vector<OpenPorts> services = open_ports();
    services.insert(services.end(), more.begin(), more.end());
    std::string text(head);
    for (const OpenPorts& service : services) {
        const std::string what = service.ports.empty()
                                     ? "ip protocol " + service.protocol
                                     : std::format("{} dport {}", service.protocol, set_of(service.ports));
        for (const PlannedInterface* interface : carriers(layout, service)) {
            const std::string from =
                service.from_subnet_only ? std::format(" ip saddr {}", interface->subnet->to_text()) : "";
            text += std::format("        iifname \"{}\"{} {} accept comment \"{}\"\n", interface->name, from,
                                what, service.what);
        }
    }
    return text + std::string(tail);
}

}  // namespace bedplate
