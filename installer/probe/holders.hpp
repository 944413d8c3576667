// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "inventory/ceph_volume.hpp"
#include "inventory/inventory.hpp"
#include "inventory/lsblk.hpp"
#include "inventory/lvm.hpp"
#include "probe/content.hpp"

namespace bedplate {

/// What the volume managers know about the machine's devices.
struct VolumeFacts {
    std::vector<PhysicalVolume> physical_volumes;
    std::vector<OsdVolume> osds;
};

/// The trees of what stands on the disk, its partitions and what is built of them: active (lsblk's tree) or
/// not (the labels of LVM, md, LUKS, bcache, ZFS, VMFS, firmware RAID and BlueStore). Each thing once.
[[nodiscard]] std::vector<Holder> holders_of(const BlockNode& disk, const VolumeFacts& volumes,
                                             const DiskContent& content);

}  // namespace bedplate
