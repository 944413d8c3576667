// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/ids.hpp"
#include "plan/layout.hpp"
#include "plan/occupancy.hpp"
#include "plan/plan.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// A disk that has a role, and what was decided about it.
struct ChosenDisk {
    const Disk* disk = nullptr;
    std::size_t index = 0;  ///< in Inventory::disks
    PlannedRole role = PlannedRole::untouched;
    DiskIdentity identity;
    std::string path;   ///< the most stable link there is
    std::string label;  ///< its part in the ids of actions: "" for the first system disk, ".2" for its mirror
    Verdict verdict = Verdict::use;
};

/// A disk of the system and everything on it that has an identifier of its own.
struct SystemDisk {
    const ChosenDisk* chosen = nullptr;
    PlanIds ids;
    DiskLayout layout;
};

/// The array for local virtual machines.
struct FastTier {
    std::vector<const ChosenDisk*> disks;
    std::vector<PlanIds> ids;  ///< one per disk, as the next
    std::vector<std::vector<action::PlannedPartition>> tables;
    Guid array;
    std::string volume_group;
    bool keep = false;  ///< it is there already, with what is on it
};

/// Which disk becomes what, down to the block.
struct StoragePlan {
    std::vector<ChosenDisk> disks;   ///< system, osd, osd_db, fast; in each role by identity
    std::vector<SystemDisk> system;  ///< one, or the two halves of a mirror
    Encryption encryption = Encryption::none;
    std::optional<FastTier> fast;
    std::vector<std::string> excluded;  ///< why an untouched disk is not a system disk; one per disk

    StoragePlan() = default;
    StoragePlan(StoragePlan&&) = default;
    StoragePlan& operator=(StoragePlan&&) = default;
    StoragePlan(const StoragePlan&) = delete;
    StoragePlan& operator=(const StoragePlan&) = delete;

    [[nodiscard]] bool mirrored() const { return system.size() == 2; }
    /// Identifiers of what all disks of the system hold together: file systems, arrays.
    [[nodiscard]] const PlanIds& ids() const { return system.front().ids; }
    [[nodiscard]] const DiskLayout& layout() const { return system.front().layout; }
    /// The file system of /boot: a partition, or an array over two.
    [[nodiscard]] std::string boot_device() const;
    /// What holds the physical volume, or the encryption under it.
    [[nodiscard]] std::string sys_device() const;
    /// The physical volume: sys_device, or what is open above it.
    [[nodiscard]] std::string physical_volume() const;
    /// Name of the open encrypted device.
    [[nodiscard]] std::string crypt_name() const;
    /// The decision about a disk of the inventory; null where it has no role.
    [[nodiscard]] const ChosenDisk* find(std::size_t index) const;
};

/// /dev/disk/by-partuuid/<guid>
[[nodiscard]] std::string partition_device(const action::PlannedPartition& partition);
/// /dev/<vg>/<lv>
[[nodiscard]] std::string volume_device(const std::string& volume_group, const std::string& volume);

/// Choose, look at what is there, decide, lay out. Pure, and independent of the order of the disks. Errors
/// (refused): those of assign_roles, identify, decide, lay_out; boot.bios-4kn; disk.mirror-blocks;
/// disk.fast-mixed (some disks of the fast tier are ours and some are not); lvm.name-taken.
[[nodiscard]] Result<StoragePlan> plan_storage(const PlanInput& input);

/// The link that says most: one that ends in the WWN, then one with the serial number, then the bay.
[[nodiscard]] std::string stable_path(const Disk& disk, const DiskIdentity& identity);

}  // namespace bedplate
