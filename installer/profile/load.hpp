// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/quantities.hpp"

namespace bedplate {

/// Virtual machines of one kind.
struct MachineLoad {
    std::string kind;
    std::uint32_t count = 1, cpus = 1;
    Bytes memory, disk;  ///< of each
};

/// Anything that is counted by the second: requests, transactions, sessions.
struct RateLoad {
    std::string name;
    std::uint64_t peak = 0;      ///< of the whole cluster
    std::uint64_t per_node = 1;  ///< what one node carries at most
    double burst_factor = 1;     ///< peaks within the peak
    double parallelism = 1;      ///< what is left of a node's maximum when all nodes work on the same thing
};

/// A node whose inventory nobody has yet.
struct AssumedNode {
    std::uint32_t threads = 1;
    Bytes memory;
    Bytes storage;  ///< of all OSDs together
    std::uint32_t osds = 0;
    double memory_overcommit = 1.0;
};

/// What a cluster shall carry (a site's `load`).
struct Load {
    std::vector<MachineLoad> machines;
    double burst_factor = 1;  ///< of the machines' processors
    double parallelism = 4;   ///< virtual processors that share a thread
    std::vector<RateLoad> rates;
    std::optional<Bytes> storage;  ///< absent: the disks of the machines
    Bytes growth_per_month;
    std::optional<AssumedNode> node;
};

}  // namespace bedplate
