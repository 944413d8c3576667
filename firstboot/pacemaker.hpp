// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// A node's element in what crm_mon prints as XML (`<node name="..." online="true" ...`); empty: Pacemaker
/// does not know it. Errors: command.*.
[[nodiscard]] Result<std::string> pacemaker_node(Platform& platform, const std::string& hostname);

/// Attributes of that element.
inline constexpr std::string_view pacemaker_online = " online=\"true\"",
                                  pacemaker_standby = " standby=\"true\"";

}  // namespace bedplate::firstboot
