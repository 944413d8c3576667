// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "inventory/ceph_volume.hpp"
#include "inventory/inventory.hpp"
#include "inventory/lsblk.hpp"
#include "inventory/lvm.hpp"
#include "probe/bluestore.hpp"

namespace bedplate {

/// What the volume managers know about the machine's devices.
struct VolumeFacts {
    std::vector<PhysicalVolume> physical_volumes;
    std::vector<OsdVolume> osds;
};

/// Everything that stands on the disk, its partitions and what is built of them: active (lsblk's tree) or not
/// (LVM's and md's own labels). Each thing once.
[[nodiscard]] std::vector<Holder> holders_of(const BlockNode& disk, const VolumeFacts& volumes,
                                             const std::vector<BluestoreLabel>& osd_labels);

}  // namespace bedplate
