// SPDX-License-Identifier: GPL-3.0-or-later
// Layouts beyond one disk: mirrors, encryption, the fast tier.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "example.hpp"
#include "plan/layout.hpp"

namespace bedplate {
namespace {

using test::Example;
using test::file_text;
using test::find_action;

/// Two system disks, SYS1 and SYS2, and the two data disks.
Example mirrored() {
    Example example;
    Disk twin = test::make_disk("sdd", "SYS2");
    twin.model = "DELLBOSS VD";
    example.inventory.disks.push_back(twin);
    example.profile.system.mirror = true;
    example.profile.system.count = {.exactly = 2, .at_least = {}, .at_most = {}};
    return example;
}

Example with_fast_tier(std::size_t disks = 4) {
    Example example;
    for (std::size_t i = 0; i < disks; ++i) {
        Disk disk = test::make_disk(std::format("nvme{}n1", i), std::format("FAST{}", i), gib(1000));
        disk.model = "FAST";
        example.inventory.disks.push_back(disk);
    }
    example.profile.fast =
        DiskRole{.select = {.model = "FAST"}, .count = {.at_least = 2}, .volume_group = "fast"};
    return example;
}

template <typename Kind>
const Kind& kind_of(const Plan& plan, std::string_view id) {
    const Action* action = find_action(plan, id);
    INFO(id);
    REQUIRE(action);
    return std::get<Kind>(action->kind);
}

std::size_t place_in(const Plan& plan, std::string_view id) {
    return static_cast<std::size_t>(std::ranges::find(plan.actions, id, &Action::id) - plan.actions.begin());
}

}  // namespace

TEST_CASE("a mirror has the same partitions on both disks, under names of their own") {
    const auto plan = mirrored().plan();
    REQUIRE(plan);
    const auto& one = kind_of<action::WritePartitionTable>(*plan, "partition.table");
    const auto& two = kind_of<action::WritePartitionTable>(*plan, "partition.table.2");
    CHECK(find_action(*plan, "partition.table")->device->serial == "SYS1");
    CHECK(find_action(*plan, "partition.table.2")->device->serial == "SYS2");
    CHECK(one.disk_guid != two.disk_guid);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(one.partitions[i].first == two.partitions[i].first);
        CHECK(one.partitions[i].last == two.partitions[i].last);
        CHECK(one.partitions[i].guid != two.partitions[i].guid);
    }
}

TEST_CASE("a mirror is laid out for the smaller disk") {
    Example example = mirrored();
    example.inventory.disks.back().size = gib(290);
    const auto plan = example.plan();
    REQUIRE(plan);
    const auto& table = kind_of<action::WritePartitionTable>(*plan, "partition.table");
    CHECK(table.partitions.back().last.value * 512 < gib(290).value);
    example.inventory.disks.back().size = gib(100);
    CHECK(example.refusal() == "disk.too-small");
}

TEST_CASE("/boot and the physical volume stand on arrays that are known by their UUID") {
    const auto plan = mirrored().plan();
    REQUIRE(plan);
    const auto& boot = kind_of<action::CreateArray>(*plan, "format.array.boot");
    const auto& sys = kind_of<action::CreateArray>(*plan, "format.array.sys");
    CHECK(boot.level == "raid1");
    CHECK(boot.members.size() == 2);
    CHECK(boot.uuid != sys.uuid);
    CHECK(kind_of<action::MakeFileSystem>(*plan, "format.mkfs.boot").device == array_device(boot.uuid));
    CHECK(kind_of<action::MountVolume>(*plan, "format.mount.boot").device == array_device(boot.uuid));
    CHECK(kind_of<action::CreatePhysicalVolume>(*plan, "format.pv").device == array_device(sys.uuid));
    const std::string conf = file_text(*plan, "/etc/mdadm/mdadm.conf");
    CHECK(conf.contains("HOMEHOST <ignore>\n"));
    CHECK(conf.contains("ARRAY /dev/md/bedplate-boot metadata=1.2 UUID=" + md_uuid_text(boot.uuid) + "\n"));
    CHECK(conf.contains("UUID=" + md_uuid_text(sys.uuid) + "\n"));
    CHECK(find_action(*plan, "configure.initramfs"));
    const Action* array = find_action(*plan, "format.array.sys");
    CHECK(array->device->serial == "SYS1");
    REQUIRE(array->also.size() == 1);
    CHECK(array->also.front().serial == "SYS2");
}

TEST_CASE("the volumes of a mirror leave room for what the array keeps in front of its data") {
    Example example = mirrored();
    const auto free_of = [](const Plan& plan) { return plan.disks[1].after.back(); };
    const auto mirror = example.plan();
    Example single;
    const auto plain = single.plan();
    REQUIRE(mirror);
    REQUIRE(plain);
    CHECK(free_of(*plain).size == free_of(*mirror).size + array_data_offset);
    CHECK(free_of(*mirror).start == free_of(*plain).start + array_data_offset);
}

