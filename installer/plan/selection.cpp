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
    std::ranges::sort(found, {}, [&](std::size_t i) { return inventory.disks[i].name; });
    return found;
}

Result<std::vector<std::size_t>> choose_system(const Profile& profile, const Inventory& inventory) {
    const DiskSelector& select = profile.system.select;
    const std::size_t wanted = profile.system.mirror ? 2 : 1;
    std::vector<std::size_t> found = matching(inventory, select);
    if (found.size() == wanted) {
        return found;
    }
    const std::string where = std::format("profile {}, disks.system: {}", profile.name, select.to_text());
    if (found.empty()) {
        return refuse("disk.none", "no disk can be the system disk:\n" + candidates(inventory, select), where,
                      "if one of them is right, correct the selector in the profile");
    }
    if (found.size() < wanted) {
        return refuse(
            "disk.count",
            "one disk matches where the two halves of a mirror are wanted:\n" + candidates(inventory, select),
            where, "put the second disk in, or choose a profile without 'mirror'");
    }
    return refuse("disk.several",
                  std::format("{} disks match where {} wanted:\n{}", found.size(),
                              profile.system.mirror ? "the two halves of a mirror are" : "the system disk is",
                              candidates(inventory, select)),
                  where,
                  std::format("make the selector narrower (model, serial, wwn, by_path) so that {}",
                              profile.system.mirror ? "two disks match" : "one disk matches"));
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
        const PlannedRole other = result.roles[index];
        if (other == PlannedRole::system) {
            continue;
        }
        if (other != PlannedRole::untouched) {
            return refuse("disk.two-roles",
                          std::format("a disk matches both disks.{} and disks.{}: {}", to_string(other), key,
                                      describe(inventory.disks[index])),
                          where, "make one of the selectors narrower");
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
    BEDPLATE_ASSIGN(const std::vector<std::size_t> systems, choose_system(profile, inventory));
    result.roles.assign(inventory.disks.size(), PlannedRole::untouched);
    for (const std::size_t index : systems) {
        result.roles[index] = PlannedRole::system;
    }
    BEDPLATE_TRY(give_role(profile.osd, "osd", PlannedRole::osd, profile, inventory, result));
    BEDPLATE_TRY(give_role(profile.osd_db, "osd_db", PlannedRole::osd_db, profile, inventory, result));
    BEDPLATE_TRY(give_role(profile.fast, "fast", PlannedRole::fast, profile, inventory, result));
    for (const Disk& disk : inventory.disks) {
        result.excluded.push_back(profile.system.select.why_not(disk).value_or(""));
    }
    return result;
}

}  // namespace bedplate
