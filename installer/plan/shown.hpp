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

/// What commands are shown with: the system disk by its link, or as DISK where it has none.
[[nodiscard]] inline CommandContext shown_context(const Plan& plan) {
    CommandContext context;
    const auto system = std::ranges::find(plan.disks, PlannedRole::system, &PlannedDisk::role);
    if (system != plan.disks.end() && is_link(system->path)) {
        context.disk = system->path;
    }
    return context;
}

}  // namespace bedplate
