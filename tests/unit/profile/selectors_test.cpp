// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"

using namespace bedplate;

namespace {

const Disk disk{.name = "sda",
                .by_path = "pci-0000:05:00.0-ata-1",
                .wwn = "0x500a075111513228",
                .serial = "KZ134X1BC8SD",
                .model = "MTFDDAV240TDU",
                .vendor = "ATA",
                .transport = Transport::sata,
                .rotational = false,
                .size = Bytes{240'057'409'536}};

const Disk bare{.name = "sdb", .size = Bytes{1'000'000}};

const Nic nic{.name = "ens6f0",
              .mac = "52:54:00:00:00:01",
              .permanent_mac = "b8:59:9f:2e:a6:b1",
              .driver = "ice",
              .pci = "0000:98:00.0",
              .speed_mbps = 10'000,
              .max_speed_mbps = 25'000,
              .link = false};

}  // namespace

TEST_CASE("a disk matches a selector when every property does, and the first that does not is named") {
    struct Row {
        DiskSelector select;
        std::optional<std::string> mismatch;
    };
    const std::vector<Row> rows{
        {{}, std::nullopt},
        {{.transport = Transport::sata, .model = "MTFDDAV*", .vendor = "AT?"}, std::nullopt},
        {{.min_size = Bytes{240'057'409'536}, .max_size = Bytes{240'057'409'536}}, std::nullopt},
        {{.rotational = false, .by_path = "pci-*-ata-1*", .wwn = "0x5*", .serial = "KZ*"}, std::nullopt},
        {{.transport = Transport::nvme, .model = "X"}, "transport is sata, wanted nvme"},
        {{.model = "DELLBOSS*"}, "model is 'MTFDDAV240TDU', wanted 'DELLBOSS*'"},
        {{.model = "mtfddav*"}, "model is 'MTFDDAV240TDU', wanted 'mtfddav*'"},
        {{.min_size = Bytes{240'057'409'537}},
         "size is 240 GB (240057409536 bytes), wanted at least 240 GB (240057409537 bytes)"},
        {{.max_size = Bytes{240'000'000'000}},
         "size is 240 GB (240057409536 bytes), wanted at most 240 GB (240000000000 bytes)"},
        {{.rotational = true}, "it is not rotational"},
        {{.by_path = "pci-*-ata-2*"}, "by_path is 'pci-0000:05:00.0-ata-1', wanted 'pci-*-ata-2*'"},
    };
    for (const Row& row : rows) {
        INFO(row.select.to_text());
        CHECK(row.select.first_mismatch(disk) == row.mismatch);
    }
}

TEST_CASE("a property that a disk does not have never matches") {
    CHECK(DiskSelector{.model = "*"}.first_mismatch(bare) == "model is unknown, wanted '*'");
    CHECK(DiskSelector{.vendor = "*"}.first_mismatch(bare));
    CHECK(DiskSelector{.rotational = true}.first_mismatch(bare) == "whether it is rotational is unknown");
    CHECK(DiskSelector{.rotational = false}.first_mismatch(bare));
    CHECK(DiskSelector{.by_path = "*"}.first_mismatch(bare));
    CHECK(DiskSelector{.wwn = "*"}.first_mismatch(bare));
    CHECK(DiskSelector{.serial = "*"}.first_mismatch(bare));
    for (const Transport transport : {Transport::nvme, Transport::sas, Transport::sata, Transport::usb,
                                      Transport::virtio, Transport::raid}) {
        CHECK(DiskSelector{.transport = transport}.first_mismatch(bare));
    }
}

TEST_CASE("a selector reads as a sentence") {
    CHECK(DiskSelector{}.to_text() == "any");
    CHECK(DiskSelector{.transport = Transport::nvme, .min_size = Bytes{800'000'000'000}}.to_text() ==
          "transport nvme, size at least 800 GB");
    CHECK(DiskSelector{.model = "PERC*", .rotational = true, .serial = "S1"}.to_text() ==
          "model PERC*, rotational, serial S1");
    CHECK(NicSelector{}.to_text() == "any");
    CHECK(NicSelector{.min_speed_mbps = 25'000, .driver = "ice", .link = true}.to_text() ==
          "speed at least 25G, driver ice, with link");
    CHECK(NicSelector{.max_speed_mbps = 100}.to_text() == "speed at most 100M");
}

TEST_CASE("disks on which nothing is ever installed are told apart, with the reason") {
    CHECK(!never_a_candidate(disk));
    const auto reason = [](auto change) {
        Disk other = disk;
        change(other);
        return never_a_candidate(other).value_or("");
    };
    CHECK(reason([](Disk& d) { d.installation_medium = true; }) == "it is the installation medium");
    CHECK(reason([](Disk& d) { d.bmc_virtual = true; }) == "it is a virtual medium of the BMC");
    CHECK(reason([](Disk& d) { d.removable = true; }) == "it is removable");
    CHECK(reason([](Disk& d) { d.read_only = true; }) == "it is read-only");
    CHECK(reason([](Disk& d) { d.size = {}; }) == "there is no medium in it");
    CHECK(reason([](Disk& d) { d.multipath_of = "sdc"; }) == "it is another path to sdc");
}

TEST_CASE("a port matches by what it can do, its driver, place and address") {
    struct Row {
        NicSelector select;
        std::optional<std::string> mismatch;
    };
    const std::vector<Row> rows{
        {{}, std::nullopt},
        {{.min_speed_mbps = 25'000}, std::nullopt},
        {{.driver = "i*", .pci = "0000:98:*", .mac = "B8-59-9F-2E-A6-B1", .link = false}, std::nullopt},
        {{.min_speed_mbps = 100'000}, "speed is 25G, wanted at least 100G"},
        {{.max_speed_mbps = 1'000}, "speed is 25G, wanted at most 1G"},
        {{.driver = "tg3"}, "driver is 'ice', wanted 'tg3'"},
        {{.mac = "52:54:00:00:00:01"}, "mac is b8:59:9f:2e:a6:b1, wanted 52:54:00:00:00:01"},
        {{.link = true}, "it has no link"},
    };
    for (const Row& row : rows) {
        INFO(row.select.to_text());
        CHECK(row.select.first_mismatch(nic) == row.mismatch);
    }
    const Nic unknown{.name = "eth0", .mac = "52:54:00:00:00:02"};
    CHECK(NicSelector{.min_speed_mbps = 1}.first_mismatch(unknown) == "speed is unknown, wanted at least 1M");
    CHECK(NicSelector{.link = true}.first_mismatch(unknown) == "whether it has link is unknown");
    CHECK(NicSelector{.driver = "*"}.first_mismatch(unknown));
    CHECK(!NicSelector{.mac = "52:54:00:00:00:02"}.first_mismatch(unknown));
    const Nic running{.name = "eth1", .speed_mbps = 10'000};
    CHECK(!NicSelector{.min_speed_mbps = 10'000}.first_mismatch(running));
}

TEST_CASE("a count says how many were found and wanted") {
    CHECK(!Count{}.mismatch(0));
    CHECK(!Count{.exactly = 2}.mismatch(2));
    CHECK(Count{.exactly = 1}.mismatch(2) == "found 2, wanted exactly 1");
    CHECK(Count{.at_least = 2}.mismatch(1) == "found 1, wanted at least 2");
    CHECK(Count{.at_least = 1, .at_most = 3}.mismatch(4) == "found 4, wanted at most 3");
    CHECK(!Count{.at_least = 1, .at_most = 3}.mismatch(3));
    CHECK(Count{.exactly = 0}.mismatch(1) == "found 1, wanted exactly 0");
}
