// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cctype>
#include <format>
#include <iterator>

#include "base/text.hpp"
#include "profile/profile.hpp"

namespace bedplate {

namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// SMBIOS 2.6 (7.2.1) stores the first three fields little-endian; older firmware and some tools do not, so
/// that one machine shows two UUIDs ("4c4c4544-..." and "44454c4c-...").
Guid with_fields_swapped(const Guid& guid) {
    auto bytes = guid.bytes();
    std::ranges::reverse(bytes.begin(), bytes.begin() + 4);
    std::ranges::reverse(bytes.begin() + 4, bytes.begin() + 6);
    std::ranges::reverse(bytes.begin() + 6, bytes.begin() + 8);
    return Guid(bytes);
}

bool is_uuid_of(const std::string& wanted, const SystemFacts& system) {
    const auto a = Guid::parse(wanted);
    const auto b = Guid::parse(system.uuid);
    return a && b && (*a == *b || with_fields_swapped(*a) == *b);
}

bool has_mac(const Inventory& inventory, const std::string& wanted) {
    const auto mac = MacAddress::parse(wanted);
    const auto is_it = [&](const std::string& text) {
        const auto own = MacAddress::parse(text);
        return mac && own && *mac == *own;
    };
    return std::ranges::any_of(inventory.nics, [&](const Nic& nic) {
        return !never_a_candidate(nic) && (is_it(nic.permanent_mac) || is_it(nic.mac));
    });
}

/// Why the entry is not for this machine; nullopt: it is.
std::optional<std::string> mismatch(const NodeEntry& entry, const Inventory& inventory) {
    const auto or_unknown = [](const std::string& text) { return text.empty() ? "unknown" : text; };
    if (entry.match_service_tag && !equal_ignoring_case(*entry.match_service_tag, inventory.system.serial)) {
        return std::format("the service tag is {}, wanted {}", or_unknown(inventory.system.serial),
                           *entry.match_service_tag);
    }
    if (entry.match_uuid && !is_uuid_of(*entry.match_uuid, inventory.system)) {
        return std::format("the UUID is {}, wanted {}", or_unknown(inventory.system.uuid), *entry.match_uuid);
    }
    if (entry.match_mac && !has_mac(inventory, *entry.match_mac)) {
        return std::format("no port has the MAC address {}", *entry.match_mac);
    }
    return std::nullopt;
}

Result<const NodeEntry*> entry_named(const Site& site, const std::string& hostname) {
    std::vector<std::string> names;
    for (const NodeEntry& entry : site.nodes) {
        if (entry.hostname == hostname) {
            return &entry;
        }
        names.push_back(entry.hostname);
    }
    const auto near = did_you_mean(hostname, names);
    return refuse("site.no-node",
                  std::format("the site has no node '{}'{}", hostname,
                              near ? std::format(" (did you mean '{}'?)", *near) : ""),
                  site.origin, names.empty() ? "it has no nodes at all" : "its nodes: " + join(names, ", "));
}

Result<const NodeEntry*> entry_for(const Site& site, const Inventory& inventory) {
    std::vector<const NodeEntry*> fitting;
    std::string reasons;
    for (const NodeEntry& entry : site.nodes) {
        if (const auto why_not = mismatch(entry, inventory)) {
            reasons += std::format("\n  {}: {}", entry.hostname, *why_not);
        } else {
            fitting.push_back(&entry);
        }
    }
    if (fitting.size() == 1) {
        return fitting.front();
    }
    if (fitting.empty()) {
        return refuse("site.no-node",
                      site.nodes.empty() ? "the site has no nodes at all"
                                         : "no node of the site is this machine:" + reasons,
                      site.origin, "add an entry with this machine's service tag, UUID or MAC address");
    }
    std::string names;
    for (const NodeEntry* entry : fitting) {
        names += std::format("{}{}", names.empty() ? "" : ", ", entry->hostname);
    }
    return refuse("site.ambiguous-node", std::format("several nodes of the site are this machine: {}", names),
                  site.origin, "let each entry name the service tag of one machine");
}

/// This node's address in every network that has a subnet and for which the entry gives a host part.
Result<std::map<std::string, Ipv4>> addresses(const Site& site, const NodeEntry& entry) {
    std::map<std::string, Ipv4> result;
    for (const auto& [name, network] : site.networks) {
        const auto own = entry.address.find(name);
        const auto part = own != entry.address.end() ? own : entry.address.find("*");
        if (!network.subnet || part == entry.address.end()) {
            continue;
        }
        const auto address = network.subnet->host(part->second);
        if (!address) {
            return refuse(
                "site.address",
                std::format("node '{}', network '{}': {}", entry.hostname, name, address.error().message),
                site.origin, address.error().hint);
        }
        result.emplace(name, *address);
    }
    return result;
}

/// The addresses of all other nodes; what can not be one has been reported by the loader.
std::map<std::string, std::vector<Ipv4>> peers(const Site& site, const NodeEntry& self) {
    std::map<std::string, std::vector<Ipv4>> result;
    for (const NodeEntry& entry : site.nodes) {
        if (entry.hostname == self.hostname) {
            continue;
        }
        for (const auto& [name, address] : addresses(site, entry).value_or(std::map<std::string, Ipv4>{})) {
            result[name].push_back(address);
        }
    }
    for (auto& [name, list] : result) {
        std::ranges::sort(list);
    }
    return result;
}

/// The edge, where the site has one; what can not be has been reported by the loader.
std::optional<NodeEdge> edge_of(const Site& site) {
    if (!site.edge) {
        return std::nullopt;
    }
    const EdgeSpec& spec = *site.edge;
    const auto network = site.networks.find(spec.network);
    if (network == site.networks.end() || !network->second.subnet) {
        return std::nullopt;
    }
    const auto address = network->second.subnet->host(spec.host);
    if (!address) {
        return std::nullopt;
    }
    NodeEdge edge{.spec = spec, .address = *address, .subnet = *network->second.subnet};
    for (const NodeEntry& entry : site.nodes) {
        const auto own = addresses(site, entry).value_or(std::map<std::string, Ipv4>{});
        if (own.contains(spec.network) && std::ranges::contains(spec.nodes, entry.hostname)) {
            edge.nodes.emplace(entry.hostname, own.at(spec.network));
        }
    }
    return edge;
}

/// Those of the edge that need a certificate on this node.
std::vector<EdgeServiceSpec> secured_services(const NodeSpec& node) {
    std::vector<EdgeServiceSpec> services;
    if (node.edge && node.edge->may_be_on(node.hostname)) {
        std::ranges::copy_if(node.edge->spec.http, std::back_inserter(services),
                             [](const EdgeServiceSpec& service) { return !service.certificate.empty(); });
    }
    return services;
}

}  // namespace

