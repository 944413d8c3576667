// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/smart.hpp"

#include <algorithm>

#include "base/json.hpp"

namespace bedplate {

namespace {

/// smartctl(8): with --nocheck=standby it ends with this status, and says so, when the disk sleeps.
constexpr std::string_view asleep = "STANDBY";

template <typename Read>
auto guarded(const Read& read) -> decltype(read()) {
    try {
        return read();
    } catch (const nlohmann::json::exception& e) {
        return fail("smart.syntax", std::string("not what smartctl prints: ") + e.what(), "smartctl --json");
    }
}

template <typename Value>
std::optional<Value> optional_value(const Json& object, const char* group, const char* name) {
    const auto found = object.find(group);
    if (found == object.end() || !found->contains(name)) {
        return std::nullopt;
    }
    return found->at(name).get<Value>();
}

/// Raw value of an ATA attribute.
std::optional<std::uint64_t> attribute(const Json& json, int id) {
    const auto attributes = json.find("ata_smart_attributes");
    if (attributes == json.end()) {
        return std::nullopt;
    }
    for (const Json& row : attributes->value("table", Json::array())) {
        if (row.value("id", 0) == id) {
            return row.at("raw").at("value").get<std::uint64_t>();
        }
    }
    return std::nullopt;
}

/// Errors that a SAS disk could not correct, of reading and writing.
std::optional<std::uint64_t> uncorrected(const Json& json) {
    const auto log = json.find("scsi_error_counter_log");
    if (log == json.end()) {
        return std::nullopt;
    }
    std::uint64_t sum = 0;
    for (const char* kind : {"read", "write"}) {
        sum += optional_value<std::uint64_t>(*log, kind, "total_uncorrected_errors").value_or(0);
    }
    return sum;
}

std::optional<std::uint64_t> bad_sectors(const Json& json) {
    constexpr int pending = 197, offline_uncorrectable = 198;
    const auto waiting = attribute(json, pending), unreadable = attribute(json, offline_uncorrectable);
    if (waiting || unreadable) {
        return std::max(waiting.value_or(0), unreadable.value_or(0));  // the same sectors, counted twice
    }
    if (const auto errors =
            optional_value<std::uint64_t>(json, "nvme_smart_health_information_log", "media_errors")) {
        return errors;
    }
    return uncorrected(json);
}

std::optional<double> used_ratio(const Json& json) {
    constexpr double percent = 100;
    if (const auto used =
            optional_value<double>(json, "nvme_smart_health_information_log", "percentage_used")) {
        return *used / percent;
    }
    if (const auto used = json.find("scsi_percentage_used_endurance_indicator"); used != json.end()) {
        return used->get<double>() / percent;
    }
    return std::nullopt;
}

Result<std::optional<DiskHealth>> read(const Json& json) {
    DiskHealth health{
        .serial = json.value("serial_number", ""),
        .model = json.value("model_name", json.value("scsi_model_name", "")),
        .passed = optional_value<bool>(json, "smart_status", "passed"),
        .bad_sectors = bad_sectors(json),
        .used_ratio = used_ratio(json),
        .celsius = optional_value<double>(json, "temperature", "current"),
    };
    if (!health.serial.empty() || health.passed) {
        return health;
    }
    std::string said;
    for (const Json& message : json.at("smartctl").value("messages", Json::array())) {
        said += (said.empty() ? "" : "; ") + message.value("string", "");
    }
    if (said.contains(asleep)) {
        return std::optional<DiskHealth>();
    }
    return fail("smart.silent", said.empty() ? "the disk told nothing" : said, "smartctl");
}

}  // namespace

Result<std::vector<SmartDevice>> parse_smartctl_scan(std::string_view text) {
    BEDPLATE_ASSIGN(const Json json, parse_json(text, "smartctl --scan-open"));
    return guarded([&]() -> Result<std::vector<SmartDevice>> {
        std::vector<SmartDevice> devices;
        for (const Json& device : json.value("devices", Json::array())) {
            devices.push_back({.name = device.at("name"), .type = device.at("type")});
        }
        return devices;
    });
}

Result<std::optional<DiskHealth>> parse_smartctl(std::string_view text) {
    BEDPLATE_ASSIGN(const Json json, parse_json(text, "smartctl"));
    return guarded([&] { return read(json); });
}

}  // namespace bedplate
