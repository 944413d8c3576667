// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/plan.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <numeric>
#include <set>

#include "base/text.hpp"
#include "example.hpp"
#include "plan/order.hpp"

namespace bedplate {
namespace {

using test::Example;
using test::file_text;
using test::find_action;

/// "id -> ids" a line, in the order in which the actions run; those that write /etc left out.
std::string dependencies(const Plan& plan) {
    std::string text;
    for (const Action& action : plan.actions) {
        if (action.stage == Stage::configure) {
            continue;
        }
        std::vector<std::string> after;
        std::ranges::copy_if(action.after, std::back_inserter(after),
                             [](const std::string& id) { return !id.starts_with("configure."); });
        text += action.id + " -> " + join(after, " ") + "\n";
    }
    return text;
}

constexpr std::string_view uefi_dependencies = R"(preflight.payload -> 
teardown.vg.old -> preflight.payload
teardown.wipe -> preflight.payload teardown.vg.old
partition.table -> teardown.wipe
format.mkfs.boot -> partition.table
format.pv -> partition.table
format.vg -> format.pv
format.lv.root -> format.vg
format.lv.var -> format.lv.root
format.lv.log -> format.lv.var
format.lv.ceph -> format.lv.log
format.lv.swap -> format.lv.ceph
format.mkfs.ceph -> format.lv.ceph
format.mkfs.log -> format.lv.log
format.mkfs.root -> format.lv.root
format.mkfs.var -> format.lv.var
format.mkswap.swap -> format.lv.swap
format.mount.root -> format.mkfs.root
format.mount.boot -> format.mkfs.boot format.mount.root
format.mount.var -> format.mkfs.var format.mount.root
format.mount.ceph -> format.mkfs.ceph format.mount.var
format.mount.log -> format.mkfs.log format.mount.var
extract.payload -> preflight.payload format.mount.root format.mount.boot format.mount.var format.mount.log format.mount.ceph
bootloader.boot-grub-grub.cfg -> extract.payload
bootloader.esp -> extract.payload partition.table
seal.verify -> bootloader.boot-grub-grub.cfg bootloader.esp format.mkswap.swap
seal.unmount -> seal.verify
seal.commit -> seal.unmount
seal.boot-entry -> seal.commit
)";

Example occupied() {
    Example example;
    example.node.install.wipe = WipePolicy::not_ours;
    example.system_disk().holders = {{.kind = Holder::Kind::lvm, .name = "old", .detail = Json::object()}};
    return example;
}

std::size_t position(const Plan& plan, std::string_view id) {
    return static_cast<std::size_t>(std::ranges::find(plan.actions, id, &Action::id) - plan.actions.begin());
}

Action simple(std::string id, Stage stage, std::vector<std::string> after) {
    Action action;
    action.id = std::move(id);
    action.stage = stage;
    action.after = std::move(after);
    return action;
}

}  // namespace

TEST_CASE("the actions of a plan and what each waits for") {
    const auto plan = occupied().plan();
    REQUIRE(plan);
    CHECK(dependencies(*plan) == uefi_dependencies);
}

TEST_CASE("every file of the node waits for the payload, and the seal for every file") {
    const auto plan = Example().plan();
    REQUIRE(plan);
    const Action* verify = find_action(*plan, "seal.verify");
    REQUIRE(verify);
    for (const Action& action : plan->actions) {
        if (action.stage == Stage::configure || action.stage == Stage::bootloader) {
            INFO(action.id);
            CHECK(std::ranges::find(action.after, "extract.payload") != action.after.end());
            CHECK(std::ranges::find(verify->after, action.id) != verify->after.end());
        }
    }
}

TEST_CASE("an action runs after everything it waits for and after all earlier stages") {
    for (const FirmwareMode firmware : {FirmwareMode::uefi, FirmwareMode::bios}) {
        Example example = occupied();
        example.inventory.firmware.mode = firmware;
        const auto plan = example.plan();
        REQUIRE(plan);
        std::set<std::string> done;
        Stage stage = Stage::preflight;
        for (const Action& action : plan->actions) {
            INFO(action.id);
            CHECK(action.stage >= stage);
            stage = action.stage;
            for (const std::string& earlier : action.after) {
                CHECK(done.contains(earlier));
            }
            CHECK(done.insert(action.id).second);
        }
    }
}

TEST_CASE("for BIOS the boot sector is the last thing that is written, while /boot can still be read") {
    Example example;
    example.inventory.firmware.mode = FirmwareMode::bios;
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(find_action(*plan, "bootloader.grub-bios"));
    CHECK(!find_action(*plan, "seal.boot-entry"));
    CHECK(position(*plan, "seal.verify") < position(*plan, "seal.protect"));
    CHECK(position(*plan, "seal.protect") < position(*plan, "seal.commit"));
    CHECK(std::get<action::ProtectTarget>(find_action(*plan, "seal.protect")->kind).paths.back() == "/");
    CHECK(position(*plan, "seal.commit") < position(*plan, "seal.unmount"));
    CHECK(!std::get<action::WriteEsp>(find_action(*plan, "bootloader.esp")->kind).withhold_first_block);
}

