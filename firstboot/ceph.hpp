// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
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

/// Ask the monitors themselves: a command's prefix and arguments as Ceph describes them (`ceph
/// get_command_descriptions`), and what it reads. Ten times faster than the tool, which first fetches that
/// description (docs/decisions/0092); not for commands that the manager answers. Errors: command.*, with the
/// monitors' words.
[[nodiscard]] Result<std::string> mon_command(Platform& platform, std::string_view prefix,
                                              Json arguments = Json::object(), std::string input = {});
/// The same with its answer as JSON.
[[nodiscard]] Result<Json> mon_query(Platform& platform, std::string_view prefix,
                                     Json arguments = Json::object());

/// Ceph's option for the copies in new pools. Begins at 1 and grows with the hosts (pool_steps): whatever it
/// is, it is not set back.
inline constexpr std::string_view default_pool_size = "osd_pool_default_size";

}  // namespace bedplate::firstboot
