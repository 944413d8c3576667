// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/ceph_volume.hpp"

#include <algorithm>
#include <format>
#include <tuple>

namespace bedplate {

std::vector<OsdVolume> osd_volumes(const std::vector<LogicalVolume>& volumes) {
    std::vector<OsdVolume> found;
    for (const LogicalVolume& volume : volumes) {
        if (!volume.tags.contains("ceph.osd_id")) {
            continue;
        }
        const auto tag = [&](const char* name) {
            const auto at = volume.tags.find(name);
            return at == volume.tags.end() ? std::string() : at->second;
        };
        found.push_back({.osd_id = tag("ceph.osd_id"),
                         .osd_fsid = tag("ceph.osd_fsid"),
                         .cluster_fsid = tag("ceph.cluster_fsid"),
                         .type = tag("ceph.type"),
                         .encrypted = tag("ceph.encrypted") == "1",
                         .devices = volume.devices,
                         .volume_group = volume.volume_group,
                         .volume = volume.name,
                         .path = std::format("/dev/{}/{}", volume.volume_group, volume.name),
                         .size = volume.size});
    }
    std::ranges::sort(found, {}, [](const OsdVolume& volume) {
        return std::tuple(volume.osd_id.size(), volume.osd_id, volume.type);
    });
    return found;
}

}  // namespace bedplate
