// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "inventory/lvm.hpp"

namespace bedplate {

/// A volume that belongs to a Ceph OSD.
struct OsdVolume {
    std::string osd_id, osd_fsid, cluster_fsid;
    std::string type;  ///< "block", "db", "wal"
    bool encrypted = false;
    std::vector<std::string> devices;  ///< "/dev/sdb"
    std::string volume_group, volume;  ///< names
    std::string path;  ///< "/dev/ceph-.../osd-block-..."; there while its group is switched on
    Bytes size;        ///< of the volume; 0: not known
};

/// From LVM's tags, which is what `ceph-volume lvm list` reads too; sorted by OSD. No Ceph is needed for it.
[[nodiscard]] std::vector<OsdVolume> osd_volumes(const std::vector<LogicalVolume>& volumes);

}  // namespace bedplate
