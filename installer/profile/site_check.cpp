// SPDX-License-Identifier: GPL-3.0-or-later
// What has to hold between keys of a site that stand far apart.
#include <algorithm>
#include <format>
#include <map>

#include "profile/tables.hpp"

namespace bedplate::fields {

namespace {

using NamedNetwork = std::pair<const std::string, NetworkSpec>;

/// The place of `networks.<name>` or of one of its keys.
const YamlNode& place_of(const YamlNode& networks, const std::string& name, std::string_view key = {}) {
    const YamlNode* network = networks.find(name);
    if (network == nullptr) {
        return networks;
    }
    const YamlNode* value = key.empty() ? nullptr : network->find(key);
    return value != nullptr ? *value : *network;
}

/// The key is written there, whether or not its value could be read.
bool is_written(const YamlNode& networks, const std::string& name, std::string_view key) {
    const YamlNode* network = networks.find(name);
    return network != nullptr && network->find(key) != nullptr;
}

/// What carries an overlay has addresses of its own and carries whole packets of it.
void check_vxlan(Reader& reader, const YamlNode& networks, const NamedNetwork& entry,
                 const std::map<std::string, NetworkSpec>& all) {
    const auto& [name, network] = entry;
    if (!network.vxlan || network.vxlan->over.empty()) {
        return;
    }
    const YamlNode& place = place_of(networks, name, "vxlan");
    const auto under = all.find(network.vxlan->over);
    if (under == all.end() || under->first == name || under->second.vxlan || !under->second.subnet) {
        reader.error(place, "site.vxlan",
                     std::format("'{}' can not carry an overlay: it is no network with addresses of its own",
                                 network.vxlan->over));
        return;
    }
    constexpr std::uint32_t overhead = 50;  // RFC 7348: Ethernet, IPv4, UDP and VXLAN headers
    const std::uint32_t inner = network.mtu.value_or(1500);
    const std::uint32_t outer = under->second.mtu.value_or(1500);
    if (inner + overhead > outer) {
        reader.error(place, "site.vxlan",
                     std::format("packets of {} bytes and {} of the overlay do not fit into the {} of '{}'",
                                 inner, overhead, outer, under->first),
                     std::format("give '{}' an mtu of {} at most, or the other network a larger one", name,
                                 outer - overhead));
    }
}

void check_network(Reader& reader, const YamlNode& networks, const NamedNetwork& entry,
                   const std::map<std::string, NetworkSpec>& all) {
    const auto& [name, network] = entry;
    if (name == "management" && !is_written(networks, name, "subnet")) {
        reader.error(place_of(networks, name), "site.no-subnet",
                     "the management network needs a subnet: every node has an address there");
    }
    check_vxlan(reader, networks, entry, all);
    if (!network.gateway) {
        return;
    }
    const YamlNode& place = place_of(networks, name, "gateway");
    if (!network.subnet) {
        if (!is_written(networks, name, "subnet")) {
            reader.error(place, "site.gateway", "a gateway without a subnet cannot be reached");
        }
        return;
    }
    const std::uint32_t offset = network.gateway->value() - network.subnet->network.value();
    if (!network.subnet->contains(*network.gateway)) {
        reader.error(place, "site.gateway",
                     std::format("the gateway {} is not in {}", network.gateway->to_text(),
                                 network.subnet->to_text()));
    } else if (!network.subnet->host(offset)) {
        reader.error(place, "site.gateway",
                     std::format("{} is no host's address in {}", network.gateway->to_text(),
                                 network.subnet->to_text()));
    }
}

bool overlap(const Cidr& a, const Cidr& b) {
    return a.contains(b.network) || b.contains(a.network);
}

void check_pair(Reader& reader, const YamlNode& networks, const NamedNetwork& a, const NamedNetwork& b) {
    if (a.second.vlan && a.second.vlan == b.second.vlan) {
        reader.error(
            place_of(networks, b.first, "vlan"), "site.duplicate-vlan",
            std::format("VLAN {} is that of the network '{}' already", b.second.vlan->value(), a.first));
    }
    if (a.second.subnet && b.second.subnet && overlap(*a.second.subnet, *b.second.subnet)) {
        reader.error(place_of(networks, b.first, "subnet"), "site.overlapping-subnets",
                     std::format("{} overlaps {} of the network '{}'", b.second.subnet->to_text(),
                                 a.second.subnet->to_text(), a.first));
    }
    if (!a.second.bridge.empty() && a.second.bridge == b.second.bridge) {
        reader.error(
            place_of(networks, b.first, "bridge"), "site.duplicate-bridge",
            std::format("the bridge {} is that of the network '{}' already", b.second.bridge, a.first));
    }
    if (a.second.gateway && b.second.gateway) {
        reader.warning(
            place_of(networks, b.first, "gateway"), "site.two-gateways",
            std::format("the network '{}' has a gateway as well; only one can be the default route",
                        a.first));
    }
}

void check_networks(Reader& reader, const YamlNode& document, const Site& site) {
    const YamlNode* networks = document.find("networks");
    if (networks == nullptr) {
        return;
    }
    for (auto a = site.networks.begin(); a != site.networks.end(); ++a) {
        check_network(reader, *networks, *a, site.networks);
        for (auto b = std::next(a); b != site.networks.end(); ++b) {
            check_pair(reader, *networks, *a, *b);
        }
    }
}

/// Remembers which node said what first.
class FirstSeen {
public:
    /// The hostname of the node that said `value` before; nullopt where it is new.
    std::optional<std::string> remember(const std::string& value, const NodeEntry& node) {
        const auto [found, is_new] = seen_.emplace(value, node.hostname);
        return is_new ? std::nullopt : std::optional(found->second);
    }

private:
    std::map<std::string, std::string> seen_;
};

/// Goes over the nodes one by one and remembers what must not come twice.
class NodeChecks {
public:
    NodeChecks(Reader& reader, const Site& site) : reader_(reader), site_(site) {}

