// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.hpp"
#include "plan/plan.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// The error says that this machine is finished and is to start from its own disk: install.generation,
/// site.boot-local.
[[nodiscard]] bool wants_local_disk(const Error& error);

/// Make the firmware's next start, and only that, the one from the installed disk (UEFI's BootNext): for
/// machines whose firmware tries the network first. The order of the boot options stays. Errors:
/// boot-local.none (BIOS, or no entry of ours).
[[nodiscard]] Result<void> boot_local_disk_next(Platform& platform);

}  // namespace bedplate
