// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// `ceph ARGUMENTS` as whoever this node may be. Errors: command.*.
[[nodiscard]] Result<std::string> ceph(Platform& platform, const std::vector<std::string>& arguments);
/// The same with its answer as JSON.
[[nodiscard]] Result<Json> ceph_json(Platform& platform, std::vector<std::string> arguments);

}  // namespace bedplate::firstboot
