// SPDX-License-Identifier: GPL-3.0-or-later
// What a drill has to know of the cluster, asked of its nodes.
#pragma once

#include "lab/drill_report.hpp"
#include "lab/rack.hpp"

namespace bedplate::lab {

/// The machine that is watched: its name, and Pacemaker's resource for it.
inline constexpr std::string_view pulse_name = "pulse", pulse_resource = "vm-pulse";

/// What the cluster waits for, as it is configured now; what cannot be read keeps Ceph's and systemd's
/// default. Errors: drill.timeouts (corosync does not say).
[[nodiscard]] Result<Timeouts> read_timeouts(const Rack& rack);
/// Lines of "key value" or "key (type) = value" in milliseconds (corosync, bonds) or seconds (Ceph).
[[nodiscard]] Result<Timeouts> parse_timeouts(std::string_view text);

/// `home`: where the machine runs now.
[[nodiscard]] Result<Facts> read_facts(const Rack& rack, const std::string& home);

/// The kernel's name ("sdb") of the disk below an OSD of a node. Errors: drill.disk, lab.node-command.
[[nodiscard]] Result<std::string> disk_of_osd(const Rack& rack, const std::string& hostname, unsigned osd);

/// How many programs have crashed on all nodes, as far as Ceph's crash reports and the journals of systemd
/// tell: nodes keep no core files. What a drill kills itself (SIGKILL) does not count. Errors:
/// lab.node-command, command.*, drill.cores (a node says something else).
[[nodiscard]] Result<std::uint64_t> count_cores(const Rack& rack);

/// The machine runs on exactly one node, by libvirt's own word on each.
[[nodiscard]] Audit audit_active_once(const Rack& rack);
/// The node runs, though nobody has switched it on but the cluster, by libvirt's word on this machine.
[[nodiscard]] Audit audit_powered_on(const Rack& rack, const std::string& hostname);
/// What is wrong with the cluster, by every node's view and Ceph's; empty: nothing.
[[nodiscard]] std::string complaint(const std::vector<ClusterView>& views,
                                    const std::optional<CephView>& ceph, std::size_t nodes);

/// The node on which the machine runs, where the views agree on one; else empty.
[[nodiscard]] std::string home_of(const std::vector<ClusterView>& views);

}  // namespace bedplate::lab
