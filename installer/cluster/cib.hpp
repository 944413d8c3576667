// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/cluster.hpp"
#include "cluster/fencing.hpp"
#include "cluster/ha_policy.hpp"

/// Pacemaker's configuration (schema pacemaker-4.0) as structs, and the one place that writes it as XML:
/// cluster options, fencing, the uplink's watch, and what others add to it.
namespace bedplate::cib {

/// Names and values of nvpairs, in their order.
using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Operation {
    std::string name;  ///< "monitor", "start", ...
    std::chrono::seconds interval{}, timeout{20};
};

/// A resource. Its id stands in the ids of everything in it.
struct Primitive {
    std::string id, standard, provider,
        type;  ///< "ocf", "heartbeat", "VirtualDomain"; stonith has no provider
    Pairs parameters, meta, utilization;
    std::vector<Operation> operations;
};

/// A resource that runs on every node.
struct Clone {
    Primitive primitive;
    Pairs meta;
};

struct Location {
    std::string id, resource, node, score;  ///< score: "-INFINITY", "100"
};

/// Machines whose id matches the pattern go where the node attribute is largest; where it is not known, it
/// counts nothing.
struct AttributePreference {
    std::string id, pattern, attribute;
};

/// The devices of one level are all used; a higher level only once a lower one has failed.
struct FencingLevel {
    std::string target;
    unsigned index = 1;
    std::vector<std::string> devices;
};

struct Configuration {
    Pairs cluster_options, resource_defaults;
    std::vector<Primitive> primitives;
    std::vector<Clone> clones;
    std::vector<Location> locations;
    std::vector<AttributePreference> preferences;
    std::vector<FencingLevel> levels;
};

/// The element <configuration> with the sections that are not empty: for `cibadmin --modify --allow-create`,
/// which merges it by ids.
[[nodiscard]] std::string to_xml(const Configuration& configuration);
/// A whole CIB, for crm_verify and crm_simulate.
[[nodiscard]] std::string whole_cib(const Configuration& configuration);
/// What is inside of <resources> or <constraints> for one of them.
[[nodiscard]] std::string to_xml(const Primitive& primitive);
[[nodiscard]] std::string to_xml(const Location& location);

/// Every option and parameter that `configuration` sets, and every element with an id, is in `cib` (what
/// cibadmin --query prints) with the same value.
[[nodiscard]] bool holds(std::string_view cib, const Configuration& configuration);

/// Text as it may stand in an attribute.
[[nodiscard]] std::string escaped(std::string_view text);

// --- what Bedplate puts there ------------------------------------------------------------------------------

/// Resources of virtual machines are named by this and the machine's name.
inline constexpr std::string_view machine_prefix = "vm-";
/// Name of the resource that switches a node off.
[[nodiscard]] std::string fence_id(std::string_view hostname);
/// sbd's own device has this name in Pacemaker.
inline constexpr std::string_view watchdog_id = "watchdog";

/// Cluster options and defaults of resources from the site's rules. `watchdog`: some node's second level is
/// its watchdog.
[[nodiscard]] Configuration options(const HaPolicy& policy, bool watchdog);

/// The gateway is asked for by every node, and machines go where it answers. Empty without a gateway.
[[nodiscard]] Configuration uplink(const HaPolicy& policy, const std::optional<Ipv4>& gateway);

/// Device, its place and the levels of every member that has a device in `records` and is in `proved`.
/// `first` gets a delay where there are two nodes: of two that shoot at once, it is the one that stays. The
/// second level is a node's watchdog, where watchdogs_serve().
[[nodiscard]] Configuration fencing(std::span<const Member> members,
                                    const std::map<std::string, FencingRecord>& records,
                                    std::span<const std::string> proved);

/// Pacemaker on a node without corosync (pacemaker_remote): a resource that the others hold the connection
/// with. It is made stopped, so that the node can be given its standby before it is connected.
[[nodiscard]] Configuration remote_node(const Member& member, bool started);

/// What has to be deleted, one element each for `cibadmin --delete`, when a node is taken out.
[[nodiscard]] std::vector<std::string> remove_fencing(std::string_view hostname);

/// One after the other.
[[nodiscard]] Configuration joined(std::span<const Configuration> parts);

}  // namespace bedplate::cib
