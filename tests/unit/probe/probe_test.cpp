// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe.hpp"

#include <catch2/catch_test_macros.hpp>

#include "fake_machine.hpp"
#include "probe/disks.hpp"

using namespace bedplate;

namespace {

constexpr const char* one_nvme = R"({"blockdevices": [
    {"kname": "nvme0n1", "name": "nvme0n1", "path": "/dev/nvme0n1", "type": "disk", "tran": "nvme", "rota": false,
     "size": 1920383410176, "log-sec": 512, "phy-sec": 512, "model": "Dell Ent NVMe v2 AGN RI U.2 1.92TB"},
    {"kname": "sr0", "name": "sr0", "path": "/dev/sr0", "type": "rom", "size": 1073741312},
    {"kname": "rbd0", "name": "rbd0", "path": "/dev/rbd0", "type": "disk", "size": 1073741824}]})";

Disk like(const std::string& name, const std::string& wwn, const std::string& serial) {
    Disk disk;
    disk.name = name;
    disk.wwn = wwn;
    disk.serial = serial;
    disk.size = gib(1);
    return disk;
}

}  // namespace

TEST_CASE("without lsblk there is no inventory") {
    FakeMachine machine;
    CHECK(probe(machine.platform).error().code == "probe.lsblk");
    machine.commands.on("lsblk *", {.status = 1, .err = "lsblk: failed"});
    CHECK(probe(machine.platform).error().code == "probe.lsblk");
    machine.commands.on("lsblk *", {.out = "[]"});
    CHECK(probe(machine.platform).error().code == "lsblk.syntax");
}

TEST_CASE("every other tool may be missing: the gaps are named") {
    FakeMachine machine;
    machine.commands.on("lsblk *", {.out = one_nvme});
    const auto inventory = probe(machine.platform);
    REQUIRE(inventory);
    REQUIRE(inventory->disks.size() == 1);
    CHECK(inventory->disks[0].model == "Dell Ent NVMe v2 AGN RI U.2 1.92TB");
    CHECK(inventory->firmware.mode == FirmwareMode::bios);
    CHECK(inventory->recorded_with["missing"] ==
          Json{"dmidecode", "ip", "lldpcli", "lvs", "pvs", "udevadm", "wipefs"});
}

TEST_CASE("the digest of an inventory does not depend on what its recording had to say") {
    FakeMachine machine;
    machine.commands.on("lsblk *", {.out = one_nvme});
    const std::string digest = probe(machine.platform)->digest();
    machine.commands.on("pvs *", {.status = 5, .err = "cannot lock"});
    CHECK(probe(machine.platform)->digest() == digest);
    CHECK(probe(machine.platform, 1)->digest() == digest);
}

TEST_CASE("a namespace below the virtual NVMe subsystem is placed by its controller") {
    FakeMachine machine;
    machine.commands.on("lsblk *", {.out = one_nvme});
    machine.files.add_file("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/wwid",
                           "eui.364353305e65c5190025384100000002\n");
    machine.files.add_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/device",
                           "/sys/devices/virtual/nvme-subsystem/nvme-subsys0");
    machine.files.add_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0",
                           "/sys/devices/pci0000:64/0000:64:02.0/0000:65:00.0/nvme/nvme0");
    machine.files.add_link("/sys/class/block/nvme0n1",
                           "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
    machine.files.add_file("/sys/class/nvme/nvme0/address", "0000:65:00.0\n");
    machine.files.add_file("/sys/bus/pci/devices/0000:65:00.0/numa_node", "1\n");
    const auto inventory = probe(machine.platform);
    REQUIRE(inventory);
    const Disk& disk = inventory->disks[0];
    CHECK(disk.pci == "0000:65:00.0");
    CHECK(disk.numa_node == 1U);
    CHECK(disk.wwn == "eui.364353305e65c5190025384100000002");
}

TEST_CASE("ports are told from bridges and virtual functions; one that is switched off knows of no link") {
    FakeMachine machine;
    machine.commands.on("lsblk *", {.out = R"({"blockdevices": []})"});
    machine.commands.on("ip *", {.out = R"([
        {"ifname": "eno1", "link_type": "ether", "flags": ["UP", "LOWER_UP"], "address": "d0:94:66:00:00:01",
         "parentbus": "pci", "parentdev": "0000:19:00.0", "max_mtu": 9000},
        {"ifname": "eno2", "link_type": "ether", "flags": [], "address": "d0:94:66:00:00:02"},
        {"ifname": "idrac", "link_type": "ether", "flags": ["UP", "LOWER_UP"], "address": "d0:94:66:00:00:03"},
        {"ifname": "eno1v0", "link_type": "ether", "flags": [], "address": "d0:94:66:00:00:04"},
        {"ifname": "br0", "link_type": "ether", "flags": ["UP"], "linkinfo": {"info_kind": "bridge"}}])"});
    for (const char* name : {"eno1", "eno2", "idrac", "eno1v0"}) {
        machine.files.add_directory(std::string("/sys/class/net/") + name + "/device");
    }
    machine.files.add_directory("/sys/class/net/eno1v0/device/physfn");
    machine.commands.on("ethtool eno*",
                        {.out = "Settings for x:\n\tSpeed: 25000Mb/s\n\tLink detected: no\n"});
    machine.commands.on("ethtool -i idrac", {.out = "driver: cdc_ether\n"});
    const auto inventory = probe(machine.platform);
    REQUIRE(inventory);
    REQUIRE(inventory->nics.size() == 3);
    CHECK(inventory->nics[0].pci == "0000:19:00.0");
    CHECK(inventory->nics[0].link == false);
    CHECK(inventory->nics[0].permanent_mac == "d0:94:66:00:00:01");
    CHECK_FALSE(inventory->nics[1].link.has_value());
    CHECK_FALSE(inventory->nics[1].speed_mbps.has_value());
    CHECK(inventory->nics[2].bmc_virtual);
    CHECK(inventory->nics[2].link == true);
}

TEST_CASE("the same WWN twice is a second path only if serial number and size agree") {
    std::vector<Disk> disks{like("sda", "0x5000a", "S1"), like("sdb", "0x5000a", "S1"),
                            like("sdc", "0x5000a", "S2"), like("sdd", "", "S1"),
                            like("sde", "0x5000a", "S1")};
    mark_multipath(disks);
    CHECK(disks[0].multipath_of.empty());
    CHECK(disks[1].multipath_of == "sda");
    CHECK(disks[2].multipath_of.empty());
    CHECK(disks[3].multipath_of.empty());
    CHECK(disks[4].multipath_of == "sda");
}
