// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// One row of `pvs --reportformat json -o pv_name,pv_uuid,vg_name,vg_uuid`.
struct PhysicalVolume {
    std::string device, uuid;
    std::string volume_group, volume_group_uuid;  ///< empty where it belongs to none
};

/// One row of `lvs --reportformat json --units b --nosuffix -o
/// lv_name,lv_uuid,vg_name,lv_size,lv_tags,devices`.
struct LogicalVolume {
    std::string name, uuid, volume_group;
    Bytes size;                               ///< 0 where the size was not asked for
    std::map<std::string, std::string> tags;  ///< "ceph.osd_id=3" split at '='
    std::vector<std::string> devices;         ///< without the extent numbers in parentheses
};

/// Errors: json.syntax, lvm.syntax.
[[nodiscard]] Result<std::vector<PhysicalVolume>> parse_pvs(std::string_view text);
[[nodiscard]] Result<std::vector<LogicalVolume>> parse_lvs(std::string_view text);

/// The volume group in a device mapper name as LVM makes it: "ceph--1-osd--block" -> "ceph-1". Empty where
/// there is no separator.
[[nodiscard]] std::string volume_group_of_mapper_name(std::string_view name);

}  // namespace bedplate
