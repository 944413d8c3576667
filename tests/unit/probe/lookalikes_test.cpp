// SPDX-License-Identifier: GPL-3.0-or-later
// tests/machines/vm-lookalikes is a recording of a booted machine; this says what has to be seen in it.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "fake_machine.hpp"
#include "platform/linux/linux.hpp"
#include "probe/probe.hpp"
#include "probe/record.hpp"
#include "probe/recorder.hpp"

using namespace bedplate;

namespace {

const std::filesystem::path folder =
    std::filesystem::path(BEDPLATE_SOURCE_DIR) / "tests/machines/vm-lookalikes";

Recording recording() {
    return load_recording(*linux_file_system(), folder / "raw").value();
}

Inventory probe_of(Recording recorded) {
    FakeMachine fake;
    Replayer replayer(std::move(recorded), fake.platform);
    return probe(replayer.platform()).value();
}

const Disk& with_serial(const Inventory& inventory, std::string_view serial) {
    const auto found = std::ranges::find(inventory.disks, serial, &Disk::serial);
    REQUIRE(found != inventory.disks.end());
    return *found;
}

}  // namespace

TEST_CASE("a finished node is known by its mark, read from a FAT file system that nobody mounted") {
    const Inventory inventory = probe_of(recording());
    const Disk& disk = with_serial(inventory, "BPSYS0001");
    REQUIRE(disk.installation);
    CHECK(disk.installation->state == InstallationMark::State::finished);
    CHECK(disk.installation->cluster == "vmtest");
    CHECK(disk.installation->hostname == "node1");
    CHECK(disk.transport == Transport::sata);
    CHECK(disk.partitions.size() == 4);
    CHECK(disk.partitions[1].label == "bedplate-esp");
    CHECK(disk.partitions[1].start == mib(2));
    CHECK(disk.holders[0].name == "sys");
}

TEST_CASE("a PERC volume, a 4Kn drive and two paths to one drive are told apart") {
    const Inventory inventory = probe_of(recording());
    const Disk& perc = with_serial(inventory, "6d09466000000001");
    CHECK(perc.transport == Transport::raid);
    CHECK(perc.hctl.ends_with(":2:0:0"));
    CHECK(perc.signatures == std::vector<std::string>{"xfs"});
    const Disk& native4k = with_serial(inventory, "FOURKN");
    CHECK(native4k.logical_block_size == kib(4));
    CHECK(native4k.partitions[0].start == mib(1));
    CHECK(native4k.partitions[1].fstype == "xfs");
    CHECK(with_serial(inventory, "MP1").multipath_of.empty());
    CHECK(std::ranges::count(inventory.disks, with_serial(inventory, "MP1").name, &Disk::multipath_of) == 1);
    CHECK(std::ranges::count(inventory.disks, "NVMESUB", &Disk::serial) == 1);
    CHECK(with_serial(inventory, "NVMESUB").pci.starts_with("0000:00:0"));
}

TEST_CASE("leftovers that the usual tools do not show are seen") {
    const Inventory inventory = probe_of(recording());
    for (const char* half : {"MDA", "MDB"}) {
        const Disk& member = with_serial(inventory, half);
        REQUIRE(member.holders.size() == 1);
        CHECK(member.holders[0].kind == Holder::Kind::md);
        CHECK(member.holders[0].name == "node1:boot");
    }
    const Disk& osd = with_serial(inventory, "NVMEOSD");
    REQUIRE(osd.holders.size() == 1);
    CHECK(osd.holders[0].kind == Holder::Kind::lvm);
    REQUIRE(osd.holders[0].holders.size() == 1);
    const Holder& ceph = osd.holders[0].holders[0];
    CHECK(ceph.kind == Holder::Kind::ceph_osd);
    CHECK(ceph.name == "3");
    CHECK(ceph.detail["cluster_fsid"] == "2c1e4f0a-7f1d-4c57-8d5c-1a2b3c4d5e6f");
    CHECK(with_serial(inventory, "BSLABEL").signatures == std::vector<std::string>{"ceph_bluestore"});
    CHECK(with_serial(inventory, "GPTEND").partition_table == "gpt");
}

TEST_CASE("what may never be written is marked: the medium, a read-only disk; optical drives are no disks") {
    const Inventory inventory = probe_of(recording());
    CHECK(with_serial(inventory, "STICK01").installation_medium);
    CHECK(with_serial(inventory, "STICK01").removable);
    CHECK(with_serial(inventory, "READONLY").read_only);
    CHECK(std::ranges::count_if(inventory.disks, [](const Disk& disk) { return disk.installation_medium; }) ==
          1);
    CHECK(inventory.disks.size() == 13);
}

TEST_CASE("the machine around the disks") {
    const Inventory inventory = probe_of(recording());
    CHECK(inventory.system.product == "PowerEdge R750");
    CHECK(inventory.system.serial == "BPVM001");
    CHECK(inventory.system.uuid.empty());
    CHECK(inventory.firmware.mode == FirmwareMode::uefi);
    CHECK(inventory.bmc.present);
    CHECK(inventory.memory.total == gib(4));
    CHECK(inventory.memory.numa_nodes.size() == 2);
    REQUIRE(inventory.nics.size() == 2);
    CHECK(inventory.nics[1].driver == "e1000");
    CHECK(inventory.nics[1].max_speed_mbps == 1000U);
}

TEST_CASE("scrambling the whole recording changes the names and nothing else") {
    Recording scrambled = recording();
    scramble_identifiers(scrambled, "salt");
    const Inventory before = probe_of(recording());
    const Inventory after = probe_of(std::move(scrambled));
    REQUIRE(after.disks.size() == before.disks.size());
    for (std::size_t i = 0; i < before.disks.size(); ++i) {
        CAPTURE(before.disks[i].name);
        CHECK((before.disks[i].serial.size() < 6 || after.disks[i].serial != before.disks[i].serial));
        CHECK(after.disks[i].serial.size() == before.disks[i].serial.size());
        CHECK(after.disks[i].multipath_of == before.disks[i].multipath_of);
        CHECK(after.disks[i].transport == before.disks[i].transport);
        CHECK(after.disks[i].partitions.size() == before.disks[i].partitions.size());
        CHECK(after.disks[i].installation.has_value() == before.disks[i].installation.has_value());
        CHECK(identify(after.disks[i], after).has_value() == identify(before.disks[i], before).has_value());
    }
    CHECK(after.nics[0].mac != before.nics[0].mac);
    CHECK(after.system.serial != before.system.serial);
}