std::optional<Secret> node_secrets(const Secrets& secrets, const NodeSpec& node) {
    Json document = Json::object();
    if (node.logs.elasticsearch && secrets.elasticsearch) {
        document["elasticsearch"] = {{"user", secrets.elasticsearch->user.reveal()},
                                     {"password", secrets.elasticsearch->password.reveal()}};
    }
    for (const EdgeServiceSpec& service : secured_services(node)) {
        const auto found = secrets.edge_certificates.find(service.certificate);
        if (found != secrets.edge_certificates.end()) {
            document["edge_certificates"][found->first] = found->second.reveal();
        }
    }
    if (document.empty()) {
        return std::nullopt;
    }
    document["schema"] = "bedplate/node-secrets/v1";
    return Secret(document.dump(2) + "\n");
}

bool needs_secrets(const NodeSpec& node) {
    return node.logs.elasticsearch || !secured_services(node).empty();
}

Guid ceph_fsid(const Site& site) {
    return site.fsid.value_or(Guid::derive(
        std::format("bedplate/v1\ncluster {}\ndomain {}", site.cluster_name, site.domain), "ceph fsid"));
}

Result<NodeSpec> compose(const Site& site, const Inventory& inventory,
                         const std::optional<std::string>& hostname) {
    BEDPLATE_ASSIGN(const NodeEntry* entry,
                    hostname ? entry_named(site, *hostname) : entry_for(site, inventory));
    BEDPLATE_ASSIGN(auto node_addresses, addresses(site, *entry));
    return NodeSpec{.hostname = entry->hostname,
                    .cluster_name = site.cluster_name,
                    .domain = site.domain,
                    .timezone = site.timezone,
                    .fsid = ceph_fsid(site),
                    .ntp = site.ntp,
                    .dns = site.dns,
                    .networks = site.networks,
                    .addresses = std::move(node_addresses),
                    .peers = peers(site, *entry),
                    .cluster = entry->cluster,
                    .ssh_authorized_keys = site.ssh_authorized_keys,
                    .root_password_hash = site.root_password_hash,
                    .install = site.install,
                    .monitoring = site.monitoring,
                    .logs = site.logs,
                    .edge = edge_of(site),
                    .vms = site.vms,
                    .wipe = entry->wipe,
                    .ha = site.ha,
                    .bmc = entry->bmc,
                    .site_digest = site.digest};
}

Report check_networks(const NodeSpec& node, const Profile& profile) {
    Report report;
    const auto add = [&](Severity severity, std::string code, const std::string& network,
                         std::string message) {
        report.add({.severity = severity,
                    .code = std::move(code),
                    .path = "network.roles." + network,
                    .where = {profile.origin},
                    .message = std::move(message),
                    .hint = {}});
    };
    for (const auto& [name, network] : node.networks) {
        const auto role = profile.network.roles.find(name);
        if (role == profile.network.roles.end()) {
            add(Severity::warning, "profile.network-without-bond", name,
                std::format(
                    "the site has a network '{}', for which the profile {} has no bond: the node will "
                    "not be in it",
                    name, profile.name));
            continue;
        }
        const auto bond = std::ranges::find(profile.network.bonds, role->second, &Bond::name);
        // An overlay stands on another network, not on the bond: its size is checked with the site.
        if (bond != profile.network.bonds.end() && network.mtu && !network.vxlan &&
            *network.mtu > bond->mtu) {
            add(Severity::error, "profile.network-mtu", name,
                std::format("the network '{}' wants packets of {} bytes, its bond {} carries {}", name,
                            *network.mtu, bond->name, bond->mtu));
        }
    }
    return report;
}

std::optional<std::string> requested_profile(const Site& site, const NodeSpec& spec) {
    const auto entry = std::ranges::find(site.nodes, spec.hostname, &NodeEntry::hostname);
    return entry != site.nodes.end() ? entry->profile : std::nullopt;
}

}  // namespace bedplate
