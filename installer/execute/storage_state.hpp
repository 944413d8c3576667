// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "execute/disk_table.hpp"
#include "execute/kernel_state.hpp"
#include "execute/run.hpp"

namespace bedplate {

/// The planned partition table of a disk; null where the plan writes none.
[[nodiscard]] const action::WritePartitionTable* planned_table(const Plan& plan, const DiskIdentity& disk);

/// The disk holds the planned table, and it was an earlier run of this very plan that made it: the disk
/// looked different when the plan was made, or the journal in RAM says so. Then what stands on the disk is
/// this installation, to be finished and not to be torn down.
[[nodiscard]] Result<bool> is_own_unfinished(Run& run, const Action& action);

/// Make the kernel read the partition table anew; repeated for a while as long as something (udev) holds the
/// disk. Errors: command.failed.
[[nodiscard]] Result<void> reread_partition_table(Run& run, const std::string& disk);

/// The same for a table whose partitions will be used: closing a whole disk that was open for writing makes
/// udev read the table again by itself, which takes every partition's node and links away for a moment. That
/// is over when this returns. Errors: command.failed.
[[nodiscard]] Result<void> reread_new_partitions(Run& run, const std::string& disk);

/// The file systems mounted at or below the target, outermost first.
[[nodiscard]] Result<std::vector<Mount>> mounts_below_target(Run& run);

/// Wait until `holds` says yes. Errors: `code` with `message` after `limit`, those of `holds`.
[[nodiscard]] Result<void> wait_until(Clock& clock, std::chrono::milliseconds limit,
                                      const std::function<Result<bool>()>& holds, std::string code,
                                      std::string message);

/// Write everything that is on the target's file systems to their disks (syncfs(2) of each). Errors:
/// tree.sync.
[[nodiscard]] Result<void> sync_target(Run& run);

}  // namespace bedplate
