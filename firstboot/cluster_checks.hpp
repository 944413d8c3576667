// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "engine/node_report.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// What holds of this node as a member of its cluster, each with its evidence: links, quorum, Pacemaker,
/// fencing, etcd, Ceph and its reasons, OSDs, libvirt, time, logs, edge. A check that cannot be made is one
/// that does not hold.
[[nodiscard]] std::vector<NodeCheck> check_member(Platform& platform);

/// Ceph's health codes that a cluster may have and still be ready, with the reason in docs/cluster.md.
[[nodiscard]] const std::vector<std::string>& accepted_health_codes();

/// Ids of checks that do not keep a node from being ready; they are shown all the same.
[[nodiscard]] bool is_advice(std::string_view check);

}  // namespace bedplate::firstboot
