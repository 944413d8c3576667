// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "disk_builder.hpp"
#include "fake_machine.hpp"
#include "probe/content.hpp"

using namespace bedplate;

namespace {

struct Machine : FakeMachine {
    Sources sources{platform};

    Machine() { commands.on("wipefs *"); }

    Result<std::optional<Gpt>> gpt() {
        auto device = blocks.open("/dev/sda", BlockAccess::read);
        return read_gpt(**device);
    }

    std::vector<BluestoreLabel> bluestore() {
        auto device = blocks.open("/dev/sda", BlockAccess::read);
        return *read_bluestore_labels(**device);
    }
};

BlockNode sda_with_esp() {
    BlockNode node{.kname = "sda", .path = "/dev/sda", .type = "disk", .size = gib(1)};
    node.children.push_back({.kname = "sda1", .path = "/dev/sda1", .type = "part"});
    node.children.push_back({.kname = "sda2", .path = "/dev/sda2", .type = "part"});
    return node;
}

std::string boot_sector() {
    std::string sector(512, '\0');
    sector.replace(82, 5, "FAT32");
    sector[510] = '\x55';
    sector[511] = '\xaa';
    return sector;
}

constexpr const char* finished_mark =
    R"({"schema":"bedplate/mark/v1","cluster":"prod","hostname":"node1","generation":3,)"
    R"("firmware":"uefi","plan_digest":"ab"})";

/// A disk as `seal` leaves it; each test takes one thing away.
struct Installed : Machine {
    DiskBuilder disk{blocks, "/dev/sda", gib(1)};

    Installed() {
        disk.gpt({{"bedplate-bios", 34, 2047}, {"bedplate-esp", 2048, 1050623}});
        disk.poke(mib(1), boot_sector());
        commands.on("mtype -i /dev/sda2 ::/bedplate/node.json", {.out = finished_mark});
    }
    std::optional<InstallationMark> mark() { return read_content(sources, sda_with_esp()).mark; }
};

}  // namespace

TEST_CASE("a partition table is read in the disk's own blocks") {
    for (const Bytes block : {Bytes{512}, Bytes{4096}}) {
        CAPTURE(block.value);
        Machine machine;
        DiskBuilder(machine.blocks, "/dev/sda", gib(1), block).gpt({{"one", 64, 127}, {"two", 256, 511}});
        const auto gpt = machine.gpt();
        REQUIRE(gpt);
        REQUIRE(gpt->has_value());
        CHECK((*gpt)->disk_guid.to_text() == "33221100-5544-0000-0000-000000000000");
        REQUIRE((*gpt)->entries.size() == 2);
        CHECK((*gpt)->find("two")->number == 2);
        CHECK((*gpt)->find("two")->start == block * 256);
        CHECK((*gpt)->find("two")->size == block * 256);
        CHECK((*gpt)->find("three") == nullptr);
    }
}

TEST_CASE("a damaged table is replaced by its copy, and two damaged ones by none") {
    Machine machine;
    DiskBuilder disk(machine.blocks, "/dev/sda", gib(1));
    disk.gpt({{"one", 64, 127}});
    disk.poke(Bytes{512 + 56}, "x");
    REQUIRE(machine.gpt()->has_value());
    CHECK((*machine.gpt())->find("one") != nullptr);
    SECTION("the copy's entries do not fit its check sum") {
        disk.poke(gib(1) - Bytes{512} - kib(16) + Bytes{56}, "x");
        CHECK_FALSE(machine.gpt()->has_value());
    }
    SECTION("the copy has no header") {
        disk.poke(gib(1) - Bytes{512}, "NOT PART");
        CHECK_FALSE(machine.gpt()->has_value());
    }
}

TEST_CASE("a disk without a table, and one too small for any") {
    Machine machine;
    machine.blocks.add_disk("/dev/sda", mib(1));
    CHECK_FALSE(machine.gpt()->has_value());
    machine.blocks.add_disk("/dev/sda", Bytes{1024});
    CHECK_FALSE(machine.gpt()->has_value());
}

