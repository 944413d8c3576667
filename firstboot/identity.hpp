// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// Give the node what must be its own and is therefore not in the image: SSH host keys, NVMe host NQN and id,
/// iSCSI initiator name. What is there already stays; returns what was made. (The machine id is systemd's
/// business.)
[[nodiscard]] Result<std::vector<std::string>> make_identity(Platform& platform);

}  // namespace bedplate::firstboot
