// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "execute/run.hpp"

namespace bedplate {

/// Everything that any probe still finds on the action's disk, as clauses; empty: the disk is blank. Asked
/// are the kernel (partitions, holders), libblkid, LVM, mdadm, our own scan for BlueStore labels at every
/// place where Ceph keeps one, which is what ceph-volume looks for on a raw device and more, and both ends of
/// the disk, which have to be zero but for this run's own record. Errors: those of the tools and of reading.
[[nodiscard]] Result<std::vector<std::string>> remains_on(Run& run, const Action& action);

/// The same question where its answer is enough: the tools are asked only of a disk on which nothing else is
/// seen.
[[nodiscard]] Result<bool> is_blank(Run& run, const Action& action);

}  // namespace bedplate
