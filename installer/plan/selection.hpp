// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/plan.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// Which disk of the inventory plays which part; indices into Inventory::disks.
struct DiskRoles {
    std::vector<PlannedRole> roles;     ///< one per disk
    std::vector<std::string> excluded;  ///< why an untouched disk is not the system disk; one per disk
};

/// Choose by the profile's selectors. Pure in the set of disks: their order does not matter. Errors
/// (refused), each with every disk and why it was or was not chosen: disk.none, disk.several, disk.count
/// (half a mirror, OSD disks, fast tier), disk.two-roles.
[[nodiscard]] Result<DiskRoles> assign_roles(const Profile& profile, const Inventory& inventory);

}  // namespace bedplate
