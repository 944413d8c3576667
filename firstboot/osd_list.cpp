// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/osd_list.hpp"

#include <format>

#include "base/json.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate::firstboot {
namespace {

constexpr std::string_view osds_schema = "bedplate/osds/v1";

DiskIdentity identity_of(const Json& json) {
    return {.wwn = text_field(json, "wwn"),
            .serial = text_field(json, "serial"),
            .model = text_field(json, "model"),
            .by_path = text_field(json, "by_path")};
}

Result<WantedOsd> osd_of(const Json& json, std::string_view origin) {
    const std::string state = text_field(json, "state");
    const auto data = json.find("data");
    if ((state != "keep" && state != "create") || data == json.end() || !data->is_object() ||
        text_field(json, "fsid").empty()) {
        return fail("osds.field", "an OSD without state, fsid or data disk", std::string(origin));
    }
    WantedOsd osd{.keep = state == "keep",
                  .fsid = text_field(json, "fsid"),
                  .id = text_field(json, "id"),
                  .data = identity_of(*data),
                  .data_size = Bytes{number_field(*data, "size_bytes").value_or(0)},
                  .dmcrypt = json.value("dmcrypt", false),
                  .device_class = text_field(json, "device_class"),
                  .db = {},
                  .db_size = {}};
    if (const auto db = json.find("db"); db != json.end() && db->is_object()) {
        osd.db = identity_of(*db);
        osd.db_size = Bytes{number_field(*db, "size_bytes").value_or(0)};
    }
    if (!osd.keep && osd.device_class.empty()) {
        return fail("osds.field", std::format("OSD {} is to be made and has no device class", osd.fsid),
                    std::string(origin));
    }
    return osd;
}

}  // namespace

Result<WantedOsds> parse_osd_list(std::string_view text, std::string_view origin) {
    BEDPLATE_ASSIGN(const Json json, parse_json(text, origin));
    if (!json.is_object() || text_field(json, "schema") != osds_schema) {
        return fail("osds.schema", std::format("'schema' is not '{}'", osds_schema), std::string(origin));
    }
    WantedOsds wanted{.cluster_fsid = text_field(json, "cluster_fsid"), .osds = {}};
    for (const Json& entry : json.value("osds", Json::array())) {
        if (!entry.is_object()) {
            return fail("osds.field", "an OSD that is not an object", std::string(origin));
        }
        BEDPLATE_ASSIGN(auto osd, osd_of(entry, origin));
        wanted.osds.push_back(std::move(osd));
    }
    return wanted;
}

OsdStep next_step(bool keep, const OsdState& state) {
    if (state.running) {
        return OsdStep::none;
    }
    if (!state.listed) {
        return keep ? OsdStep::missing : OsdStep::create;
    }
    // One that is kept was complete before; of one that cannot be looked into activation tells.
    return keep || state.completed || state.unsure ? OsdStep::activate : OsdStep::finish;
}

std::vector<std::string> create_command(const WantedOsd& osd, const std::string& data_path,
                                        const std::string& db_path) {
    std::vector<std::string> argv{
        std::string(ceph_volume), "lvm",           "create", "--bluestore", "--osd-fsid", osd.fsid,
        "--crush-device-class",   osd.device_class};
    if (osd.dmcrypt) {
        argv.emplace_back("--dmcrypt");
    }
    if (!db_path.empty()) {
        argv.insert(argv.end(),
                    {"--block.db", db_path, "--block.db-size", std::to_string(osd.db_size.value)});
    }
    argv.insert(argv.end(), {"--data", data_path});
    return argv;
}

}  // namespace bedplate::firstboot
