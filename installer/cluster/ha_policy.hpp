// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// What a peer has to have seen of a node's BMC before the node takes machines.
enum class FenceTest { none, status, cycle };

[[nodiscard]] std::string_view to_string(FenceTest test);
/// Errors: fence.test.
[[nodiscard]] Result<FenceTest> parse_fence_test(std::string_view text);

/// The site's rules, the same on all nodes: what created the cluster wrote them into the registry.
struct HaPolicy {
    std::chrono::seconds wait_before_moving{30}, failure_timeout{600};
    std::uint32_t stickiness = 200, migration_threshold = 3;
    FenceTest fencing_test = FenceTest::status;
    std::uint32_t fence_loop_times = 3;
    std::chrono::seconds fence_loop_window{3600};
    std::string qdevice_host;  ///< empty: none

    /// How often a machine is looked at, so that `migration_threshold` failures take `wait_before_moving`; a
    /// second at least.
    [[nodiscard]] std::chrono::seconds monitor_interval() const;
    bool operator==(const HaPolicy&) const = default;
};

[[nodiscard]] Json to_json(const HaPolicy& policy);
/// What is left out has its default. Errors: node.file.
[[nodiscard]] Result<HaPolicy> ha_policy_from_json(const Json& json);

/// What of a node machines may be placed on.
struct CapacityPolicy {
    std::uint32_t reserve_percent = 10;
    double memory_overcommit = 1.0;
    double cpu_overcommit = 4.0;  ///< virtual processors that share one thread
};

/// What a node is made of, and what of it its own services take.
struct NodeMachine {
    std::uint64_t threads = 0;
    Bytes memory;
    std::size_t osds = 0;
    Bytes osd_memory_target;
    bool control = false;
};

/// Pacemaker's utilization attributes of a node: `cpu` in virtual processors and `hv_memory` in MiB, as
/// ocf:heartbeat:NodeUtilization and VirtualDomain name them; and the threads that `cpu` is made from.
struct NodeCapacity {
    std::uint64_t cpu = 0, hv_memory = 0, threads = 0;
    bool operator==(const NodeCapacity&) const = default;
};

/// What machines may be promised: the share that is not held back, of what is left beside the OSDs' memory
/// (and 4 GiB of a control node's, but not more than a quarter of all), times the overcommitment. Of the
/// threads the same share, without one for each OSD, times the overcommitment; one processor at least is
/// left.
[[nodiscard]] NodeCapacity node_capacity(const NodeMachine& machine, const CapacityPolicy& policy);

}  // namespace bedplate
