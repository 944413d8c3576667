// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/selection.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "example.hpp"

namespace bedplate {
namespace {

using test::Example;

/// Any disk of the MODEL A kind that could be chosen.
DiskSelector any_disk() {
    return {};
}

}  // namespace

TEST_CASE("disks that are never candidates, whatever the selector says") {
    struct Row {
        std::string_view why;
        std::function<void(Disk&)> change;
    };
    const Row rows[] = {
        {"installation medium", [](Disk& disk) { disk.installation_medium = true; }},
        {"virtual medium of the BMC", [](Disk& disk) { disk.bmc_virtual = true; }},
        {"no medium in it", [](Disk& disk) { disk.size = {}; }},
        {"another path to sdb", [](Disk& disk) { disk.multipath_of = "sdb"; }},
        {"removable", [](Disk& disk) { disk.removable = true; }},
        {"read-only", [](Disk& disk) { disk.read_only = true; }},
    };
    DiskSelector by_serial;
    by_serial.serial = "SYS1";
    for (const Row& row : rows) {
        Disk disk = test::make_disk("sda", "SYS1");
        CHECK(!by_serial.why_not(disk));
        row.change(disk);
        INFO(row.why);
        CHECK(by_serial.why_not(disk).value_or("").contains(row.why));
        CHECK(any_disk().why_not(disk).value_or("").contains(row.why));
    }
}

TEST_CASE("USB sticks and SD modules are candidates only when the selector names them") {
    Disk module = test::make_disk("sdd", "IDSDM01");
    module.transport = Transport::usb;
    module.model = "IDSDM";
    DiskSelector select;
    CHECK(select.why_not(module));
    select.min_size = gib(100);
    CHECK(select.why_not(module));
    select.model = "*";
    CHECK(select.why_not(module));
    select.model = "IDSDM*";
    CHECK(!select.why_not(module));
    select = {};
    select.transport = Transport::usb;
    CHECK(!select.why_not(module));
    select = {};
    select.serial = "IDSDM01";
    CHECK(!select.why_not(module));
}

TEST_CASE("no disk for the system: every disk is listed with the clause that failed") {
    Example example;
    example.profile.system.select.model = "NOSUCH*";
    example.inventory.disks[0].removable = true;
    const auto plan = example.plan();
    REQUIRE(!plan);
    CHECK(plan.error().code == "disk.none");
    CHECK(plan.error().kind == ErrorKind::refused);
    for (const char* part :
         {"DATA1", "SYS1", "DATA2", "it is removable", "wanted 'NOSUCH*'", "322 GB", "bay pci-"}) {
        INFO(plan.error().message);
        CHECK(plan.error().message.contains(part));
    }
}

TEST_CASE("several disks for the system: all are listed, those that match are marked") {
    Example example;
    example.profile.system.select.model = "MODEL A";
    const auto plan = example.plan();
    REQUIRE(!plan);
    CHECK(plan.error().code == "disk.several");
    INFO(plan.error().message);
    CHECK(plan.error().message.contains("2 disks match"));
    CHECK(plan.error().message.contains("SYS1"));
    CHECK(plan.error().hint.contains("narrower"));
}

TEST_CASE("a machine without disks is refused") {
    Example example;
    example.inventory.disks.clear();
    CHECK(example.refusal() == "disk.none");
}

TEST_CASE("OSD disks are shown with their role and never the system disk") {
    Example example;
    example.profile.osd->select.model = "*";
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(plan->disks[0].role == PlannedRole::osd);
    CHECK(plan->disks[1].role == PlannedRole::system);
    CHECK(plan->disks[2].role == PlannedRole::osd);
    CHECK(plan->disks[0].before.size() == plan->disks[0].after.size());
}

TEST_CASE("too few OSD disks and a disk with two roles are refused") {
    Example example;
    example.profile.osd->count.at_least = 3;
    CHECK(example.refusal() == "disk.count");
    example.profile.osd->count = {};
    example.profile.osd_db = example.profile.osd;
    CHECK(example.refusal() == "disk.two-roles");
    example.profile.osd_db->select.serial = "NVME*";
    CHECK(example.refusal() == "osd.db-too-small");
}

TEST_CASE("a disk with a role that can not be told from another is refused, others may look as they like") {
    Example example;
    const auto blur = [](Disk& disk) {
        disk.wwn.clear();
        disk.serial.clear();
        disk.by_path.clear();
        disk.by_id.clear();
    };
    blur(example.inventory.disks[0]);
    CHECK(example.refusal() == "disk.no-identity");
    example.profile.osd.reset();
    CHECK(example.refusal().empty());
    blur(example.system_disk());
    CHECK(example.refusal() == "disk.no-identity");
}

TEST_CASE("the order of the disks does not matter") {
    Example example;
    const auto plan = example.plan();
    REQUIRE(plan);
    for (int turn = 0; turn < 2; ++turn) {
        std::ranges::rotate(example.inventory.disks, example.inventory.disks.begin() + 1);
        const auto turned = example.plan();
        REQUIRE(turned);
        CHECK(to_json(*turned)["actions"] == to_json(*plan)["actions"]);
    }
}

}  // namespace bedplate
