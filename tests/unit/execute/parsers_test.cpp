// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "execute/beneath.hpp"
#include "execute/boot_entries.hpp"
#include "execute/esp_image.hpp"
#include "execute/kernel_state.hpp"
#include "execute/payload_source.hpp"

using namespace bedplate;

TEST_CASE("mountinfo lines give mount point, type and source, with escaped blanks") {
    const auto mounts = parse_mounts(
        "22 1 0:2 / / rw - rootfs rootfs rw\n"
        "36 22 253:0 / /target rw,noatime shared:1 master:2 - ext4 /dev/mapper/sys-root rw\n"
        "37 36 8:3 / /target/my\\040files ro,noatime - ext4 /dev/sda3 ro\n"
        "broken line\n");
    REQUIRE(mounts.size() == 3);
    CHECK(mounts[1].point == "/target");
    CHECK(mounts[1].type == "ext4");
    CHECK(mounts[1].source == "/dev/mapper/sys-root");
    CHECK_FALSE(mounts[1].read_only);
    CHECK(mounts[2].point == "/target/my files");
    CHECK(mounts[2].read_only);
}

TEST_CASE("blkid's export format gives type, UUID, label or the partition table") {
    const auto ext4 = parse_blkid_export(
        "DEVNAME=/dev/sda2\nLABEL=bedplate-root\nUUID=0a1b\nVERSION=1.0\nTYPE=ext4\nUSAGE=filesystem\n");
    CHECK(ext4.type == "ext4");
    CHECK(ext4.label == "bedplate-root");
    CHECK(ext4.uuid == "0a1b");
    const auto disk = parse_blkid_export("DEVNAME=/dev/sda\nPTUUID=1\nPTTYPE=gpt\n");
    CHECK(disk.partition_table == "gpt");
    CHECK(disk.type.empty());
}

TEST_CASE("LVM's reports give volumes with their sizes and state") {
    const auto logical = parse_lvs_state(R"({"report":[{"lv":[
        {"vg_name":"sys","lv_name":"root","lv_size":"64424509440","lv_active":"active"},
        {"vg_name":"sys","lv_name":"var","lv_size":"4194304","lv_active":""}]}],"log":[]})");
    REQUIRE(logical);
    REQUIRE(logical->size() == 2);
    CHECK((*logical)[0].size == gib(60));
    CHECK((*logical)[0].active);
    CHECK_FALSE((*logical)[1].active);
    const auto physical = parse_pvs_state(R"({"report":[{"pv":[{"pv_name":"/dev/sda4","vg_name":"sys"}]}]})");
    REQUIRE(physical);
    CHECK(physical->front().device == "/dev/sda4");
    CHECK(parse_pvs_state(R"({"report":[{"pv":[]}]})").value().empty());
    CHECK(parse_pvs_state("{}").error().code == "lvm.report");
    CHECK(parse_lvs_state(R"({"report":[{"lv":[{"lv_name":"a","lv_size":"1.5g"}]}]})").error().code ==
          "lvm.report");
}

TEST_CASE("efibootmgr's listing gives entries and order in both of its forms") {
    const auto listing = parse_boot_entries(
        "BootCurrent: 0003\nTimeout: 0 seconds\nBootOrder: 0003,0000,0001\n"
        "Boot0000* UiApp\tFvVol(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21)\n"
        "Boot0001  old disk\tHD(1,GPT,AAAA,0x800,0x100000)/File(\\EFI\\old.efi)\n"
        "Boot0003* bedplate\tHD(2,GPT,0FC63DAF-8483-4772-8E79-3D69D8477DE4,0x1000,0x200000)/"
        "\\EFI\\debian\\shimx64.efi\n");
    CHECK(listing.order == std::vector<std::string>{"0003", "0000", "0001"});
    REQUIRE(listing.entries.size() == 3);
    CHECK(listing.entries[1].label == "old disk");
    CHECK(listing.entries[2].number == "0003");
    CHECK(leads_to(listing.entries[2], "0fc63daf-8483-4772-8e79-3d69d8477de4", "\\EFI\\debian\\shimx64.efi"));
    CHECK_FALSE(
        leads_to(listing.entries[2], "bc13c2ff-59e6-4262-a352-b275fd6f7172", "\\EFI\\debian\\shimx64.efi"));
}

TEST_CASE("an archive entry's path is made clean and may not lead out") {
    CHECK(clean_entry_path("./usr//bin/").value() == "usr/bin");
    CHECK(clean_entry_path(".").value().empty());
    CHECK(clean_entry_path("a..b/...").value() == "a..b/...");
    for (const char* bad : {"", "/etc/passwd", "../x", "a/../../x", "a/.."}) {
        CHECK(clean_entry_path(bad).error().code == "extract.path");
    }
}

TEST_CASE("the clusters of an ESP are chosen so that it is FAT32") {
    CHECK(sectors_per_cluster(gib(1), Bytes{512}) == 8);
    CHECK(sectors_per_cluster(mib(100), Bytes{512}) == 2);
    CHECK(sectors_per_cluster(mib(34), Bytes{512}) == 1);
    CHECK(sectors_per_cluster(mib(32), Bytes{512}) == 0);
    CHECK(sectors_per_cluster(gib(1), Bytes{4096}) == 1);
    CHECK(sectors_per_cluster(mib(256), Bytes{4096}) == 0);
}

TEST_CASE("available memory decides whether the payload stays in it and how far decoding runs ahead") {
    CHECK(parse_available_memory("MemTotal: 100 kB\nMemAvailable:   2048 kB\n") == mib(2));
    CHECK(parse_available_memory("") == Bytes{0});
    CHECK(payload_fits_in_memory(mib(600), mib(1300)));
    CHECK_FALSE(payload_fits_in_memory(mib(600), mib(1299)));
    CHECK(buffers_for(mib(4), Bytes{0}) == 3);
    CHECK(buffers_for(mib(4), mib(512)) == 16);
    CHECK(buffers_for(mib(4), gib(64)) == 32);
}
