// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/removal.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate {
namespace {

std::vector<std::string> without(std::vector<std::string> names, const std::string& name) {
    std::erase(names, name);
    return names;
}

std::size_t majority(std::size_t voters) {
    return voters / 2 + 1;
}

Result<void> have(const std::vector<std::string>& there, std::size_t needed, const RemovalFacts& facts,
                  std::string_view what) {
    if (there.size() >= needed) {
        return {};
    }
    return refuse(
        "node.quorum",
        std::format("{} would stop with {} taken out: {} of {} that are needed are there ({})", what,
                    facts.node, there.size(), needed, there.empty() ? "none" : join(there, ", ")),
        {}, "start the nodes that are down first, or add one");
}

/// Monitors and etcd's members are taken off a list that they decide on themselves, the one that goes
/// included; what is left is a list of its own.
Result<void> keeps_majority(const Voters& voters, const RemovalFacts& facts, std::string_view what) {
    if (!std::ranges::contains(voters.all, facts.node)) {
        return {};
    }
    BEDPLATE_TRY(have(voters.present, majority(voters.all.size()), facts, what));
    return have(without(voters.present, facts.node), majority(voters.all.size() - 1), facts, what);
}

/// corosync is stopped on the node first, while the others still count it. Two need only one of them.
Result<void> keeps_quorum(const RemovalFacts& facts) {
    const std::size_t nodes = facts.corosync.all.size();
    return have(without(facts.corosync.present, facts.node), nodes <= 2 ? 1 : majority(nodes), facts,
                "the cluster's quorum");
}

}  // namespace

Result<void> may_remove(const RemovalFacts& facts) {
    const auto& nodes = facts.corosync.all;
    if (!std::ranges::contains(nodes, facts.node)) {
        return refuse("node.unknown",
                      std::format("the cluster has no node {}; it has {}", facts.node, join(nodes, ", ")));
    }
    if (facts.node == facts.self) {
        return refuse("node.self", "a node cannot take itself out of its cluster", {},
                      nodes.size() == 1 ? "a cluster of one ends when its node is reinstalled"
                                        : "do this on another node");
    }
    BEDPLATE_TRY(keeps_quorum(facts));
    BEDPLATE_TRY(keeps_majority(facts.etcd, facts, "the registry (etcd)"));
    BEDPLATE_TRY(keeps_majority(facts.monitors, facts, "Ceph's monitors"));
    if (facts.osds.empty()) {
        return {};
    }
    if (facts.purge && facts.hosts_with_osds - 1 < facts.copies) {
        return refuse("node.copies",
                      std::format("{} hosts with OSDs would be left for pools of {} copies",
                                  facts.hosts_with_osds - 1, facts.copies),
                      {}, "add a node first, or keep the OSDs for a reinstallation (without --purge-osds)");
    }
    // OSDs that are purged are emptied first, while they run.
    if (!facts.purge && !facts.osds_may_stop) {
        return refuse("node.data",
                      std::format("data is only on OSDs of {}, or too few copies would be left to write to",
                                  facts.node),
                      {}, "wait until 'ceph status' says that every placement group is active+clean");
    }
    return {};
}

}  // namespace bedplate
