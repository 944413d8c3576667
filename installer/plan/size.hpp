// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/report.hpp"
#include "base/result.hpp"
#include "cluster/ha_policy.hpp"
#include "inventory/inventory.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// A node as sizing sees it.
struct SizedNode {
    std::string name;
    NodeMachine machine;    ///< `control` is set by size_cluster()
    CapacityPolicy policy;  ///< what is held back, and overcommitment
    Bytes storage;          ///< of all its OSDs, raw
    std::string origin;     ///< "inventory", "as node1", "load.node"
};

/// The node that the machine would be with this profile: its OSDs are the disks that the profile chooses for
/// them, whatever is on these now. The site's own reserve and overcommitment win over the profile's. Errors
/// (refused): those of assign_roles().
[[nodiscard]] Result<SizedNode> sized_node(std::string name, const Inventory& inventory,
                                           const Profile& profile, const HaSettings& ha);
/// The one that the site's load assumes.
[[nodiscard]] SizedNode sized_node(std::string name, const AssumedNode& assumed, const HaSettings& ha);

/// Nodes that carry `peak`, rounded up: peak x burst factor / (per node x parallelism). Factors in
/// thousandths. 0 for no load; nullopt where a node carries nothing.
[[nodiscard]] std::optional<std::uint64_t> nodes_needed(std::uint64_t peak, std::uint64_t burst_factor,
                                                        std::uint64_t per_node, std::uint64_t parallelism);

/// The most that can be kept with each piece `copies` times on different hosts, of which some may be larger
/// than others: the least of (all but the k largest) / (copies - k). In the unit of `hosts`.
[[nodiscard]] std::uint64_t usable_space(std::vector<std::uint64_t> hosts, std::size_t copies);

/// One thing that nodes have and the load wants.
struct SizeDimension {
    std::string name;                     ///< "memory", "processors", or that of a rate
    std::string unit;                     ///< "MiB", "virtual CPUs", "a second"
    std::uint64_t peak = 0;               ///< of the whole cluster
    std::uint64_t burst_factor = 1000;    ///< thousandths
    std::uint64_t parallelism = 1000;     ///< thousandths
    std::uint64_t per_node = 0;           ///< what the smallest node carries, before `parallelism`
    std::optional<std::uint64_t> needed;  ///< nodes; nullopt: no number of them would do
    std::uint64_t wanted = 0;             ///< peak x burst factor, rounded up
    std::vector<std::uint64_t> carried;   ///< by each node, with `parallelism`; in the order of the nodes
    std::size_t survives = 0;             ///< how many nodes may be lost at a time, the largest first
};

/// Ceph's space, in MiB, each piece of data counted once.
struct SizeSpace {
    std::size_t copies = 3, copies_after = 3;  ///< copies_after: with one host less
    std::size_t spare_copies = 1;  ///< how many hosts may be lost at a time without losing service
    std::uint64_t raw = 0, usable = 0;
    std::uint64_t usable_after = 0;  ///< with the largest host lost
    std::uint64_t wanted = 0, growth = 0;
    std::optional<std::uint64_t> months;  ///< until usable_after is reached; nullopt: it does not grow
    std::size_t largest = 0;              ///< which node has most
    std::size_t survives = 0;
};

/// What `bedplate size` answers.
struct ClusterSize {
    static constexpr std::string_view schema = "bedplate/size/v1";
    std::string cluster;
    std::vector<SizedNode> nodes;
    std::vector<SizeDimension> dimensions;
    SizeSpace space;
    std::uint64_t needed = 0;  ///< nodes that carry the load
    std::size_t quorum = 0;    ///< nodes that may be lost at a time without losing majorities
    std::size_t survives = 0;  ///< the least of all
    Report findings;
};

/// Share of a node's space that is filled before Ceph calls it nearly full, in percent.
inline constexpr std::uint64_t near_full_percent = 85;

/// Judge a cluster of these nodes. Pure. Findings: as errors size.too-few and size.space (the load does not
/// fit at all), size.machine (a machine is larger than any node); as warnings, below N+1: size.no-spare,
/// size.space-spare, size.no-quorum, size.copies (service ends with a host); size.growth; as notes
/// size.copies (copies become fewer), size.nothing (the load says nothing).
[[nodiscard]] ClusterSize size_cluster(const std::string& cluster, const Load& load,
                                       std::vector<SizedNode> nodes);

/// Clusters of one kind of node, beginning with one: the first that survives the loss of a node, or 1000.
[[nodiscard]] ClusterSize smallest_cluster(const std::string& cluster, const Load& load,
                                           const SizedNode& sample);

/// What size_cluster() finds.
[[nodiscard]] Report size_findings(const ClusterSize& size, const Load& load);

/// The answer for 80 columns: formulas with their numbers, each node's share before and after the loss of the
/// largest as bars, findings.
[[nodiscard]] std::string to_text(const ClusterSize& size);
[[nodiscard]] Json to_json(const ClusterSize& size);

}  // namespace bedplate
