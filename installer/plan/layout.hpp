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

/// Lay `layout` out on a disk of `size`. Partitions start and end at whole MiB; the physical volume takes
/// what is left. Errors (refused): disk.block-size, disk.too-small (needed, available, what would be enough),
/// layout.missing, layout.esp-too-small.
[[nodiscard]] Result<DiskLayout> lay_out(const Layout& layout, Bytes size, Bytes logical_block_size,
                                         const PlanIds& ids, const std::string& where);

}  // namespace bedplate
