// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "inventory/inventory.hpp"
#include "plan/layout.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// The disk as it is: partitions in the order in which they lie, with the gaps of a MiB or more between them.
[[nodiscard]] std::vector<Segment> segments_now(const Disk& disk);

/// The system disk as it will be: partitions, and the volumes in the place of the physical volume.
[[nodiscard]] std::vector<Segment> segments_planned(const DiskLayout& layout);

/// A disk of the fast tier as it will be.
[[nodiscard]] std::vector<Segment> segments_of_fast(Bytes size, const std::string& volume_group);
/// A data disk of Ceph as first boot will make it.
[[nodiscard]] std::vector<Segment> segments_of_osd(const PlannedOsd& osd);
/// A disk for databases as first boot will divide it: a slot for each of `osds`, the rest free.
[[nodiscard]] std::vector<Segment> segments_of_databases(Bytes size,
                                                         const std::vector<const PlannedOsd*>& osds);

}  // namespace bedplate
