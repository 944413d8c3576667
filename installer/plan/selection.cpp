// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/selection.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate {
namespace {

/// Every disk with what was found about it.
std::string candidates(const Inventory& inventory, const DiskSelector& select) {
    std::vector<std::string> lines;
    for (const Disk& disk : inventory.disks) {
        lines.push_back(
            std::format("  {}\n    -> {}", describe(disk), select.why_not(disk).value_or("matches")));
    }
    std::ranges::sort(lines);
    return lines.empty() ? "  (the machine has no disks)" : join(lines, "\n");
}

std::vector<std::size_t> matching(const Inventory& inventory, const DiskSelector& select) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < inventory.disks.size(); ++i) {
        if (!select.why_not(inventory.disks[i])) {
            found.push_back(i);
        }
    }
    return found;
}

Result<std::size_t> choose_system(const Profile& profile, const Inventory& inventory) {
    if (profile.system.mirror) {
        return refuse(
            "layout.mirror-unsupported",
            "the profile wants the system on a mirror of two disks; this version installs on one disk "
            "and does not build mirrors yet",
            "profile " + profile.name + ", disks.system",
            "use a hardware mirror (BOSS, PERC) and a profile without 'mirror'");
    }
    const DiskSelector& select = profile.system.select;
    const std::vector<std::size_t> found = matching(inventory, select);
    if (found.size() == 1) {
        return found.front();
    }
    const std::string where = std::format("profile {}, disks.system: {}", profile.name, select.to_text());
    if (found.empty()) {
        return refuse("disk.none", "no disk can be the system disk:\n" + candidates(inventory, select), where,
                      "if one of them is right, correct the selector in the profile");
    }
    return refuse("disk.several",
                  std::format("{} disks match where the system disk is wanted:\n{}", found.size(),
                              candidates(inventory, select)),
                  where, "make the selector narrower (model, serial, wwn, by_path) so that one disk matches");
}

Result<void> give_role(const std::optional<DiskRole>& role, std::string_view key, PlannedRole planned,
                       const Profile& profile, const Inventory& inventory, DiskRoles& result) {
    if (!role) {
        return {};
    }
    const std::string where =
        std::format("profile {}, disks.{}: {}", profile.name, key, role->select.to_text());
    std::size_t count = 0;
    for (const std::size_t index : matching(inventory, role->select)) {
        if (index == result.system) {
            continue;
        }
        if (result.roles[index] != PlannedRole::untouched) {
            return refuse(
                "disk.two-roles",
                "a disk matches both disks.osd and disks.osd_db: " + describe(inventory.disks[index]), where,
                "make one of the selectors narrower");
        }
        result.roles[index] = planned;
        ++count;
    }
    if (const auto mismatch = role->count.mismatch(count)) {
        return refuse(
            "disk.count",
            std::format("disks for '{}': {}:\n{}", key, *mismatch, candidates(inventory, role->select)),
            where, "check the drives and the controller's mode, or choose another profile");
    }
    return {};
}

}  // namespace

Result<DiskRoles> assign_roles(const Profile& profile, const Inventory& inventory) {
    DiskRoles result;
    BEDPLATE_ASSIGN(result.system, choose_system(profile, inventory));
    result.roles.assign(inventory.disks.size(), PlannedRole::untouched);
    result.roles[result.system] = PlannedRole::system;
    BEDPLATE_TRY(give_role(profile.osd, "osd", PlannedRole::osd, profile, inventory, result));
    BEDPLATE_TRY(give_role(profile.osd_db, "osd_db", PlannedRole::osd_db, profile, inventory, result));
    for (const Disk& disk : inventory.disks) {
        result.excluded.push_back(profile.system.select.why_not(disk).value_or(""));
    }
    return result;
}

}  // namespace bedplate
