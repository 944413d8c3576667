// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "inventory/inventory.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// Probe this machine and keep everything that was read: `directory`/raw/ with the output of every tool,
/// every file and every block, and `directory`/inventory.json. With `scramble` serial numbers, WWNs, the ends
/// of MAC addresses, the machine's UUID and its service tag are replaced, each by the same substitute
/// everywhere. Returns the inventory as it was written. Errors: those of probe() and of writing files.
[[nodiscard]] Result<Inventory> record(Platform& platform, const std::filesystem::path& directory,
                                       bool scramble);

/// The inventory that the probe makes of `directory`/raw/ today. Reads through platform.files and touches
/// nothing else of this machine. Errors: recording.schema, recording.field, and those of probe().
[[nodiscard]] Result<Inventory> replay(Platform& platform, const std::filesystem::path& directory);

}  // namespace bedplate