TEST_CASE("each half of a mirror has an ESP, committed one after the other, and both are in the boot order") {
    const auto plan = mirrored().plan();
    REQUIRE(plan);
    const auto& one = kind_of<action::WriteEsp>(*plan, "bootloader.esp");
    const auto& two = kind_of<action::WriteEsp>(*plan, "bootloader.esp.2");
    CHECK(one.texts == two.texts);
    CHECK(one.device != two.device);
    CHECK(one.volume_id != two.volume_id);
    CHECK(place_in(*plan, "seal.commit") < place_in(*plan, "seal.commit.2"));
    CHECK(place_in(*plan, "seal.commit.2") < place_in(*plan, "seal.boot-entry.2"));
    CHECK(place_in(*plan, "seal.boot-entry.2") < place_in(*plan, "seal.boot-entry"));
    const auto& first = kind_of<action::SetBootEntry>(*plan, "seal.boot-entry");
    const auto& second = kind_of<action::SetBootEntry>(*plan, "seal.boot-entry.2");
    CHECK(first.label != second.label);
    CHECK(first.position == 0);
    CHECK(second.position == 1);
    CHECK(find_action(*plan, "seal.boot-entry.2")->device->serial == "SYS2");
    CHECK(file_text(*plan, "/etc/fstab").contains(" /boot/efi2 vfat umask=0077,nofail"));
    CHECK(file_text(*plan, "/etc/bedplate/boot.json").contains(two.device));
}

TEST_CASE("with BIOS both halves of a mirror get GRUB, which can read arrays") {
    Example example = mirrored();
    example.inventory.firmware.mode = FirmwareMode::bios;
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(kind_of<action::PrepareBiosLoader>(*plan, "bootloader.grub-bios").array);
    CHECK(find_action(*plan, "bootloader.grub-bios.2")->device->serial == "SYS2");
    CHECK(place_in(*plan, "seal.commit.2") < place_in(*plan, "seal.unmount"));
    const std::string text = to_commands_text(*plan);
    CHECK(text.contains("mdraid1x"));
    CHECK(text.contains(
        "grub-bios-setup --directory=/target/boot/grub/i386-pc /dev/disk/by-id/wwn-0x5000SYS2"));
}

TEST_CASE("a mirror wants exactly two disks of one block size") {
    Example example = mirrored();
    example.inventory.disks.back().logical_block_size = kib(4);
    CHECK(example.refusal() == "disk.mirror-blocks");
    example.inventory.disks.pop_back();
    CHECK(example.refusal() == "disk.count");
    Example three = mirrored();
    three.inventory.disks.push_back(test::make_disk("sde", "SYS3"));
    three.inventory.disks.back().model = "DELLBOSS VD";
    CHECK(three.refusal() == "disk.several");
}

TEST_CASE("one half of a mirror that may not be erased refuses both") {
    Example example = mirrored();
    example.inventory.disks.back().signatures = {"xfs"};
    CHECK(example.refusal() == "disk.not-blank");
    CHECK(example.plan().error().where.contains("SYS2"));
    example.node.install.wipe = WipePolicy::listed;
    example.node.wipe.serials = {"SYS2"};
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(find_action(*plan, "teardown.wipe.2")->device->serial == "SYS2");
    CHECK(!find_action(*plan, "teardown.wipe"));
    CHECK(find_action(*plan, "partition.table.2")->after == std::vector<std::string>{"teardown.wipe.2"});
}

TEST_CASE("an encrypted system has LUKS between array and physical volume, and no key in the plan") {
    for (const Encryption unlock : {Encryption::passphrase, Encryption::tpm2}) {
        Example example = mirrored();
        example.profile.system.encryption = unlock;
        const auto plan = example.plan();
        REQUIRE(plan);
        const auto& crypt = kind_of<action::CreateCrypt>(*plan, "format.crypt");
        const auto& sys = kind_of<action::CreateArray>(*plan, "format.array.sys");
        CHECK(crypt.device == array_device(sys.uuid));
        CHECK(crypt.unlock == unlock);
        CHECK(kind_of<action::CreatePhysicalVolume>(*plan, "format.pv").device == "/dev/mapper/bedplate-sys");
        CHECK((find_action(*plan, "format.crypt.tpm2") != nullptr) == (unlock == Encryption::tpm2));
        CHECK(file_text(*plan, "/etc/crypttab") ==
              "bedplate-sys UUID=" + crypt.uuid.to_text() + " none luks,discard,initramfs\n");
        CHECK(find_action(*plan, "configure.initramfs"));
        CHECK(to_commands_text(*plan).contains("--key-file -"));
    }
}

