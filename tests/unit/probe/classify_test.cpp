// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/classify.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

TEST_CASE("how a disk is attached") {
    struct Row {
        const char* what;
        DiskClues clues;
        Transport expected;
    };
    const Row rows[] = {
        {"NVMe", {.name = "nvme0n1", .tran = "nvme"}, Transport::nvme},
        {"BOSS-N1", {.name = "nvme1n1", .model = "Dell BOSS-N1"}, Transport::nvme},
        {"virtio", {.name = "vda"}, Transport::virtio},
        {"BOSS-S1 mirror",
         {.name = "sdb", .tran = "sata", .vendor = "ATA", .model = "DELLBOSS VD"},
         Transport::sata},
        {"the same on a virtual SCSI bus",
         {.name = "sda", .vendor = "ATA", .model = "DELLBOSS VD", .driver = "virtio_scsi"},
         Transport::sata},
        {"PERC 9/10 volume",
         {.name = "sda",
          .vendor = "DELL",
          .model = "PERC H740P Mini",
          .hctl = "0:2:0:0",
          .driver = "megaraid_sas"},
         Transport::raid},
        {"PERC 12 volume",
         {.name = "sda", .vendor = "DELL", .model = "RAID", .driver = "mpi3mr"},
         Transport::raid},
        {"Broadcom's own volume", {.name = "sda", .vendor = "AVAGO", .model = "MR9361-8i"}, Transport::raid},
        {"volume of unknown make on channel 2",
         {.name = "sda", .vendor = "INTEL", .hctl = "0:2:0:0", .driver = "megaraid_sas"},
         Transport::raid},
        {"NVMe behind a PERC H755N",
         {.name = "sdb",
          .vendor = "NVMe",
          .model = "Dell NVMe ISE PS",
          .hctl = "0:0:276:0",
          .driver = "megaraid_sas"},
         Transport::raid},
        {"SAS drive without RAID on a PERC",
         {.name = "sdb", .vendor = "SEAGATE", .hctl = "0:0:3:0", .driver = "megaraid_sas"},
         Transport::sas},
        {"SATA drive without RAID on a PERC, newer firmware",
         {.name = "sdb", .vendor = "ATA", .hctl = "0:2:8:0", .driver = "megaraid_sas"},
         Transport::sata},
        {"SATA drive behind a SAS HBA",
         {.name = "sda", .tran = "sas", .vendor = "ATA", .driver = "mpt3sas"},
         Transport::sata},
        {"SAS drive on an HBA330", {.name = "sda", .tran = "sas", .vendor = "SAMSUNG"}, Transport::sas},
        {"IDSDM",
         {.name = "sdi", .tran = "usb", .vendor = "DELL", .model = "IDSDM", .usb_id = "413c:a101"},
         Transport::usb},
        {"a LUN of a fabric", {.name = "sdx", .tran = "fc", .vendor = "PURE"}, Transport::unknown},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(to_string(transport_of(row.clues)) == to_string(row.expected));
    }
}

TEST_CASE("virtual media of three generations of iDRAC, and USB disks that are none") {
    const auto usb = [](const char* vendor, const char* model, const char* id) {
        return DiskClues{.name = "sdc", .tran = "usb", .vendor = vendor, .model = model, .usb_id = id};
    };
    CHECK(is_bmc_virtual(usb("iDRAC", "Virtual Floppy", "0624:0251")));
    CHECK(is_bmc_virtual(usb("Linux", "Virtual Floppy", "0624:0251")));
    CHECK(is_bmc_virtual(usb("Linux", "Virtual CD/DVD", "413c:0001")));
    CHECK(is_bmc_virtual(usb("iDRAC", "LCDRIVE", "")));
    CHECK_FALSE(is_bmc_virtual(usb("DELL", "IDSDM", "413c:a101")));
    CHECK_FALSE(is_bmc_virtual(usb("Linux", "File-Stor Gadget", "0525:a4a5")));
    CHECK_FALSE(is_bmc_virtual({.name = "sda", .vendor = "NVME", .model = "VirtualMultipath"}));
}

TEST_CASE("the BMC's network card is known by its USB id or its name") {
    CHECK(is_bmc_nic("usb0", "cdc_ether", "413c:a102"));
    CHECK(is_bmc_nic("idrac", "cdc_ether", ""));
    CHECK_FALSE(is_bmc_nic("usb0", "cdc_ether", "0bda:8153"));
    CHECK_FALSE(is_bmc_nic("eno1", "tg3", ""));
}

TEST_CASE("block devices that are no disks") {
    for (const char* name : {"zram0", "ram1", "loop7", "rbd0", "nbd12", "dm-3", "md127"}) {
        CAPTURE(name);
        CHECK(is_pseudo_disk(name));
    }
    for (const char* name : {"sda", "vdb", "nvme0n1", "mmcblk0", "pmem0", "xvda"}) {
        CAPTURE(name);
        CHECK_FALSE(is_pseudo_disk(name));
    }
}

TEST_CASE("the place of a device is the last PCI address on its way") {
    CHECK(last_pci_address(
              "/sys/devices/pci0000:17/0000:17:00.0/0000:18:00.0/host0/target0:2:0/0:2:0:0/block/sda") ==
          "0000:18:00.0");
    CHECK(last_pci_address("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0/host1/block/sdi") ==
          "0000:00:14.0");
    CHECK(last_pci_address("10000:01:00.0").empty());
    CHECK(last_pci_address("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1").empty());
    CHECK(last_pci_address("").empty());
}
