// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "firstboot/runner.hpp"
#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

// The stages of a first boot, in the order of DESIGN.md section 7: network, time, create or join, ceph, virt,
// ha, logs, edge, monitoring. Each function gives the steps of one stage for this node; `node` has to outlive
// them.

[[nodiscard]] std::vector<Step> ground_steps(Node& node);  ///< network, time
[[nodiscard]] std::vector<Step> create_steps(Node& node);  ///< identity, CA, etcd, registry
[[nodiscard]] std::vector<Step> join_steps(Node& node);    ///< ask a seed, take what it grants
[[nodiscard]] std::vector<Step> certificate_steps(
    Node& node);  ///< the node's certificate where each service wants it
/// Once the members are known: follow their time, then serve it as a control node (member_time_steps.cpp).
[[nodiscard]] std::vector<Step> member_time_steps(Node& node);
[[nodiscard]] std::vector<Step> ceph_steps(Node& node);
[[nodiscard]] std::vector<Step> virt_steps(Node& node);
/// Of virtual machines (machine_steps.cpp): part of virt; before Pacemaker; the site's `vms`, on the node
/// that creates the cluster, when it is ready.
[[nodiscard]] std::vector<Step> machine_host_steps(Node& node);
[[nodiscard]] std::vector<Step> machine_steps(Node& node);
[[nodiscard]] std::vector<Step> site_machine_steps(Node& node);
/// corosync: with the stage ha where the cluster is created; a node that joins starts it first of all, since
/// it is counted from the moment that it is granted.
[[nodiscard]] std::vector<Step> corosync_steps(Node& node);
[[nodiscard]] std::vector<Step> ha_steps(Node& node);
/// The watchdog; the proof of its fencing and the end of a joining node's standby, none of both where the
/// cluster is created.
[[nodiscard]] std::vector<Step> active_step(Node& node);
[[nodiscard]] std::vector<Step> log_steps(Node& node);   ///< journal, audit, rsyslog
[[nodiscard]] std::vector<Step> edge_steps(Node& node);  ///< none where the site has no edge
[[nodiscard]] std::vector<Step> monitoring_steps(Node& node);

/// All of them, for this node.
[[nodiscard]] std::vector<Step> all_steps(Node& node);

/// chronyc's own wait until the clock is within 0.05 s of what it follows; asks so many times, every two
/// seconds.
[[nodiscard]] Command wait_for_time(int tries);

/// The OSDs that the plan gave this node (osd_steps.cpp).
[[nodiscard]] Steps osd_steps(Node& node);
/// The machines' pool, and as many copies in it and in the manager's as there is room for (pool_steps.cpp).
[[nodiscard]] Steps pool_steps(Node& node);

}  // namespace bedplate::firstboot
