// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "engine/node_report.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// Is there once every step of the first boot is done; holds the digest of the plan that it was done for.
inline constexpr std::string_view finished_path = "/var/lib/bedplate/firstboot.done";

/// Look at the node as it runs and say what holds: root on its own volume, host name, management address,
/// units, the kernel's values. `state` is never `ready` as long as the node is not a member of its cluster.
[[nodiscard]] Result<NodeReport> check_node(Platform& platform);

}  // namespace bedplate::firstboot
