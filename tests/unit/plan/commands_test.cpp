// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "example.hpp"

namespace bedplate {
namespace {

using test::Example;

std::string text_of(const ActionKind& kind, const CommandContext& context = {}) {
    Action action;
    action.kind = kind;
    std::string text;
    for (const auto& argv : commands(action, context)) {
        text += quote_command(argv) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("partitions are named after the kind of path of the disk") {
    CHECK(partition_path("/dev/disk/by-id/wwn-0x5000", 2) == "/dev/disk/by-id/wwn-0x5000-part2");
    CHECK(partition_path("/dev/disk/by-path/pci-0000:05:00.0-ata-1", 12) ==
          "/dev/disk/by-path/pci-0000:05:00.0-ata-1-part12");
    CHECK(partition_path("/dev/nvme0n1", 2) == "/dev/nvme0n1p2");
    CHECK(partition_path("/dev/sda", 2) == "/dev/sda2");
    CHECK(partition_path("DISK", 2) == "DISK-part2");
}

TEST_CASE("a disk is wiped from the last partition to the first, the whole disk at the end") {
    action::WipeDisk wipe;
    wipe.partitions.resize(2);
    wipe.partitions[0].number = 1;
    wipe.partitions[1].number = 3;
    CHECK(text_of(wipe, {.target = "/target", .disk = "/dev/disk/by-id/x"}) ==
          "wipefs --all --force /dev/disk/by-id/x-part3\n"
          "wipefs --all --force /dev/disk/by-id/x-part1\n"
          "wipefs --all --force /dev/disk/by-id/x\n");
}

TEST_CASE("the size of a volume is given in MiB, which extents are a multiple of") {
    const action::CreateLogicalVolume volume{
        .volume_group = "sys", .name = "root", .device = "/dev/disk/by-partuuid/x", .size = gib(60)};
    CHECK(text_of(volume) ==
          "lvcreate --devices /dev/disk/by-partuuid/x --yes --activate y --wipesignatures y --zero y --name "
          "root "
          "--size 61440m sys\n");
}

TEST_CASE("file systems are mounted below the target") {
    CHECK(text_of(action::MountVolume{.device = "/dev/sys/root", .path = "/"}) ==
          "mount --mkdir --types ext4 --options noatime /dev/sys/root /target\n");
    CHECK(text_of(action::MountVolume{.device = "/dev/sys/var", .path = "/var"},
                  {.target = "/mnt/t", .disk = ""}) ==
          "mount --mkdir --types ext4 --options noatime /dev/sys/var /mnt/t/var\n");
}

TEST_CASE("the commit is a command for BIOS only") {
    CHECK(text_of(action::CommitBoot{.firmware = FirmwareMode::uefi, .esp_device = "x"}).empty());
    CHECK(text_of(action::CommitBoot{.firmware = FirmwareMode::bios, .esp_device = "x"},
                  {.target = "/target", .disk = "/dev/disk/by-id/x"}) ==
          "/target/usr/lib/grub/i386-pc/grub-bios-setup --directory=/target/boot/grub/i386-pc "
          "/dev/disk/by-id/x\n");
}

TEST_CASE("every command of a plan can run unattended on the planned disk alone") {
    Example example;
    example.node.install.wipe = WipePolicy::not_ours;
    example.system_disk().holders = {{.kind = Holder::Kind::lvm, .name = "old", .detail = Json::object()}};
    for (const FirmwareMode firmware : {FirmwareMode::uefi, FirmwareMode::bios}) {
        example.inventory.firmware.mode = firmware;
        const auto plan = example.plan();
        REQUIRE(plan);
        const std::string text = to_commands_text(*plan);
        for (const char* never : {"/dev/sd", "DATA1", "DATA2", " sh ", "eval"}) {
            INFO(text);
            CHECK(!text.contains(never));
        }
        for (const std::string& line : split(text, '\n')) {
            const bool asks = line.starts_with("pv") || line.starts_with("vg") || line.starts_with("lv");
            CHECK((!asks || line.contains("--yes")));
        }
    }
}

}  // namespace bedplate