TEST_CASE("BIOS and a disk with 4096-byte blocks do not go together") {
    Example example;
    example.system_disk().logical_block_size = kib(4);
    CHECK(example.refusal().empty());
    example.inventory.firmware.mode = FirmwareMode::bios;
    CHECK(example.refusal() == "boot.bios-4kn");
}

TEST_CASE("the order is the same whatever the order of the actions was") {
    auto plan = occupied().plan();
    REQUIRE(plan);
    std::vector<Action> reversed(plan->actions.rbegin(), plan->actions.rend());
    const auto again = in_order(std::move(reversed));
    REQUIRE(again);
    CHECK(std::ranges::equal(*again, plan->actions, {}, &Action::id, &Action::id));
}

TEST_CASE("defects in dependencies are found") {
    const auto code = [](std::vector<Action> actions) {
        const auto result = in_order(std::move(actions));
        return result ? std::string() : result.error().message;
    };
    CHECK(code({simple("a", Stage::format, {}), simple("a", Stage::format, {})}).contains("two actions"));
    CHECK(code({simple("a", Stage::format, {"b"})}).contains("which there is not"));
    CHECK(code({simple("a", Stage::format, {"b"}), simple("b", Stage::seal, {})}).contains("later stage"));
    CHECK(code({simple("a", Stage::format, {"b"}), simple("b", Stage::format, {"a"})}).contains("circle"));
    CHECK(code({simple("b", Stage::format, {}), simple("a", Stage::format, {"b"})}).empty());
}

TEST_CASE("unpacking is about three quarters of the progress bar") {
    const auto plan = Example().plan();
    REQUIRE(plan);
    const auto total =
        std::accumulate(plan->actions.begin(), plan->actions.end(), 0U,
                        [](std::uint32_t sum, const Action& action) { return sum + action.weight; });
    const auto share = 100 * find_action(*plan, "extract.payload")->weight / total;
    CHECK(share >= 70);
    CHECK(share <= 80);
}

TEST_CASE("the digest holds for the same input and changes with whatever the plan would do") {
    const Example example;
    const std::string digest = example.plan().value().digest();
    CHECK(digest.size() == 64);
    CHECK(example.plan().value().digest() == digest);

    Example other = example;
    other.node.ntp = {"10.0.100.2"};
    CHECK(other.plan().value().digest() != digest);
    other = example;
    other.profile.digest = "something else";
    CHECK(other.plan().value().digest() != digest);
    other = example;
    other.node.site_digest = "something else";
    CHECK(other.plan().value().digest() != digest);
    other = example;
    other.inventory.memory.total = gib(1);
    CHECK(other.plan().value().digest() != digest);

    Plan plan = example.plan().value();
    std::get<action::WriteFile>(std::ranges::find(plan.actions, "configure.etc-fstab", &Action::id)->kind)
        .text += "#";
    CHECK(plan.digest() != digest);
    plan = example.plan().value();
    plan.actions.pop_back();
    CHECK(plan.digest() != digest);
}

TEST_CASE("no form of a plan holds the root password's hash") {
    Example example;
    example.node.root_password_hash = Secret("$6$CANARY-b2c7");
    const auto plan = example.plan();
    REQUIRE(plan);
    for (const std::string& text : {to_text(*plan), to_json(*plan).dump(), to_commands_text(*plan)}) {
        CHECK(!text.contains("CANARY"));
    }
    CHECK(!std::get<action::SetRootPassword>(find_action(*plan, "configure.root-password")->kind).locked);
    example.node.root_password_hash.reset();
    CHECK(std::get<action::SetRootPassword>(
              find_action(example.plan().value(), "configure.root-password")->kind)
              .locked);
}

TEST_CASE("file systems in fstab have the identifiers that mkfs gets") {
    const auto plan = Example().plan();
    REQUIRE(plan);
    const std::string fstab = file_text(*plan, "/etc/fstab");
    std::size_t found = 0;
    for (const Action& action : plan->actions) {
        if (const auto* mkfs = std::get_if<action::MakeFileSystem>(&action.kind)) {
            CHECK(fstab.contains("UUID=" + mkfs->uuid.to_text() + " "));
            ++found;
        } else if (const auto* swap = std::get_if<action::MakeSwap>(&action.kind)) {
            CHECK(fstab.contains("UUID=" + swap->uuid.to_text() + " none swap"));
            ++found;
        }
    }
    CHECK(found == 6);
    CHECK(fstab.contains(" /boot/efi vfat umask=0077,nofail"));
}

