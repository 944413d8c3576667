// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/report.hpp"
#include "base/result.hpp"
#include "plan/plan.hpp"
#include "plan/storage.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// The OSDs of the node: those that are kept and those that first boot makes, with their places on the disks
/// for databases. Independent of the order of the disks. Errors (refused): osd.size (outside of what the
/// profile expects, or too small for any OSD), osd.device-class, osd.db-too-small (with what would be
/// enough). Findings: osd.raid-volume, osd.shared-db.
[[nodiscard]] Result<std::vector<PlannedOsd>> plan_osds(const std::vector<ChosenDisk>& disks,
                                                        const Profile& profile, const NodeSpec& node,
                                                        Report& findings);

/// Size of one database where the profile gives none: 2 % of the data, 30 GiB to 600 GiB.
[[nodiscard]] Bytes database_size(Bytes data);

/// CRUSH weight of a disk: its size in TiB with five decimals.
[[nodiscard]] std::string crush_weight(Bytes size);

/// /etc/bedplate/osds.json (schema bedplate/osds/v1): what first boot keeps and makes.
[[nodiscard]] Json osds_document(const Guid& cluster, const std::vector<PlannedOsd>& osds);

}  // namespace bedplate
