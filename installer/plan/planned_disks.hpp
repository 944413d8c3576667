// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "inventory/inventory.hpp"
#include "plan/plan.hpp"
#include "plan/storage.hpp"

namespace bedplate {

/// Every disk of the machine, in the order of the inventory: what lives on it, what becomes of it and why.
[[nodiscard]] std::vector<PlannedDisk> describe_disks(const Inventory& inventory, const StoragePlan& storage,
                                                      const std::vector<PlannedOsd>& osds);

/// What lives on a disk as a tree, with what becomes of each part: partitions, what stands on them, what
/// stands on that. `erased`: all of it goes; else all of it stays.
[[nodiscard]] std::vector<Dweller> dwellers_of(const Disk& disk, const Inventory& inventory, bool erased);

}  // namespace bedplate
