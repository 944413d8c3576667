// SPDX-License-Identifier: GPL-3.0-or-later
// How many nodes a load needs, and what is left when one of them is lost. Whole numbers only: MiB,
// thousandths.
#include "plan/size.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <functional>
#include <limits>
#include <numeric>

#include "cluster/cluster.hpp"
#include "cluster/files.hpp"
#include "plan/selection.hpp"

namespace bedplate {
namespace {

constexpr std::uint64_t thousand = 1000;

std::uint64_t thousandths(double factor) {
    return static_cast<std::uint64_t>(std::llround(factor * static_cast<double>(thousand)));
}

std::uint64_t whole_mib(Bytes size) {
    return size.ceil_to(mib(1)).value >> 20U;
}

constexpr std::uint64_t divide_up(std::uint64_t dividend, std::uint64_t divisor) {
    return dividend / divisor + (dividend % divisor == 0 ? 0 : 1);
}

CapacityPolicy policy_of(const HaSettings& ha, std::uint32_t reserve_percent, double overcommit) {
    CapacityPolicy policy;
    policy.reserve_percent = ha.reserve_percent.value_or(reserve_percent);
    policy.memory_overcommit = ha.memory_overcommit.value_or(overcommit);
    policy.cpu_overcommit = ha.cpu_overcommit.value_or(policy.cpu_overcommit);
    return policy;
}

/// How many of the largest may be missing, so that the rest still carries `wanted`.
std::size_t losses_survived(std::vector<std::uint64_t> carried, std::uint64_t wanted) {
    std::ranges::sort(carried);  // the largest last
    std::uint64_t rest = std::reduce(carried.begin(), carried.end());
    std::size_t lost = 0;
    while (!carried.empty() && rest >= wanted && rest - carried.back() >= wanted) {
        rest -= carried.back();
        carried.pop_back();
        ++lost;
    }
    return lost;
}

/// Fills in what follows from peak, factors and what each node has.
void judge_dimension(SizeDimension& dimension, const std::vector<std::uint64_t>& nodes) {
    dimension.per_node = nodes.empty() ? 0 : *std::ranges::min_element(nodes);
    dimension.needed =
        nodes_needed(dimension.peak, dimension.burst_factor, dimension.per_node, dimension.parallelism);
    dimension.wanted = divide_up(dimension.peak * dimension.burst_factor, thousand);
    for (const std::uint64_t node : nodes) {
        dimension.carried.push_back(node * dimension.parallelism / thousand);
    }
    dimension.survives = losses_survived(dimension.carried, dimension.wanted);
}

std::vector<std::uint64_t> of_nodes(const std::vector<SizedNode>& nodes,
                                    const std::function<std::uint64_t(const SizedNode&)>& value) {
    std::vector<std::uint64_t> values;
    std::ranges::transform(nodes, std::back_inserter(values), value);
    return values;
}

std::uint64_t sum_of(const Load& load, const std::function<std::uint64_t(const MachineLoad&)>& value) {
    std::uint64_t sum = 0;
    for (const MachineLoad& kind : load.machines) {
        sum += kind.count * value(kind);
    }
    return sum;
}

std::vector<SizeDimension> judge_load(const Load& load, const std::vector<SizedNode>& nodes) {
    SizeDimension memory{.name = "memory", .unit = "MiB", .peak = sum_of(load, [](const MachineLoad& kind) {
                                                              return whole_mib(kind.memory);
                                                          })};
    judge_dimension(memory, of_nodes(nodes, [](const SizedNode& node) {
                        return node_capacity(node.machine, node.policy).hv_memory;
                    }));
    SizeDimension processors{
        .name = "processors",
        .unit = "virtual CPUs",
        .peak = sum_of(load, [](const MachineLoad& kind) { return std::uint64_t{kind.cpus}; }),
        .burst_factor = thousandths(load.burst_factor),
        .parallelism = thousandths(load.parallelism)};
    judge_dimension(processors, of_nodes(nodes, [](const SizedNode& node) {
                        return node_capacity(node.machine, node.policy).threads;
                    }));
    std::vector<SizeDimension> all{std::move(memory), std::move(processors)};
    for (const RateLoad& rate : load.rates) {
        SizeDimension dimension{.name = rate.name,
                                .unit = "a second",
                                .peak = rate.peak,
                                .burst_factor = thousandths(rate.burst_factor),
                                .parallelism = thousandths(rate.parallelism)};
        judge_dimension(dimension, std::vector<std::uint64_t>(nodes.size(), rate.per_node));
        all.push_back(std::move(dimension));
    }
    return all;
}

std::vector<std::uint64_t> without_largest(std::vector<std::uint64_t> hosts, std::size_t count) {
    std::ranges::sort(hosts, std::greater{});
    hosts.erase(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(std::min(count, hosts.size())));
    return hosts;
}

/// Space on these hosts, which is all that is left of a pool with `copies`; fewer copies where there are
/// fewer hosts, as Ceph goes on with those that are left.
std::uint64_t space_on(const std::vector<std::uint64_t>& hosts, std::size_t copies) {
    std::vector<std::uint64_t> filled = hosts;
    for (std::uint64_t& host : filled) {
        host = host * near_full_percent / 100;
    }
    return usable_space(std::move(filled), std::min(copies, hosts.size()));
}

SizeSpace judge_space(const Load& load, const std::vector<SizedNode>& nodes) {
    SizeSpace space;
    const auto raw = of_nodes(nodes, [](const SizedNode& node) { return whole_mib(node.storage); });
    std::vector<std::uint64_t> hosts;
    std::size_t osds = 0;
    for (const SizedNode& node : nodes) {
        osds += node.machine.osds;
        if (node.storage.value > 0) {
            hosts.push_back(whole_mib(node.storage));
        }
    }
    const PoolPolicy pool = pool_policy(hosts.size(), osds);
    space.copies = pool.size;
    space.copies_after = std::min(pool.size, hosts.empty() ? 0 : hosts.size() - 1);
    space.spare_copies = pool.across_hosts ? pool.size - pool.min_size : 0;
    space.raw = std::reduce(raw.begin(), raw.end());
    space.usable = pool.across_hosts || hosts.empty() ? space_on(hosts, pool.size)
                                                      : hosts.front() * near_full_percent / 100 / pool.size;
    space.usable_after = space_on(without_largest(hosts, 1), pool.size);
    space.wanted = load.storage ? whole_mib(*load.storage)
                                : sum_of(load, [](const MachineLoad& kind) { return whole_mib(kind.disk); });
    space.growth = whole_mib(load.growth_per_month);
    if (space.growth > 0) {
        space.months =
            space.usable_after > space.wanted ? (space.usable_after - space.wanted) / space.growth : 0;
    }
    space.largest = raw.empty() ? 0 : static_cast<std::size_t>(std::ranges::max_element(raw) - raw.begin());
    while (space.survives < space.spare_copies &&
           space_on(without_largest(hosts, space.survives + 1), pool.size) >= space.wanted) {
        ++space.survives;
    }
    return space;
}

/// Majorities of corosync's votes and of the control nodes' monitors and etcd members. Two nodes have a rule
/// of their own in corosync; what they keep in etcd needs both.
std::size_t quorum_survives(std::size_t nodes) {
    const std::size_t control = std::min(nodes, control_nodes_wanted(nodes));
    const auto spare = [](std::size_t members) { return members == 0 ? 0 : (members - 1) / 2; };
    return std::min(spare(nodes), spare(control));
}

void mark_control(std::vector<SizedNode>& nodes) {
    const std::size_t control = control_nodes_wanted(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        nodes[i].machine.control = i < control;
    }
}

std::uint64_t most_needed(const ClusterSize& size) {
    std::uint64_t needed = 0;
    for (const SizeDimension& dimension : size.dimensions) {
        needed = std::max(needed, dimension.needed.value_or(0));
    }
    return needed;
}

std::size_t least_survived(const ClusterSize& size) {
    std::size_t least = std::min(size.quorum, size.nodes.empty() ? 0 : size.nodes.size() - 1);
    for (const SizeDimension& dimension : size.dimensions) {
        least = std::min(least, dimension.survives);
    }
    return size.space.raw == 0 && size.space.wanted == 0
               ? least
               : std::min({least, size.space.spare_copies, size.space.survives});
}

}  // namespace

Result<SizedNode> sized_node(std::string name, const Inventory& inventory, const Profile& profile,
                             const HaSettings& ha) {
    BEDPLATE_ASSIGN(const DiskRoles roles, assign_roles(profile, inventory));
    SizedNode node{
        .name = std::move(name),
        .machine = {.threads = inventory.cpu.threads,
                    .memory = inventory.memory.total,
                    .osds = 0,
                    .osd_memory_target = profile.ceph.osd_memory_target,
                    .control = false},
        .policy = policy_of(ha, profile.kvm.reserved_host_memory_percent, profile.kvm.memory_overcommit),
        .storage = {},
        .origin = "inventory"};
    for (std::size_t i = 0; i < inventory.disks.size(); ++i) {
        if (roles.roles[i] == PlannedRole::osd) {
            node.machine.osds += 1;
            node.storage += inventory.disks[i].size;
        }
    }
    return node;
}

SizedNode sized_node(std::string name, const AssumedNode& assumed, const HaSettings& ha) {
    return {.name = std::move(name),
            .machine = {.threads = assumed.threads,
                        .memory = assumed.memory,
                        .osds = assumed.osds,
                        .osd_memory_target = CephProfile{}.osd_memory_target,
                        .control = false},
            .policy = policy_of(ha, KvmProfile{}.reserved_host_memory_percent, assumed.memory_overcommit),
            .storage = assumed.storage,
            .origin = "load.node"};
}

std::optional<std::uint64_t> nodes_needed(std::uint64_t peak, std::uint64_t burst_factor,
                                          std::uint64_t per_node, std::uint64_t parallelism) {
    if (peak == 0) {
        return 0;
    }
    if (per_node == 0 || parallelism == 0) {
        return std::nullopt;
    }
    return divide_up(peak * burst_factor, per_node * parallelism);
}

std::uint64_t usable_space(std::vector<std::uint64_t> hosts, std::size_t copies) {
    if (copies == 0 || hosts.size() < copies) {
        return 0;
    }
    std::ranges::sort(hosts, std::greater{});
    std::uint64_t rest = std::reduce(hosts.begin(), hosts.end());
    std::uint64_t usable = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t k = 0; k < copies; ++k) {
        usable = std::min(usable, rest / (copies - k));
        rest -= hosts[k];
    }
    return usable;
}

ClusterSize size_cluster(const std::string& cluster, const Load& load, std::vector<SizedNode> nodes) {
    ClusterSize size;
    size.cluster = cluster;
    mark_control(nodes);
    size.nodes = std::move(nodes);
    size.dimensions = judge_load(load, size.nodes);
    size.space = judge_space(load, size.nodes);
    size.needed = most_needed(size);
    size.quorum = quorum_survives(size.nodes.size());
    size.survives = least_survived(size);
    size.findings = size_findings(size, load);
    return size;
}

ClusterSize smallest_cluster(const std::string& cluster, const Load& load, const SizedNode& sample) {
    constexpr std::size_t most = 1000;
    std::vector<SizedNode> nodes;
    for (;;) {
        nodes.push_back(sample);
        nodes.back().name = std::format("node{}", nodes.size());
        ClusterSize size = size_cluster(cluster, load, nodes);
        if (size.survives > 0 || nodes.size() == most) {
            return size;
        }
    }
}

}  // namespace bedplate
