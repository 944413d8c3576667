// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "vm_spec.hpp"

namespace bedplate::vm {

/// What this machine can run guests with. That /dev/kvm can be opened proves nothing (nested virtualisation
/// is often broken in ways that only hang the guest), so a tiny guest has to come up under KVM within
/// seconds; else it is emulation. BEDPLATE_ACCEL=kvm|tcg decides without a trial; the trial's result is kept
/// in build/vm until the next boot of this machine. Errors: those of starting the trial guest.
[[nodiscard]] Result<Accelerator> choose_accelerator();

[[nodiscard]] std::string_view to_string(Accelerator accelerator);

}  // namespace bedplate::vm