TEST_CASE("encryption and arrays take their room before the volumes do") {
    Example example = mirrored();
    example.profile.system.encryption = Encryption::passphrase;
    const auto refused = [&](Bytes size) {
        example.inventory.disks[1].size = size;
        example.inventory.disks[3].size = size;
        return example.refusal();
    };
    // 1 + 1 + 1024 + 2048 + 4 + 16 + 1 MiB, the volumes, and the backup table's 33 sectors.
    const Bytes exact = mib(3095) + gib(60 + 40 + 20 + 60 + 16) + Bytes{33ULL * 512};
    CHECK(refused(exact).empty());
    CHECK(refused(exact - Bytes{512}) == "disk.too-small");
}

TEST_CASE("the fast tier is one array over all its disks, with a volume group on it") {
    const auto plan = with_fast_tier().plan();
    REQUIRE(plan);
    const auto& array = kind_of<action::CreateArray>(*plan, "format.fast.array");
    CHECK(array.level == "raid10");
    CHECK(array.members.size() == 4);
    CHECK(kind_of<action::CreateVolumeGroup>(*plan, "format.fast.vg").name == "fast");
    const Action* action = find_action(*plan, "format.fast.array");
    CHECK(action->device->serial == "FAST0");
    CHECK(action->also.size() == 3);
    CHECK(find_action(*plan, "partition.table.FAST3"));
    CHECK(file_text(*plan, "/etc/mdadm/mdadm.conf").contains(md_uuid_text(array.uuid)));
    CHECK(std::ranges::count(plan->disks, PlannedRole::fast, &PlannedDisk::role) == 4);
    const Action* verify = find_action(*plan, "seal.verify");
    CHECK(std::ranges::find(verify->after, "format.fast.vg") != verify->after.end());
}

TEST_CASE("the node's own fast tier stays on a reinstallation, whatever its generation") {
    Example example = with_fast_tier();
    const auto before = example.plan();
    REQUIRE(before);
    const Guid uuid = kind_of<action::CreateArray>(*before, "format.fast.array").uuid;
    for (Disk& disk : example.inventory.disks) {
        if (disk.model == "FAST") {
            disk.partition_table = "gpt";
            disk.holders = {
                {.kind = Holder::Kind::md, .name = "node1:fast", .partition = 1, .uuid = md_uuid_text(uuid)}};
        }
    }
    example.node.install.generation = 5;
    example.node.install.wipe = WipePolicy::not_ours;
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(!find_action(*plan, "format.fast.array"));
    CHECK(std::ranges::count(plan->disks, true, &PlannedDisk::written) == 1);
    CHECK(file_text(*plan, "/etc/mdadm/mdadm.conf").contains(md_uuid_text(uuid)));

    example.inventory.disks.back().holders.clear();
    example.inventory.disks.back().partition_table.clear();
    CHECK(example.refusal() == "disk.fast-mixed");
    example.profile.fast.reset();
    example.profile.osd->select.model = "FAST";
    CHECK(example.refusal() == "disk.ours");
}

TEST_CASE("the table of an interrupted fast tier is done again, but nothing that somebody put into it") {
    Example example = with_fast_tier();
    const auto before = example.plan();
    REQUIRE(before);
    const auto& table = kind_of<action::WritePartitionTable>(*before, "partition.table.FAST0");
    const auto found = std::ranges::find(example.inventory.disks, "FAST0", &Disk::serial);
    found->partition_table = "gpt";
    found->partition_table_uuid = table.disk_guid.to_text();
    found->partitions = {{.number = 1,
                          .start = mib(1),
                          .size = gib(999),
                          .type = "",
                          .label = "bedplate-fast",
                          .fstype = "",
                          .uuid = ""}};
    CHECK(example.refusal().empty());
    found->partitions.front().fstype = "xfs";
    CHECK(example.refusal() == "disk.not-blank");
}

TEST_CASE(
    "what is compared before anything is written: model, bay, sizes and content of every disk with a role") {
    const Example example;
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(check_unchanged(*plan, example.inventory));
    const auto code = [&](auto change) {
        Inventory now = example.inventory;
        change(now);
        const auto result = check_unchanged(*plan, now);
        return result ? std::string() : result.error().code;
    };
    CHECK(code([](Inventory& now) { now.disks[1].size = gib(299); }) == "disk.changed");
    CHECK(code([](Inventory& now) { now.disks[1].logical_block_size = kib(4); }) == "disk.changed");
    CHECK(code([](Inventory& now) { now.disks[1].by_path = "elsewhere"; }) == "disk.changed");
    CHECK(code([](Inventory& now) { now.disks[0].signatures = {"xfs"}; }) == "disk.changed");
    CHECK(code([](Inventory& now) { now.disks[0].read_only = true; }) == "disk.changed");
    CHECK(code([](Inventory& now) { now.disks.pop_back(); }) == "disk.gone");
    CHECK(code([](Inventory& now) { now.disks.push_back(now.disks[0]); }) == "disk.ambiguous");
    CHECK(code([](Inventory& now) { std::ranges::reverse(now.disks); }).empty());
}

}  // namespace bedplate
