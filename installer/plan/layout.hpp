// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "plan/ids.hpp"
#include "plan/plan.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// Partition numbers are part of the format: firmware entries and the BIOS loader name them.
inline constexpr std::uint32_t bios_boot_number = 1;
inline constexpr std::uint32_t esp_number = 2;
inline constexpr std::uint32_t boot_number = 3;
inline constexpr std::uint32_t lvm_number = 4;

/// The one partition of a disk of the fast tier.
inline constexpr std::uint32_t fast_number = 1;
inline constexpr std::string_view fast_partition_name = "bedplate-fast";

/// Where the data of an array begins in its members. Given to mdadm, so that the planner's sums hold.
inline constexpr Bytes array_data_offset = mib(4);
/// Header and key slots of LUKS2, as cryptsetup makes them.
inline constexpr Bytes crypt_data_offset = mib(16);

/// By this partition name the probe recognises a disk of ours.
inline constexpr std::string_view esp_partition_name = "bedplate-esp";

struct PlannedVolume {
    std::string name;        ///< "root"
    std::string mount_path;  ///< "/"; empty for swap
    Bytes size;              ///< a multiple of the extent size
};

/// What the system disk will hold, to the block.
struct DiskLayout {
    Bytes logical_block_size;
    std::vector<action::PlannedPartition> partitions;  ///< by number
    std::string volume_group;
    std::vector<PlannedVolume> volumes;  ///< in the order in which they are made: root first
    Bytes volumes_start;                 ///< of the first extent on the disk
    Bytes volumes_free;                  ///< extents that are left for growth and snapshots

    [[nodiscard]] const action::PlannedPartition& partition(std::uint32_t number) const;
    [[nodiscard]] Bytes start_of(const action::PlannedPartition& partition) const;
    [[nodiscard]] Bytes size_of(const action::PlannedPartition& partition) const;
};

/// What lies between the partitions and what is in them.
struct Below {
    bool array = false, crypt = false;

    /// What both take of the partition for the physical volume.
    [[nodiscard]] Bytes overhead() const {
        return (array ? array_data_offset : Bytes{}) + (crypt ? crypt_data_offset : Bytes{});
    }
};

/// Lay `layout` out on a disk of `size`. Partitions start and end at whole MiB; the physical volume takes
/// what is left. Errors (refused): disk.block-size, disk.too-small (needed, available, what would be enough),
/// layout.missing, layout.esp-too-small.
[[nodiscard]] Result<DiskLayout> lay_out(const Layout& layout, Bytes size, Bytes logical_block_size,
                                         const Below& below, const PlanIds& ids, const std::string& where);

/// A disk of the fast tier: one partition for the array over `size` bytes of the disk. Errors:
/// disk.block-size, disk.too-small.
[[nodiscard]] Result<std::vector<action::PlannedPartition>> lay_out_fast(Bytes size, Bytes logical_block_size,
                                                                         const PlanIds& ids,
                                                                         const std::string& where);

}  // namespace bedplate
