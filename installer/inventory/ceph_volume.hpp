// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "inventory/lvm.hpp"

namespace bedplate {

/// A volume that belongs to a Ceph OSD.
struct OsdVolume {
    std::string osd_id, osd_fsid, cluster_fsid;
    std::string type;  ///< "block", "db", "wal"
    bool encrypted = false;
    std::vector<std::string> devices;            ///< "/dev/sdb"
    std::string volume_group = {}, volume = {};  ///< names; empty where they are not known
    std::string path = {};                       ///< "/dev/ceph-.../osd-block-..."; only from ceph-volume
    Bytes size = {};                             ///< of the volume; 0: not known
};

/// `ceph-volume lvm list --format json`, sorted by OSD. Errors: json.syntax, ceph.syntax.
[[nodiscard]] Result<std::vector<OsdVolume>> parse_ceph_volume_list(std::string_view text);

/// The same from LVM's own tags, which is what ceph-volume reads too: no Ceph is needed for it.
[[nodiscard]] std::vector<OsdVolume> osd_volumes(const std::vector<LogicalVolume>& volumes);

}  // namespace bedplate
