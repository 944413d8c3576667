// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string_view>

#include "plan/plan.hpp"

namespace bedplate {

/// Whether the name stays with the disk: "/dev/sdb" is somebody else after the next start.
[[nodiscard]] inline bool is_link(std::string_view path) {
    return path.starts_with("/dev/disk/");
}

/// What an action's commands are shown with: its disk by the link, or as DISK where it has none.
[[nodiscard]] inline CommandContext shown_context(const Plan& plan, const Action& action) {
    CommandContext context;
    const auto disk = std::ranges::find_if(
        plan.disks, [&](const PlannedDisk& one) { return action.device && one.identity == *action.device; });
    if (disk != plan.disks.end() && is_link(disk->path)) {
        context.disk = disk->path;
    }
    return context;
}

}  // namespace bedplate