TEST_CASE("the loader on the ESP, GRUB's menu and the file system of /boot name one another") {
    Example example;
    example.profile.layout.volume_group = "node-sys";
    const auto plan = example.plan();
    REQUIRE(plan);
    const std::string uuid =
        std::get<action::MakeFileSystem>(find_action(*plan, "format.mkfs.boot")->kind).uuid.to_text();
    const auto& esp = std::get<action::WriteEsp>(find_action(*plan, "bootloader.esp")->kind);
    CHECK(esp.texts.at("EFI/debian/grub.cfg").starts_with("search.fs_uuid " + uuid + " root\n"));
    CHECK(esp.texts.at("bedplate/node.json").contains("\"plan_digest\": \"@PLAN_DIGEST@\""));
    CHECK(esp.withhold_first_block);
    const std::string menu = file_text(*plan, "/boot/grub/grub.cfg");
    CHECK(menu.contains("--fs-uuid " + uuid));
    CHECK(menu.contains("linux /vmlinuz-@KERNEL_RELEASE@ root=/dev/mapper/node--sys-root ro "));
}

TEST_CASE("how many processors share a thread stands in the node's document where the site says it") {
    Example example;
    const auto capacity = [&] {
        const auto text = file_text(example.plan().value(), "/etc/bedplate/node.json");
        return parse_json(text, "node.json").value().at("capacity");
    };
    CHECK_FALSE(capacity().contains("cpu_overcommit"));
    example.node.ha.cpu_overcommit = 2.5;
    CHECK(capacity().at("cpu_overcommit") == 2.5);
}

TEST_CASE("the kernel's arguments follow processor and profile") {
    Example example;
    const auto menu = [&] { return file_text(example.plan().value(), "/boot/grub/grub.cfg"); };
    CHECK(menu().contains(" intel_iommu=on iommu=pt"));
    example.inventory.cpu.vendor = "AuthenticAMD";
    CHECK(menu().contains(" iommu=pt"));
    CHECK(!menu().contains("intel_iommu"));
    example.profile.kvm.iommu = false;
    CHECK(!menu().contains("iommu"));
    example.profile.kvm.hugepage_size = gib(1);
    CHECK(!menu().contains("hugepages"));
    example.profile.kvm.hugepages_reserved = 8;
    CHECK(menu().contains(" hugepagesz=1G hugepages=8"));
    example.profile.kvm.hugepage_size = mib(2);
    CHECK(menu().contains(" hugepagesz=2M hugepages=8"));
    CHECK(file_text(example.plan().value(), "/etc/modprobe.d/bedplate-kvm.conf") ==
          "options kvm_amd nested=0\n");
    example.profile.kvm.nested = true;
    CHECK(file_text(example.plan().value(), "/etc/modprobe.d/bedplate-kvm.conf").empty());
}

TEST_CASE("marks stand only in files that say so") {
    const auto plan = Example().plan();
    REQUIRE(plan);
    for (const Action& action : plan->actions) {
        if (const auto* file = std::get_if<action::WriteFile>(&action.kind)) {
            INFO(file->path);
            CHECK(file->text.contains(kernel_release_mark) == file->needs_kernel_release);
            CHECK(file->text.contains(plan_digest_mark) == file->needs_plan_digest);
        }
    }
}

TEST_CASE("only what erases is marked as destructive, and it names its disk") {
    const auto plan = occupied().plan();
    REQUIRE(plan);
    std::vector<std::string> destructive;
    for (const Action& action : plan->actions) {
        CHECK(action.device.has_value() == (action.stage != Stage::preflight));
        if (action.destructive) {
            destructive.push_back(action.id);
            CHECK(action.device->serial == "SYS1");
        }
    }
    CHECK(destructive == std::vector<std::string>{"teardown.wipe", "partition.table"});
}

TEST_CASE("the JSON form has the fields that others rely on") {
    const auto plan = occupied().plan();
    REQUIRE(plan);
    const Json json = to_json(*plan);
    CHECK(json["schema"] == "bedplate/plan/v1");
    CHECK(json["digest"] == plan->digest());
    CHECK(json["profile"] == "example");
    CHECK(json["node"] == "node1");
    CHECK(json["disks"][1]["role"] == "system");
    CHECK(json["disks"][1]["serial"] == "SYS1");
    CHECK(json["disks"][1]["path"] == "/dev/disk/by-id/wwn-0x5000SYS1");
    CHECK(json["disks"][0]["role"] == "osd");
    CHECK(json["actions"][2]["id"] == "teardown.wipe");
    CHECK(json["actions"][2]["stage"] == "teardown");
    CHECK(json["actions"][2]["kind"] == "wipe-disk");
    CHECK(json["actions"][2]["destructive"] == true);
    CHECK(json["actions"][2]["device"]["serial"] == "SYS1");
    CHECK(json["actions"][2]["after"].size() == 2);
    CHECK(json["actions"][2]["commands"][0][0] == "wipefs");
    CHECK(json["network"]["files"].contains("/etc/systemd/network/10-nic0.link"));
    CHECK(json["findings"].is_array());
}

}  // namespace bedplate
