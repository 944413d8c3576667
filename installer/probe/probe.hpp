// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inventory/inventory.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// What this machine is. Only reads. Tools and files that are not there leave gaps, which
/// `recorded_with.missing` and `.notes` name; without lsblk there is no inventory.
/// At most `parallel` tools run at the same time, each with a deadline, so that a dead port or disk delays
/// nobody else; 1 runs one after another. Errors: probe.lsblk.
[[nodiscard]] Result<Inventory> probe(Platform& platform, unsigned parallel = 8);

}  // namespace bedplate