    void check(const YamlNode& place, const NodeEntry& node) {
        if (!node.hostname.empty()) {
            unique("hostname", node.hostname, place.find("hostname"), node);
        }
        check_match(place, node);
        check_addresses(place, node);
        if (node.cluster == NodeEntry::ClusterAction::create) {
            if (const auto other = creators_.remember("create", node)) {
                reader_.error(*place.find("cluster"), "site.two-creators",
                              std::format("'{}' creates the cluster already; all others join it", *other));
            }
        }
    }

private:
    void unique(const std::string& what, const std::string& value, const YamlNode* place,
                const NodeEntry& node) {
        if (const auto other = names_.remember(what + " " + value, node)) {
            reader_.error(*place, "site.duplicate-" + what,
                          std::format("the node '{}' has the {} {} already", *other, what, value));
        }
    }

    void check_match(const YamlNode& place, const NodeEntry& node) {
        const YamlNode* match = place.find("match");
        if (node.match_service_tag) {
            unique("service_tag", *node.match_service_tag, match->find("service_tag"), node);
        }
        if (node.match_uuid) {
            unique("uuid", *node.match_uuid, match->find("uuid"), node);
        }
        if (node.match_mac) {
            unique("mac", *node.match_mac, match->find("mac"), node);
        }
    }

    void check_addresses(const YamlNode& place, const NodeEntry& node) {
        const YamlNode* address = place.find("address");
        for (const auto& [network, part] : node.address) {
            const YamlNode* own = address->find(network);
            const YamlNode& where = own != nullptr ? *own : *address;
            if (network == "*") {
                for (const auto& [name, spec] : site_.networks) {
                    check_address(where, node, name, spec, part);
                }
            } else if (const auto spec = site_.networks.find(network); spec != site_.networks.end()) {
                check_listed(where, node, *spec, part);
            } else {
                reader_.error(where, "site.address", std::format("the site has no network '{}'", network));
            }
        }
        const bool reachable = node.address.contains("*") || node.address.contains("management");
        if (!node.address.empty() && !reachable && address->find("management") == nullptr) {
            reader_.error(*address, "site.address", "the node has no address in the management network");
        }
    }

    void check_listed(const YamlNode& where, const NodeEntry& node, const NamedNetwork& network,
                      std::uint64_t part) {
        if (!network.second.subnet) {
            reader_.error(
                where, "site.address",
                std::format("the network '{}' has no subnet to take an address from", network.first));
        }
        check_address(where, node, network.first, network.second, part);
    }

