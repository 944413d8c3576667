// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// Start the OSDs of this node's cluster that an earlier installation made and this one kept. Needs
/// /etc/ceph/ceph.conf with the cluster's fsid; what runs already is left alone. Returns what was done, a
/// line each. Errors: osds.cluster (the configuration is another cluster's), osds.missing (a kept OSD is not
/// there), command.*.
[[nodiscard]] Result<std::vector<std::string>> activate_osds(Platform& platform);

/// Make the OSDs that the plan names, on the disks that it names by identity, one after the other; then as
/// activate_osds(). Needs the key of client.bootstrap-osd as well. May be run again at any time: an OSD that
/// is complete is left alone, one that was cut off in the middle is made anew, a disk that holds anything
/// else is not touched. Errors: osds.disk (the disk is gone, or holds something), and those of
/// activate_osds().
[[nodiscard]] Result<std::vector<std::string>> prepare_osds(Platform& platform);

/// Erase the OSDs that the plan names, by their own fsid, on a node that was taken out for good with them;
/// none of them may run any more. Returns what was done, a line each. Errors: osds.cluster, command.*.
[[nodiscard]] Result<std::vector<std::string>> erase_osds(Platform& platform);

/// Whether the cluster, which has OSDs of these fsids, knows what this node kept. Errors: osds.cluster,
/// osds.unknown (it was purged, or the cluster was made anew under the same name).
[[nodiscard]] Result<void> check_kept_osds(Platform& platform, const std::vector<std::string>& known);

/// Every OSD that the plan names is there and its service runs; true where the plan names none. Changes
/// nothing. Errors: osds.cluster, osds.missing (another OSD stands where a kept one was), command.*.
[[nodiscard]] Result<bool> osds_run(Platform& platform);

}  // namespace bedplate::firstboot
