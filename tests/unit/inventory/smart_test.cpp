// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/smart.hpp"

#include <catch2/catch_test_macros.hpp>

#include "inventory/ipmi.hpp"

using namespace bedplate;

namespace {

DiskHealth health(std::string_view text) {
    const auto read = parse_smartctl(text);
    INFO((read ? "" : read.error().to_text()));
    REQUIRE(read);
    REQUIRE(*read);
    return **read;
}

}  // namespace

TEST_CASE("smartctl --scan-open: names and types") {
    const auto devices = parse_smartctl_scan(
        R"({"devices": [{"name": "/dev/sda", "info_name": "/dev/sda [SAT]", "type": "sat", "protocol": "ATA"},
                        {"name": "/dev/nvme0", "type": "nvme", "protocol": "NVMe"}]})");
    REQUIRE(devices);
    CHECK(*devices == std::vector<SmartDevice>{{"/dev/sda", "sat"}, {"/dev/nvme0", "nvme"}});
    CHECK(parse_smartctl_scan("{}")->empty());
    CHECK(parse_smartctl_scan(R"({"devices": [{"name": 7}]})").error().code == "smart.syntax");
    CHECK(parse_smartctl_scan("no JSON").error().code == "json.syntax");
}

TEST_CASE("smartctl: a SATA disk whose pending sectors are also its unreadable ones") {
    CHECK(health(R"({"model_name": "HGST", "serial_number": "S1", "smart_status": {"passed": true},
        "ata_smart_attributes": {"table": [{"id": 5, "raw": {"value": 3}}, {"id": 197, "raw": {"value": 8}},
                                           {"id": 198, "raw": {"value": 6}}]},
        "temperature": {"current": 34}})") == DiskHealth{.serial = "S1",
                                                         .model = "HGST",
                                                         .passed = true,
                                                         .bad_sectors = 8,
                                                         .used_ratio = {},
                                                         .celsius = 34});
}

TEST_CASE("smartctl: NVMe and SAS count in their own words") {
    CHECK(health(R"({"model_name": "P5800X", "serial_number": "S2", "smart_status": {"passed": false},
        "nvme_smart_health_information_log": {"critical_warning": 1, "percentage_used": 103, "media_errors": 2}})") ==
          DiskHealth{.serial = "S2",
                     .model = "P5800X",
                     .passed = false,
                     .bad_sectors = 2,
                     .used_ratio = 1.03,
                     .celsius = {}});
    CHECK(health(R"({"scsi_model_name": "SEAGATE", "serial_number": "S3", "smart_status": {"passed": true},
        "scsi_percentage_used_endurance_indicator": 50,
        "scsi_error_counter_log": {"read": {"total_uncorrected_errors": 1}, "write": {"total_uncorrected_errors": 2}}})") ==
          DiskHealth{.serial = "S3",
                     .model = "SEAGATE",
                     .passed = true,
                     .bad_sectors = 3,
                     .used_ratio = 0.5,
                     .celsius = {}});
}

TEST_CASE("smartctl: a disk that sleeps is no error, one that says nothing is") {
    const auto asleep = parse_smartctl(
        R"json({"smartctl": {"messages": [{"string": "Device is in STANDBY mode, exit(2)"}], "exit_status": 2}})json");
    REQUIRE(asleep);
    CHECK_FALSE(*asleep);
    const auto silent =
        parse_smartctl(R"({"smartctl": {"messages": [{"string": "/dev/sdc: Input/output error"}]}})");
    CHECK(silent.error().code == "smart.silent");
    CHECK(silent.error().message == "/dev/sdc: Input/output error");
    CHECK(parse_smartctl("{}").error().code == "smart.syntax");
}

TEST_CASE("ipmitool sdr: sensors with limits and without, and what reads nothing") {
    const auto sensors = parse_ipmitool_sensors(
        "Inlet Temp,21,degrees C,ok\n"
        "Exhaust Temp,71,degrees C,unc\n"
        "Fan1 RPM,0,RPM,cr\n"
        "Pwr Consumption,196,Watts,ok\n"
        "PS1 Status,01h,ok,10.1,Presence detected\n"
        "PS2 Status,0Bh,ok,10.2,Presence detected, Failure detected, Power Supply AC lost\n"
        "Temp,,,ns\n"
        "Riser Config Err,00h,ns,7.1,No Reading\n"
        "nonsense\n");
    using State = Sensor::State;
    CHECK(sensors == std::vector<Sensor>{{"Inlet Temp", 21, "degrees C", State::fine},
                                         {"Exhaust Temp", 71, "degrees C", State::warning},
                                         {"Fan1 RPM", 0, "RPM", State::critical},
                                         {"Pwr Consumption", 196, "Watts", State::fine},
                                         {"PS1 Status", {}, "", State::fine},
                                         {"PS2 Status", {}, "", State::critical}});
}
