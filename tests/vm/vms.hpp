// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

#include "rack_cluster.hpp"

namespace bedplate::vm {

/// Virtual machines of a cluster that stands: every node ready, a bridge on its management network, and a
/// fencing device there or fencing switched off, since Pacemaker starts nothing else. All of it through
/// `bedplate vm` on the first node.
class ClusterVms {
public:
    explicit ClusterVms(RackCluster& cluster) : cluster_(cluster) {}

    /// The image of a tiny Linux that counts (tests/vm/counter-image), on the first node. Returns its path.
    [[nodiscard]] std::string make_counter_image();
    /// An HA machine from that image; shown first, which changes nothing, then made. It runs afterwards, and
    /// every node has its file.
    void create(const std::string& name, const std::string& image);
    /// The number of the node that `bedplate vm list` says it runs on; 0: none.
    [[nodiscard]] unsigned node_of(const std::string& name);
    /// The last number that the machine wrote to its disk, and was told that it is there.
    [[nodiscard]] std::uint64_t counter(const std::string& name);
    /// Wait until it counts.
    void check_counts(const std::string& name);
    /// Move it to that node while it runs; the longest time without a number, as the nodes' clocks saw it.
    std::chrono::milliseconds migrate(const std::string& name, unsigned to);
    /// Shown first, then removed with its disk; nothing of it is anywhere afterwards.
    void remove(const std::string& name);

private:
    [[nodiscard]] std::string verb(const std::string& arguments);
    RackCluster& cluster_;
};

/// Create, list, migrate there and back, remove.
void check_vms(RackCluster& cluster);

}  // namespace bedplate::vm
