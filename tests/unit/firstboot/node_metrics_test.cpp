// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/node_metrics.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <regex>

#include "cluster/log_files.hpp"
#include "firstboot/hardware.hpp"
#include "firstboot/metrics.hpp"
#include "firstboot/tools.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using fakes::FakePlatform;

namespace {

/// What promtool has against figures; empty: nothing.
std::string objection(const std::string& text) {
    const auto result =
        linux_command_runner()->run({.argv = {"promtool", "check", "metrics"}, .input = text});
    REQUIRE(result);
    return result->out + result->err;
}

BondState lacp_bond() {
    BondPort good{.name = "nic0", .up = true, .aggregator = 1, .partner = "02:00:00:00:00:01"};
    good.actor_state = good.partner_state = 61;
    BondPort other = good;
    other.name = "nic1";
    other.aggregator = 2;  // the switch took it into another group
    return {.mode = "IEEE 802.3ad Dynamic link aggregation",
            .aggregator = 1,
            .active = {},
            .ports = {good, other}};
}

NodeReport report(NodeReport::State state) {
    return {.state = state,
            .hostname = "node1",
            .cluster = "prod",
            .checks = {{.id = "ha.fencing", .ok = false, .detail = "none"},
                       {.id = "units.failed", .ok = true, .detail = "a \"quoted\"\nline"}}};
}

NodeFigures figures() {
    NodeFigures result{.version = "0.1.0", .report = report(NodeReport::State::ready)};
    result.bonds["bond0"] = lacp_bond();
    result.bonds["bond1"] = {.mode = "fault-tolerance (active-backup)",
                             .aggregator = 0,
                             .active = "nic2",
                             .ports = {{.name = "nic2", .up = true}, {.name = "nic3", .up = true}}};
    result.certificates["/etc/bedplate/pki/node.crt"] = 1'900'000'000;
    result.tickets = {{.id = "0123456789abcdef", .expires = 1'800'000'000}};
    result.members = example::members(2);
    result.room = NodeCapacity{.cpu = 32, .hv_memory = 16384, .threads = 8};
    return result;
}

const std::string lacp_text = R"(Ethernet Channel Bonding Driver: v6.12

Bonding Mode: IEEE 802.3ad Dynamic link aggregation
MII Status: up

802.3ad info
Active Aggregator Info:
	Aggregator ID: 1

Slave Interface: nic0
MII Status: up
Aggregator ID: 1
details actor lacp pdu:
    port state: 61
details partner lacp pdu:
    system mac address: 02:00:00:00:00:01
    port state: 61
)";

/// A member of a cluster, as far as its figures are concerned.
void make_member(FakePlatform& fake, bool control) {
    auto all = example::members(2);
    all[0].control = control;
    fake.files.add_file(members_path, to_text(Membership{.self = all[0], .all = all}));
    fake.files.add_file("/proc/net/bonding/bond0", lacp_text);
    fake.files.add_file("/etc/bedplate/pki/node.crt", "PEM");
    fake.commands.on("openssl x509 -in /etc/bedplate/pki/node.crt *",
                     {.out = "notAfter=2031-11-28 23:35:00Z\n"});
}

const std::string told = std::string(metrics_folder) + "/" + std::string(node_metrics_file);

}  // namespace

TEST_CASE("promtool has nothing against a node's figures, and much against others") {
    CHECK(objection(to_metrics(figures())).empty());
    CHECK(objection(to_metrics(NodeFigures{})).empty());
    CHECK_FALSE(objection("bedplate{a=\"b} 1\n").empty());
}

TEST_CASE("every figure of ours that an alert or the page asks for is one that is told") {
    auto known = to_metrics(figures());
    known += to_metrics(
        HardwareFigures{.disks = {{.device = "/dev/sda",
                                   .health = DiskHealth{.serial = "S1",
                                                        .model = "M",
                                                        .passed = true,
                                                        .bad_sectors = 0,
                                                        .used_ratio = 0.1,
                                                        .celsius = 30}}},
                        .sensors = std::vector<Sensor>{{.name = "Fan1", .reading = 1200, .unit = "RPM"}}});
    const auto members = example::members(2);
    const std::vector<FoundFile> spool;
    const std::vector<KeptLog> kept{{.path = "node2/2026-11-28.jsonl", .node = "node2"}};
    known += log_metrics(spool, kept, members[0], members, LogPolicy{});
    const auto panels = linux_file_system()->read(std::filesystem::path(BEDPLATE_SOURCE_DIR) /
                                                  "firstboot/dashboard/panels.json");
    REQUIRE(panels);
    const std::string asked = prometheus_rules() + *panels;
    const std::regex name("bedplate_[a-z_]+");
    for (auto found = std::sregex_iterator(asked.begin(), asked.end(), name); found != std::sregex_iterator();
         ++found) {
        INFO(found->str());
        CHECK(known.contains("# TYPE " + found->str() + " gauge\n"));
    }
}

TEST_CASE("a port in another group than the bond's does not carry its packets") {
    const auto text = to_metrics(figures());
    CHECK(text.contains("bedplate_bond_ports{master=\"bond0\",mode=\"802.3ad\"} 2\n"));
    CHECK(text.contains("bedplate_bond_ports_in_service{master=\"bond0\",mode=\"802.3ad\"} 1\n"));
    CHECK(
        text.contains("bedplate_bond_ports_in_service{master=\"bond1\",mode=\"fault-tolerance "
                      "(active-backup)\"} 2\n"));
}

TEST_CASE("state, checks, members, certificates and tickets are told") {
    const auto text = to_metrics(figures());
    CHECK(text.contains("bedplate_node_ready 1\n"));
    CHECK(text.contains("bedplate_node_state{state=\"failed\"} 0\n"));
    CHECK(text.contains("bedplate_node_check{check=\"ha.fencing\"} 0\n"));
    CHECK(text.contains("bedplate_member{member=\"node2\",state=\"member\"} 1\n"));
    CHECK(text.contains(
        "bedplate_certificate_expires_timestamp_seconds{file=\"/etc/bedplate/pki/node.crt\"} 1900000000\n"));
    CHECK(
        text.contains("bedplate_ticket_expires_timestamp_seconds{ticket=\"0123456789abcdef\"} 1800000000\n"));
}

TEST_CASE("figures are written when they change, and once a minute to show that somebody looks") {
    FakePlatform fake;
    make_member(fake, false);
    NodeMetrics metrics(fake.platform);
    metrics.look(report(NodeReport::State::ready));
    const auto writes = [&] { return std::ranges::count(fake.files.changes(), "write " + told); };
    REQUIRE(metrics.tell());
    REQUIRE(metrics.tell());
    CHECK(writes() == 1);
    const auto text = fake.files.read(told).value();
    CHECK(text.contains("bedplate_bond_ports_in_service{master=\"bond0\",mode=\"802.3ad\"} 1\n"));
    CHECK(text.contains("expires_timestamp_seconds{file=\"/etc/bedplate/pki/node.crt\"} 1953675300\n"));
    CHECK_FALSE(text.contains("bedplate_member{"));  // told by control nodes

    fake.files.add_file("/proc/net/bonding/bond0", "Bonding Mode: IEEE 802.3ad Dynamic link aggregation\n");
    REQUIRE(metrics.tell());
    CHECK(writes() == 2);
    fake.clock.sleep(std::chrono::minutes{1});
    REQUIRE(metrics.tell());
    CHECK(writes() == 3);
}

TEST_CASE("a certificate is read again only when it changes") {
    FakePlatform fake;
    make_member(fake, false);
    NodeMetrics metrics(fake.platform);
    metrics.look(report(NodeReport::State::ready));
    metrics.look(report(NodeReport::State::ready));
    CHECK(fake.commands.count("openssl x509 *") == 1);
    fake.files.add_file("/etc/bedplate/pki/node.crt", "another PEM");
    metrics.look(report(NodeReport::State::ready));
    CHECK(fake.commands.count("openssl x509 *") == 2);
}

TEST_CASE("a control node tells the members, with a registry that answers or without") {
    FakePlatform fake;
    make_member(fake, true);
    NodeMetrics metrics(fake.platform);
    metrics.look(report(NodeReport::State::failed));
    REQUIRE(metrics.tell());
    const auto text = fake.files.read(told).value();
    CHECK(text.contains("bedplate_member{member=\"node2\",state=\"joining\"} 0\n"));
    CHECK(text.contains("bedplate_node_ready 0\n"));

    // Who joins is told at once, not with the next report: else its silence would be an alert.
    auto all = example::members(3);
    all[2].state = Member::State::joining;
    fake.files.add_file(members_path, to_text(Membership{.self = all[0], .all = all}));
    REQUIRE(metrics.tell());
    CHECK(fake.files.read(told).value().contains("bedplate_member{member=\"node3\",state=\"joining\"} 1\n"));
}

TEST_CASE("disks and sensors become figures, a sleeping disk and a missing BMC do not") {
    FakePlatform fake;
    fake.commands.on("smartctl --json --scan-open",
                     {.out = R"({"devices": [{"name": "/dev/sda", "type": "sat"},
                                             {"name": "/dev/sdb", "type": "sat"},
                                             {"name": "/dev/sdc", "type": "sat"},
                                             {"name": "/dev/bus/0", "type": "megaraid,3"}]})"});
    fake.commands.on("smartctl * /dev/sda", {.out = R"({"serial_number": "S1", "model_name": "M",
        "smart_status": {"passed": true}, "temperature": {"current": 31}})"});
    fake.commands.on(
        "smartctl * /dev/sdb",
        {.out = R"json({"smartctl": {"messages": [{"string": "STANDBY, exit(2)"}]}})json", .status = 2});
    fake.commands.on(
        "smartctl * /dev/sdc",
        {.out = R"({"smartctl": {"messages": [{"string": "Input/output error"}]}})", .status = 2});
    fake.commands.on("smartctl * /dev/bus/0", {.out = R"({"serial_number": "S4", "model_name": "M",
        "smart_status": {"passed": false}})",
                                               .status = 8});
    REQUIRE(write_hardware_metrics(fake.platform));
    const auto path = std::string(metrics_folder) + "/" + std::string(hardware_metrics_file);
    auto text = fake.files.read(path).value();
    CHECK(text.contains("bedplate_disk_healthy{device=\"/dev/sda\",serial=\"S1\",model=\"M\"} 1\n"));
    CHECK(text.contains(
        "bedplate_disk_healthy{device=\"/dev/bus/0 megaraid,3\",serial=\"S4\",model=\"M\"} 0\n"));
    CHECK(text.contains("bedplate_disk_answers{device=\"/dev/sdc\",serial=\"\"} 0\n"));
    CHECK_FALSE(text.contains("/dev/sdb"));
    CHECK(text.contains("bedplate_bmc_present 0\n"));
    CHECK(objection(text).empty());

    fake.files.add_file("/dev/ipmi0", "");
    fake.commands.on("ipmitool -c sdr list", {.out = "Inlet Temp,21,degrees C,ok\nFan1 RPM,0,RPM,cr\n"});
    REQUIRE(write_hardware_metrics(fake.platform));
    text = fake.files.read(path).value();
    CHECK(text.contains("bedplate_sensor_state{sensor=\"Fan1 RPM\"} 2\n"));
    CHECK(text.contains("bedplate_sensor_reading{sensor=\"Inlet Temp\",unit=\"degrees C\"} 21\n"));
    CHECK(objection(text).empty());
}
