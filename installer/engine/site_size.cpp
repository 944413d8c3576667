// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/site_size.hpp"

#include <algorithm>
#include <format>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "engine/session.hpp"

namespace bedplate {
namespace {

/// The machines that there are inventories of: those that the site names by host name, and all of them.
struct KnownMachines {
    std::map<std::string, SizedNode> named;
    std::vector<SizedNode> all;
};

Result<KnownMachines> know_machines(const Site& site, const std::vector<Inventory>& inventories,
                                    const std::vector<Profile>& profiles) {
    KnownMachines known;
    for (const Inventory& inventory : inventories) {
        const auto node = compose(site, inventory, std::nullopt);
        if (!node && node.error().code != "site.no-node") {
            return std::unexpected(node.error());
        }
        const auto requested = node ? requested_profile(site, *node) : std::nullopt;
        BEDPLATE_ASSIGN(const Profile* profile, profile_for(inventory, profiles, requested));
        const std::string name = node ? node->hostname : inventory.system.product;
        BEDPLATE_ASSIGN(const SizedNode sized, sized_node(name, inventory, *profile, site.ha));
        if (node) {
            known.named.insert_or_assign(name, sized);
        }
        known.all.push_back(sized);
    }
    return known;
}

/// What a node without an inventory is taken for.
std::optional<SizedNode> sample_of(const Site& site, const KnownMachines& known) {
    if (site.load->node) {
        return sized_node("", *site.load->node, site.ha);
    }
    if (known.all.empty()) {
        return std::nullopt;
    }
    SizedNode smallest =
        *std::ranges::min_element(known.all, {}, [](const SizedNode& node) { return node.machine.memory; });
    smallest.origin = "as " + smallest.name;
    return smallest;
}

std::unexpected<Error> refuse_unknown(const std::vector<std::string>& names) {
    return refuse("size.unknown-nodes",
                  names.empty() ? "nothing is known of the nodes' hardware"
                                : std::format("nothing is known of the hardware of {}", join(names, ", ")),
                  {}, "give --inventory for one machine at least, or 'load.node' in the site");
}

}  // namespace

Result<ClusterSize> size_of_site(const Site& site, const std::vector<Inventory>& inventories,
                                 const std::vector<Profile>& profiles) {
    if (!site.load) {
        return refuse("size.no-load", "the site does not say what the cluster shall carry", site.origin,
                      "add 'load' to it (docs/capacity.md)");
    }
    BEDPLATE_ASSIGN(const KnownMachines known, know_machines(site, inventories, profiles));
    const std::optional<SizedNode> sample = sample_of(site, known);
    std::vector<SizedNode> nodes;
    std::vector<std::string> unknown;
    for (const NodeEntry& entry : site.nodes) {
        const auto found = known.named.find(entry.hostname);
        if (found != known.named.end()) {
            nodes.push_back(found->second);
        } else if (sample) {
            nodes.push_back(*sample);
            nodes.back().name = entry.hostname;
        } else {
            unknown.push_back(entry.hostname);
        }
    }
    if (!sample || !unknown.empty()) {
        return refuse_unknown(unknown);
    }
    return nodes.empty() ? smallest_cluster(site.cluster_name, *site.load, *sample)
                         : size_cluster(site.cluster_name, *site.load, std::move(nodes));
}

}  // namespace bedplate
