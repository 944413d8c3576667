// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "firstboot/checks.hpp"
#include "firstboot/identity.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using fakes::FakePlatform;

namespace {

/// A node as the installer left it, on which everything holds.
FakePlatform& healthy(FakePlatform& fake) {
    fake.files.add_file("/etc/bedplate/node.json",
                        R"({"hostname": "node1", "cluster": "prod", "generation": 2, "plan_digest": "abc"})");
    fake.files.add_file("/etc/bedplate/site.json",
                        R"({"networks": {"management": {"address": "10.0.2.15"}}})");
    fake.files.add_file("/proc/sys/kernel/hostname", "node1\n");
    fake.files.add_file("/proc/sys/kernel/random/uuid", "3f1c2a4e-0000-4000-8000-000000000001\n");
    fake.commands.on("findmnt *", {.out = "/dev/mapper/sys-root\n"});
    fake.commands.on("ip -json *", {.out = R"([{"ifname": "nic0", "addr_info": [{"local": "10.0.2.15"}]}])"});
    fake.commands.on("systemctl list-units *", {.out = ""});
    return fake;
}

bool holds(const NodeReport& report, const std::string& id) {
    const auto found = std::ranges::find(report.checks, id, &NodeCheck::id);
    return found != report.checks.end() && found->ok;
}

}  // namespace

TEST_CASE("a healthy node that is in no cluster is joining, never ready") {
    FakePlatform fake;
    const auto report = firstboot::check_node(healthy(fake).platform);
    REQUIRE(report);
    CHECK(report->state == NodeReport::State::joining);
    CHECK(report->plan_digest == "abc");
    CHECK(report->generation == 2);
    CHECK(holds(*report, "disk.root"));
    CHECK(holds(*report, "network.management"));
    CHECK(fake.commands.unexpected().empty());
}

TEST_CASE("each thing that does not hold makes the node failed and is named") {
    FakePlatform fake;
    healthy(fake);
    std::string expected;
    SECTION("a failed unit") {
        fake.commands.on("systemctl list-units *",
                         {.out = "corosync.service loaded failed failed Corosync\n"});
        expected = "units.failed: corosync.service";
    }
    SECTION("another host name") {
        fake.files.add_file("/proc/sys/kernel/hostname", "localhost\n");
        expected = "system.hostname: localhost";
    }
    SECTION("the address on no port") {
        fake.commands.on("ip -json *", {.out = "[]"});
        expected = "network.management: 10.0.2.15 is on no port";
    }
    SECTION("the root file system somewhere else") {
        fake.commands.on("findmnt *", {.out = "overlay\n"});
        expected = "disk.root: overlay";
    }
    const auto report = firstboot::check_node(fake.platform);
    REQUIRE(report);
    CHECK(report->state == NodeReport::State::failed);
    CHECK(report->error == expected);
}

TEST_CASE("a machine that was not installed by this project is an error") {
    FakePlatform fake;
    CHECK(!firstboot::check_node(fake.platform));
}

TEST_CASE("identity is made once and kept afterwards") {
    FakePlatform fake;
    healthy(fake);
    fake.files.add_directory("/etc/iscsi");
    fake.commands.on("ssh-keygen -A", [&fake](const Command&) {
        fake.files.add_file("/etc/ssh/ssh_host_ed25519_key", "key", 0600);
        return CommandResult{};
    });
    const auto made = firstboot::make_identity(fake.platform);
    REQUIRE(made);
    CHECK(made->size() == 3);
    CHECK(fake.files.read("/etc/nvme/hostnqn")
              .value()
              .starts_with("nqn.2014-08.org.nvmexpress:uuid:3f1c2a4e-"));
    CHECK(fake.files.mode_of("/etc/iscsi/initiatorname.iscsi") == 0600);
    const auto again = firstboot::make_identity(fake.platform);
    REQUIRE(again);
    CHECK(again->empty());
}

TEST_CASE("the kernel's values are in the report, and only a required one makes the node failed") {
    FakePlatform fake;
    healthy(fake);
    fake.files.add_file("/proc/sys/vm/swappiness", "60\n");
    std::string required = "[]";
    auto state = NodeReport::State::joining;
    SECTION("advice") {}
    SECTION("required") {
        required = "[\"vm.swappiness\"]";
        state = NodeReport::State::failed;
    }
    fake.files.add_file(
        "/etc/bedplate/tuning.json",
        R"({"schema": "bedplate/tuning/v1", "values": {"vm.swappiness": "10"}, "required": )" + required +
            "}");
    const auto report = firstboot::check_node(fake.platform);
    REQUIRE(report);
    CHECK(report->state == state);
    REQUIRE(report->tuning.size() == 1);
    CHECK(report->tuning.front().actual == "60");
    CHECK(!holds(*report, "tuning.values"));
    CHECK(holds(*report, "tuning.required") == (state == NodeReport::State::joining));
}
