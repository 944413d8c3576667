// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/udev.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

namespace {

constexpr std::string_view perc_disk =
    R"(P: /devices/pci0000:17/0000:17:00.0/0000:18:00.0/host0/target0:2:0/0:2:0:0/block/sda
M: sda
U: block
T: disk
D: b 8:0
N: sda
L: 0
S: disk/by-path/pci-0000:18:00.0-scsi-0:2:0:0
S: disk/by-id/wwn-0x6d0946676a6515eaad1e96bad5bf8adf
S: disk/by-id/scsi-36d0946676a6515eaad1e96bad5bf8adf
Q: 9
E: DEVPATH=/devices/pci0000:17/0000:17:00.0/0000:18:00.0/host0/target0:2:0/0:2:0:0/block/sda
E: ID_MODEL=PERC_H740P_Mini
E: ID_MODEL_ENC=PERC\x20H740P\x20Mini\x20
E: ID_SERIAL_SHORT=6d0946676a6515eaad1e96bad5bf8adf
E: ID_SCSI_SERIAL=00df8abfd5ba961eadea15656a674609
E: ID_PATH=pci-0000:18:00.0-scsi-0:2:0:0
E: ID_FS_LABEL=a=b

P: /devices/pci0000:00/0000:00:1c.0/0000:04:00.0/net/eno1
M: eno1
E: INTERFACE=eno1
E: ID_MODEL_FROM_DATABASE=NetXtreme BCM5720 Gigabit Ethernet PCIe
)";

}  // namespace

TEST_CASE("udev's database: devices with their links and properties") {
    const auto devices = parse_udevadm(perc_disk);
    REQUIRE(devices);
    REQUIRE(devices->size() == 2);
    const UdevDevice& sda = devices->front();
    CHECK(sda.sysname == "sda");
    CHECK(sda.links_in("disk/by-id") == std::vector<std::string>{"scsi-36d0946676a6515eaad1e96bad5bf8adf",
                                                                 "wwn-0x6d0946676a6515eaad1e96bad5bf8adf"});
    CHECK(sda.links_in("disk/by-path") == std::vector<std::string>{"pci-0000:18:00.0-scsi-0:2:0:0"});
    CHECK(sda.property("ID_SERIAL_SHORT") == "6d0946676a6515eaad1e96bad5bf8adf");
    CHECK(sda.property("ID_FS_LABEL") == "a=b");
    CHECK(sda.property("ID_WWN").empty());
    CHECK((*devices)[1].sysname == "eno1");
}

TEST_CASE("udev's escaping is undone, and half an escape stays as it is") {
    CHECK(unescape_udev(R"(PERC\x20H740P\x20Mini\x20)") == "PERC H740P Mini");
    CHECK(unescape_udev(R"(a\x2fb)") == "a/b");
    CHECK(unescape_udev(R"(a\x2)") == R"(a\x2)");
    CHECK(unescape_udev(R"(a\xzz)") == R"(a\xzz)");
    CHECK(unescape_udev("").empty());
}

TEST_CASE("a property without a device is an error; text of other kinds is not") {
    CHECK(parse_udevadm("E: A=B\n").error().code == "udev.syntax");
    CHECK(parse_udevadm("")->empty());
    CHECK(parse_udevadm("Unknown device \"/sys/class/net/x\": No such device\n")->empty());
}
