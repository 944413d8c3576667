// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace bedplate {

/// The node of the whole disk on which the block device `path` lies: of a partition its disk, of a disk
/// itself; a regular file stands for itself. Empty for what udev does not lock (device mapper and md:
/// systemd's worker_lock_whole_disk() leaves them out). Errors: block.open.
[[nodiscard]] Result<std::filesystem::path> whole_disk_of(const std::filesystem::path& path);

}  // namespace bedplate
