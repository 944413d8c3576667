// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// Ask the disks how they are, and the BMC what its sensors read, and write it for the node exporter. Takes
/// as long as a BMC likes, so it is run by a timer of its own (bedplate-hardware.timer). A disk that sleeps
/// is left asleep and left out; a machine without a BMC has no sensors. Errors: file.write, and those of
/// `smartctl --scan-open`.
[[nodiscard]] Result<void> write_hardware_metrics(Platform& platform);

}  // namespace bedplate::firstboot
