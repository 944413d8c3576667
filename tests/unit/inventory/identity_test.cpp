// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "machines.hpp"

using namespace bedplate;
using Catch::Matchers::ContainsSubstring;

namespace {

Disk disk(const std::string& name, const std::string& wwn, const std::string& serial,
          const std::string& by_path = {}) {
    Disk result;
    result.name = name;
    result.path = "/dev/" + name;
    result.wwn = wwn;
    result.serial = serial;
    result.model = "MODEL";
    result.by_path = by_path;
    result.size = gib(100);
    return result;
}

Inventory machine(std::vector<Disk> disks) {
    Inventory inventory;
    inventory.disks = std::move(disks);
    return inventory;
}

}  // namespace

TEST_CASE("a WWN that is the disk's own is its identity") {
    const Inventory inventory = machine({disk("sda", "0x5000a", "S1"), disk("sdb", "0x5000b", "S1")});
    const auto identity = identify(inventory.disks[1], inventory);
    REQUIRE(identity);
    CHECK(identity->wwn == "0x5000b");
    CHECK(*find_disk(*identity, inventory) == &inventory.disks[1]);
}

TEST_CASE("WWNs that name nothing do not count: zeros, a constant, the same on two disks") {
    const std::string by_path = "pci-0000:01:00.0-nvme-1";
    struct Row {
        std::string first, second;
    };
    for (const auto& [first, second] :
         {Row{"0x0000000000000000", "0x5000b"}, Row{"eui.0000000000000000", "eui.01"},
          Row{"eui.0050434d07000001", "eui.01"}, Row{"0x5000a", "0x5000a"}}) {
        CAPTURE(first);
        const Inventory inventory = machine({disk("sda", first, "S1", by_path), disk("sdb", second, "S2")});
        const auto identity = identify(inventory.disks[0], inventory);
        REQUIRE(identity);
        CHECK(identity->wwn.empty());
        CHECK(identity->serial == "S1");
        CHECK(identity->to_text() == "serial S1");
        CHECK(*find_disk(*identity, inventory) == &inventory.disks[0]);
    }
}

TEST_CASE("a disk whose serial number is not its own is named by its bay") {
    const Inventory inventory = machine({disk("sda", "", "SAME", "pci-0000:05:00.0-ata-1"),
                                         disk("sdb", "", "SAME", "pci-0000:05:00.0-ata-2")});
    const auto identity = identify(inventory.disks[0], inventory);
    REQUIRE(identity);
    CHECK(identity->serial.empty());
    CHECK(identity->to_text() == "bay pci-0000:05:00.0-ata-1");
    CHECK(*find_disk(*identity, inventory) == &inventory.disks[0]);
}

TEST_CASE("a bay is found again under the other spelling of its path") {
    const Inventory before = machine({disk("sda", "", "", "pci-0000:05:00.0-ata-1")});
    const Inventory after = machine({disk("sdq", "", "", "pci-0000:05:00.0-ata-1.0")});
    const auto identity = identify(before.disks[0], before);
    REQUIRE(identity);
    REQUIRE(find_disk(*identity, after));
}

TEST_CASE("disks that nothing tells apart are refused, with the ones that look the same") {
    const Inventory inventory =
        machine({disk("sda", "", "SAME"), disk("sdb", "", "SAME"), disk("sdc", "", "S3")});
    const auto identity = identify(inventory.disks[0], inventory);
    REQUIRE_FALSE(identity);
    CHECK(identity.error().kind == ErrorKind::refused);
    CHECK(identity.error().code == "disk.no-identity");
    CHECK_THAT(identity.error().message, ContainsSubstring("sdb"));
    CHECK_THAT(identity.error().message, !ContainsSubstring("sdc"));
}

TEST_CASE("two paths to one disk are one disk") {
    Inventory inventory = machine({disk("sda", "0x5000a", "S1"), disk("sdb", "0x5000a", "S1")});
    inventory.disks[1].multipath_of = "sda";
    const auto identity = identify(inventory.disks[0], inventory);
    REQUIRE(identity);
    CHECK(identity->wwn == "0x5000a");
    CHECK(*identify(inventory.disks[1], inventory) == *identity);
    CHECK(*find_disk(*identity, inventory) == &inventory.disks[0]);
}

TEST_CASE("an identity that is gone or has become ambiguous is an error of its own") {
    Inventory inventory = machine({disk("sda", "0x5000a", "S1"), disk("sdb", "0x5000b", "S2")});
    const DiskIdentity identity = *identify(inventory.disks[0], inventory);
    inventory.disks[1].wwn = "0x5000a";
    CHECK(find_disk(identity, inventory).error().code == "disk.ambiguous");
    inventory.disks.clear();
    CHECK(find_disk(identity, inventory).error().code == "disk.gone");
    CHECK(find_disk(DiskIdentity{}, machine({disk("sda", "", "")})).error().code == "disk.gone");
}

TEST_CASE("recorded machines: every disk with a usable name gets an identity that finds it again") {
    for (const std::string& name : machine_names()) {
        const Inventory inventory = load_machine(name);
        for (const Disk& each : inventory.disks) {
            CAPTURE(name, each.name);
            const auto identity = identify(each, inventory);
            if (identity) {
                const auto found = find_disk(*identity, inventory);
                REQUIRE(found);
                CHECK((*found)->name == (each.multipath_of.empty() ? each.name : each.multipath_of));
            } else {
                CHECK(each.wwn.empty());
                CHECK(each.serial.empty());
            }
        }
    }
}

TEST_CASE("a disk is described in one line that a person can act on") {
    const Inventory boss = load_machine("r640-boss-h740p-vmedia");
    CHECK(describe(boss.disks[1]) ==
          "sdb  DELLBOSS VD  240 GB  serial 3c14dfdbb2af73d5, bay pci-0000:d8:00.0-ata-1, holds: nothing");
    CHECK_THAT(describe(boss.disks[2]), ContainsSubstring("virtual medium of the BMC"));
    const Inventory r940 = load_machine("r940-h740p-boss-idsdm-8nvme");
    CHECK_THAT(describe(r940.disks[1]), ContainsSubstring("holds: gpt, LVM2_member, LVM centos"));
}
