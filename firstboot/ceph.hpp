// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// The command line of `ceph ARGUMENTS` as whoever this node may be: client.admin on control nodes, elsewhere
/// the key that a joining node gets, which may look and make OSDs.
[[nodiscard]] std::vector<std::string> ceph_command(Platform& platform,
                                                    const std::vector<std::string>& arguments);
/// Run it. Errors: command.*.
[[nodiscard]] Result<std::string> ceph(Platform& platform, const std::vector<std::string>& arguments);
/// The same with its answer as JSON.
[[nodiscard]] Result<Json> ceph_json(Platform& platform, std::vector<std::string> arguments);

}  // namespace bedplate::firstboot
