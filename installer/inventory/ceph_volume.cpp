// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/ceph_volume.hpp"

#include <algorithm>
#include <functional>

#include "base/foreign_text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {
namespace {

using TagReader = std::function<std::string(const char* name)>;

OsdVolume volume_of(const TagReader& tag, std::vector<std::string> devices) {
    return {.osd_id = tag("ceph.osd_id"),
            .osd_fsid = tag("ceph.osd_fsid"),
            .cluster_fsid = tag("ceph.cluster_fsid"),
            .type = tag("ceph.type"),
            .encrypted = tag("ceph.encrypted") == "1",
            .devices = std::move(devices)};
}

void sort_by_osd(std::vector<OsdVolume>& volumes) {
    std::ranges::sort(volumes, {}, [](const OsdVolume& volume) {
        return std::tuple(volume.osd_id.size(), volume.osd_id, volume.type);
    });
}

}  // namespace

Result<std::vector<OsdVolume>> parse_ceph_volume_list(std::string_view text) {
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, "ceph-volume lvm list"));
    if (!json.is_object()) {
        return fail("ceph.syntax", "not an object of OSDs", "ceph-volume lvm list --format json");
    }
    std::vector<OsdVolume> volumes;
    for (const auto& [osd, entries] : json.items()) {
        if (!entries.is_array()) {
            return fail("ceph.syntax", std::format("OSD {} is not a list of volumes", osd),
                        "ceph-volume lvm list --format json");
        }
        for (const Json& entry : entries) {
            const auto tags = entry.find("tags");
            if (tags == entry.end()) {
                continue;
            }
            std::vector<std::string> devices;
            for (const Json& device : array_field(entry, "devices")) {
                if (device.is_string()) {
                    devices.push_back(device.get<std::string>());
                }
            }
            OsdVolume& volume = volumes.emplace_back(
                volume_of([&](const char* name) { return text_field(*tags, name); }, std::move(devices)));
            volume.volume_group = text_field(entry, "vg_name");
            volume.volume = text_field(entry, "lv_name");
            volume.path = text_field(entry, "lv_path");
        }
    }
    sort_by_osd(volumes);
    return volumes;
}

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
        OsdVolume& osd = found.emplace_back(volume_of(tag, volume.devices));
        osd.volume_group = volume.volume_group;
        osd.volume = volume.name;
        osd.size = volume.size;
    }
    sort_by_osd(found);
    return found;
}

}  // namespace bedplate
