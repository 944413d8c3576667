// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "inventory/udev.hpp"
#include "probe/content.hpp"
#include "probe/holders.hpp"

namespace bedplate {

/// The volume id of an installation medium starts with this.
inline constexpr std::string_view medium_label_prefix = "BEDPLATE";

/// Is this node of lsblk's list a disk (and not an optical drive, a loop, compressed memory)?
[[nodiscard]] bool is_disk(const BlockNode& node);

/// Joins what the sources say about one disk. `udev` is nullptr where udev does not know it.
[[nodiscard]] Disk disk_of(const Sources& sources, const BlockNode& node, const UdevDevice* udev,
                           const DiskContent& content, const VolumeFacts& volumes);

/// Marks further paths to one disk: the same WWN, serial number and size as an earlier one, or the same
/// multipath device on top. Different disks with the same WWN differ in one of the others.
void mark_multipath(std::vector<Disk>& disks);

}  // namespace bedplate
