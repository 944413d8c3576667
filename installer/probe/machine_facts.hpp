// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "inventory/dmi.hpp"
#include "inventory/inventory.hpp"
#include "probe/sources.hpp"

namespace bedplate {

// The parts of an inventory that are neither disks nor network ports. `dmi` is what dmidecode says, if it is
// there.

[[nodiscard]] SystemFacts system_facts(const Sources& sources, const std::optional<DmiFacts>& dmi);
[[nodiscard]] FirmwareFacts firmware_facts(const Sources& sources);
[[nodiscard]] CpuFacts cpu_facts(Sources& sources);
/// Installed memory where DMI tells, else the memory blocks that the kernel knows: both stay the same from
/// boot to boot, which the kernel's own total does not.
[[nodiscard]] MemoryFacts memory_facts(Sources& sources, const std::optional<DmiFacts>& dmi);
/// Asks the BMC over its system interface, if there is one.
[[nodiscard]] BmcFacts bmc_facts(Sources& sources, const std::optional<DmiFacts>& dmi);

}  // namespace bedplate
