// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "plan/plan.hpp"
#include "platform/block_devices.hpp"

namespace bedplate {

/// Write the planned table to `device`, exactly: libparted makes it on a sparse file of the same size and
/// block size in `work`, the GUIDs are set there, and the blocks of the table are then copied to the device,
/// the backup first. So libparted, which runs udevadm and tells the kernel about partitions by itself, never
/// opens a disk, and everything written to a disk goes through `device`. Errors: parted.* with libparted's
/// own text, gpt.invalid, those of writing.
[[nodiscard]] Result<void> write_partition_table(BlockDevice& device,
                                                 const action::WritePartitionTable& planned,
                                                 const std::filesystem::path& work);

/// Overwrite what would show on the planned partitions: the first and the last bytes of each, as many as
/// WritePartitionTable says, and flush. Errors: those of writing.
[[nodiscard]] Result<void> clear_partition_ends(BlockDevice& device,
                                                const action::WritePartitionTable& planned);

}  // namespace bedplate