TEST_CASE("BlueStore labels are found where nothing else looks, with what they say") {
    Machine machine;
    machine.blocks.add_disk("/dev/sda", gib(20));
    std::string label = "bluestore block device\n5f0c53ab-1bbf-4a5d-8f43-8c1de5b6b0a1\n";
    label += std::string(2 + 4 + 16 + 8 + 8, '\0');
    const auto text = [](std::string_view value) {
        std::string encoded(4, '\0');
        put(encoded, 0, value.size(), 4);
        return encoded + std::string(value);
    };
    label += text("main") + std::string("\2\0\0\0", 4) + text("ceph_fsid") + text("2c1e") + text("whoami") +
             text("7");
    machine.blocks.poke("/dev/sda", gib(10), label);
    machine.blocks.poke("/dev/sda", Bytes{0},
                        "bluestore block device\n5f0c53ab-1bbf-4a5d-8f43-8c1de5b6b0a1\n\1\1\xff\xff");
    const auto labels = machine.bluestore();
    REQUIRE(labels.size() == 2);
    CHECK(labels[0].description.empty());
    CHECK(labels[1].offset == gib(10));
    CHECK(labels[1].osd_uuid == "5f0c53ab-1bbf-4a5d-8f43-8c1de5b6b0a1");
    CHECK(labels[1].description == "main");
    CHECK(labels[1].meta_value("ceph_fsid") == "2c1e");
    CHECK(labels[1].meta_value("whoami") == "7");
    CHECK(labels[1].meta_value("other").empty());
}

TEST_CASE("a disk on which seal has finished is a finished node") {
    Installed machine;
    const auto mark = machine.mark();
    REQUIRE(mark);
    CHECK(mark->state == InstallationMark::State::finished);
    CHECK(mark->cluster == "prod");
    CHECK(mark->hostname == "node1");
    CHECK(mark->generation == 3);
    CHECK(mark->disk_guid == "33221100-5544-0000-0000-000000000000");
    CHECK(machine.commands.commands().back().environment.front().first == "MTOOLS_SKIP_CHECK");
}

TEST_CASE("a disk on which one step of seal is missing is incomplete") {
    Installed machine;
    SECTION("no boot sector on the ESP: nobody asks for files there") {
        machine.disk.poke(mib(1), std::string(512, '\0'));
        machine.mark();
        CHECK(machine.commands.count("mtype *") == 0);
    }
    SECTION("no mark on the ESP") {
        machine.commands.on("mtype *",
                            {.status = 1, .err = "mtype: File \"::/bedplate/node.json\" not found\n"});
    }
    SECTION("the mark of a failure") {
        machine.commands.on("mtype *", {.out = R"({"schema":"bedplate/mark/v1","state":"failed"})"});
    }
    SECTION("BIOS without GRUB's code in the first block") {
        machine.commands.on("mtype *",
                            {.out = R"({"schema":"bedplate/mark/v1","cluster":"prod","hostname":"n",)"
                                    R"("generation":1,"firmware":"bios"})"});
        // The partition table of the protective MBR alone is no boot code.
        machine.disk.poke(Bytes{446}, std::string("\0\0\2\0\xee", 5));
    }
    const auto mark = machine.mark();
    REQUIRE(mark);
    CHECK(mark->state == InstallationMark::State::incomplete);
    CHECK(mark->cluster.empty());
    CHECK(mark->disk_guid == "33221100-5544-0000-0000-000000000000");
}

TEST_CASE(
    "BIOS with GRUB's code is finished; an ESP that the kernel does not show is read through the disk") {
    Installed machine;
    machine.disk.poke(Bytes{0}, "\xeb\x63\x90");
    machine.commands.on("mtype -i /dev/sda@@1048576 *",
                        {.out = R"({"schema":"bedplate/mark/v1","cluster":"prod","hostname":"n",)"
                                R"("generation":1,"firmware":"bios"})"});
    BlockNode node = sda_with_esp();
    node.children.clear();
    const auto mark = read_content(machine.sources, node).mark;
    REQUIRE(mark);
    CHECK(mark->state == InstallationMark::State::finished);
}

TEST_CASE("other people's disks carry no mark, and a volume id is read from an image on a stick") {
    Machine machine;
    DiskBuilder disk(machine.blocks, "/dev/sda", gib(1));
    disk.gpt({{"EFI System", 2048, 4095}});
    disk.poke(kib(32),
              std::string("\1CD001\1\0", 8) + std::string(32, ' ') + "BEDPLATE_0_1_0" + std::string(18, ' '));
    const DiskContent content = read_content(machine.sources, sda_with_esp());
    CHECK_FALSE(content.mark);
    CHECK(content.iso_label == "BEDPLATE_0_1_0");
    CHECK(machine.commands.count("mtype *") == 0);
}

TEST_CASE("a disk without a medium is not opened, one that cannot be read leaves a note") {
    Machine machine;
    BlockNode node{.kname = "sdc", .path = "/dev/sdc", .type = "disk"};
    CHECK(read_content(machine.sources, node).signatures.empty());
    CHECK(machine.commands.commands().empty());
    node.size = gib(1);
    CHECK_FALSE(read_content(machine.sources, node).gpt);
    CHECK(machine.sources.notes().size() == 1);
}
