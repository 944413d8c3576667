// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "lab/lab.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::lab {

/// The lab's switch: a bridge of Open vSwitch's and this machine's own port on it, in the management network,
/// as its gateway. In the kernel where that has the module, else in user space. Made a second time it stays
/// as it is. Errors: switch.none (Open vSwitch does not answer), switch.address.
[[nodiscard]] Result<void> make_switch(CommandRunner& commands, const Lab& lab);
/// Absent is fine.
[[nodiscard]] Result<void> remove_switch(CommandRunner& commands, const Lab& lab);

}  // namespace bedplate::lab
