// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "plan/plan.hpp"

namespace bedplate {

/// Every disk that an action writes to, the one it is named after first; empty for actions without a disk.
[[nodiscard]] std::vector<DiskIdentity> disks_of(const Action& action);

/// Its tools write to the disk itself, or to a partition of it, and must not be disturbed by udev.
[[nodiscard]] bool needs_disk_lock(const ActionKind& kind);

/// It changes what stands on the target, so that an installation that stops there is one that was begun.
[[nodiscard]] bool changes_target(const ActionKind& kind);

}  // namespace bedplate
