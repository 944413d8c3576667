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

}  // namespace bedplate
