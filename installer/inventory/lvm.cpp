// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/lvm.hpp"

#include "base/foreign_text.hpp"
#include "base/text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {
namespace {

/// LVM's reports: {"report": [{"pv": [row, ...]}]}.
Result<std::vector<Json>> rows_of(std::string_view text, const char* kind, const char* command) {
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, command));
    if (!json.is_object() || !json.contains("report")) {
        return fail("lvm.syntax", "no 'report' in the output", command);
    }
    std::vector<Json> rows;
    for (const Json& report : array_field(json, "report")) {
        for (const Json& row : array_field(report, kind)) {
            rows.push_back(row);
        }
    }
    return rows;
}

std::map<std::string, std::string> tags_of(std::string_view text) {
    std::map<std::string, std::string> tags;
    for (const std::string& tag : split(text, ',')) {
        if (const auto equals = tag.find('='); equals != std::string::npos) {
            tags[tag.substr(0, equals)] = tag.substr(equals + 1);
        }
    }
    return tags;
}

}  // namespace

Result<std::vector<PhysicalVolume>> parse_pvs(std::string_view text) {
    BEDPLATE_ASSIGN(const auto rows, rows_of(text, "pv", "pvs"));
    std::vector<PhysicalVolume> volumes;
    for (const Json& row : rows) {
        volumes.push_back({.device = text_field(row, "pv_name"),
                           .uuid = text_field(row, "pv_uuid"),
                           .volume_group = text_field(row, "vg_name"),
                           .volume_group_uuid = text_field(row, "vg_uuid")});
    }
    return volumes;
}

Result<std::vector<LogicalVolume>> parse_lvs(std::string_view text) {
    BEDPLATE_ASSIGN(const auto rows, rows_of(text, "lv", "lvs"));
    std::vector<LogicalVolume> volumes;
    for (const Json& row : rows) {
        LogicalVolume& volume = volumes.emplace_back();
        volume.name = text_field(row, "lv_name");
        volume.uuid = text_field(row, "lv_uuid");
        volume.volume_group = text_field(row, "vg_name");
        volume.size = Bytes{parse_unsigned(text_field(row, "lv_size")).value_or(0)};
        volume.tags = tags_of(text_field(row, "lv_tags"));
        for (const std::string& device : split(text_field(row, "devices"), ',')) {
            if (!device.empty()) {
                volume.devices.push_back(device.substr(0, device.find('(')));
            }
        }
    }
    return volumes;
}

std::string volume_group_of_mapper_name(std::string_view name) {
    // A dash that belongs to a name is doubled; the first single one separates group and volume.
    std::string group;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '-') {
            group += name[i];
        } else if (i + 1 < name.size() && name[i + 1] == '-') {
            group += '-';
            ++i;
        } else {
            return group;
        }
    }
    return {};
}

}  // namespace bedplate