    void check_address(const YamlNode& where, const NodeEntry& node, const std::string& name,
                       const NetworkSpec& network, std::uint64_t part) {
        if (!network.subnet) {
            return;
        }
        const auto address = network.subnet->host(part);
        if (!address) {
            reader_.error(where, "site.address",
                          std::format("network '{}': {}", name, address.error().message),
                          address.error().hint);
            return;
        }
        if (network.gateway && *address == *network.gateway) {
            reader_.error(where, "site.address",
                          std::format("{} is the gateway of the network '{}'", address->to_text(), name));
        }
        if (const auto other = addresses_.remember(name + " " + address->to_text(), node)) {
            reader_.error(
                where, "site.duplicate-address",
                std::format("the node '{}' has the address {} already", *other, address->to_text()));
        }
    }

    Reader& reader_;
    const Site& site_;
    FirstSeen names_, addresses_, creators_;
};

void check_nodes(Reader& reader, const YamlNode& document, const Site& site) {
    const YamlNode* nodes = document.find("nodes");
    if (site.install.unattended && site.nodes.empty() && (nodes == nullptr || nodes->children.empty())) {
        reader.error(document, "site.no-nodes", "an unattended installation needs 'nodes': nobody is asked");
    }
    // Entries that are no maps at all have been reported and left out: then places and values do not pair up.
    if (nodes == nullptr || nodes->children.size() != site.nodes.size()) {
        return;
    }
    NodeChecks checks(reader, site);
    for (std::size_t i = 0; i < site.nodes.size(); ++i) {
        checks.check(*nodes->children[i], site.nodes[i]);
    }
}

/// The network is there for machines, and its bridge carries the VLAN.
void check_port(Reader& reader, const YamlNode& place, const Site& site, const VmPort& port) {
    const auto network = site.networks.find(port.network);
    if (network == site.networks.end() || network->second.bridge.empty()) {
        reader.error(place, "site.vm-network",
                     std::format("the site has no network '{}' with a bridge for machines", port.network),
                     "give that network a 'bridge'");
        return;
    }
    const auto& spec = network->second;
    const bool carried = !port.vlan || port.vlan == spec.vlan ||
                         std::ranges::any_of(spec.guest_vlans, [&](const VlanRange& range) {
                             return range.first <= *port.vlan && *port.vlan <= range.last;
                         });
    if (!carried) {
        reader.error(place, "site.vm-network",
                     std::format("the bridge of the network '{}' does not carry VLAN {}", port.network,
                                 port.vlan->value()),
                     "list it under 'guest_vlans' of that network");
    }
}

void check_vms(Reader& reader, const YamlNode& document, const Site& site) {
    const YamlNode* vms = document.find("vms");
    // As with nodes: what could not be read at all has been reported.
    if (vms == nullptr || vms->children.size() != site.vms.size()) {
        return;
    }
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < site.vms.size(); ++i) {
        const auto& vm = site.vms[i];
        const YamlNode& place = *vms->children[i];
        if (!vm.name.empty() && !seen.emplace(vm.name, i).second) {
            reader.error(*place.find("name"), "site.duplicate-vm",
                         std::format("another machine is called '{}' already", vm.name));
        }
        for (const auto& port : vm.networks) {
            check_port(reader, *place.find("networks"), site, port);
        }
    }
}

void check_access(Reader& reader, const YamlNode& document, const Site& site) {
    const YamlNode* access = document.find("access");
    const YamlNode* keys = access != nullptr ? access->find("ssh_authorized_keys") : nullptr;
    const bool key_written = keys != nullptr && !keys->children.empty();
    const YamlNode* hash = access != nullptr ? access->find("root_password_hash") : nullptr;
    const bool hash_written = hash != nullptr && hash->kind != YamlNode::Kind::null;
    if (site.ssh_authorized_keys.empty() && !site.root_password_hash && !key_written && !hash_written) {
        reader.warning(access != nullptr ? *access : document, "site.no-access",
                       "neither an ssh key nor a password: nobody will be able to log in");
    }
}

}  // namespace

void check_site(Reader& reader, const YamlNode& document, const Site& site) {
    check_networks(reader, document, site);
    check_access(reader, document, site);
    check_nodes(reader, document, site);
    check_vms(reader, document, site);
}

}  // namespace bedplate::fields
