// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/teardown.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "example.hpp"
#include "plan/order.hpp"

namespace bedplate {
namespace {

using test::Example;
using test::find_action;

constexpr const char* other_cluster = "11111111-2222-4333-8444-555555555555";

Holder holder(Holder::Kind kind, std::string name, std::vector<Holder> above = {}) {
    return {.kind = kind, .name = std::move(name), .holders = std::move(above)};
}

/// "id -> ids" of the teardown, in the order in which they run.
std::string steps(const Plan& plan) {
    std::string text;
    for (const Action& action : plan.actions) {
        if (action.stage == Stage::teardown) {
            std::vector<std::string> after;
            for (const std::string& id : action.after) {
                if (id != "preflight.payload") {
                    after.push_back(id);
                }
            }
            text += action.id + (after.empty() ? "" : " -> " + join(after, " ")) + "\n";
        }
    }
    return text;
}

Example erasing(std::vector<Holder> holders) {
    Example example;
    example.node.install.wipe = WipePolicy::not_ours;
    example.node.wipe.fsids = {other_cluster};
    example.system_disk().holders = std::move(holders);
    return example;
}

Holder osd(std::string volume, bool encrypted = false) {
    Json detail{{"cluster_fsid", other_cluster}, {"type", "block"}, {"encrypted", encrypted}};
    if (!volume.empty()) {
        detail["volume"] = std::move(volume);
    }
    return {.kind = Holder::Kind::ceph_osd, .name = "3", .detail = detail};
}

}  // namespace

TEST_CASE("a stack is taken apart from the leaf to the root") {
    using enum Holder::Kind;
    const auto plan =
        erasing({holder(md, "md127", {holder(crypt, "luks-data", {holder(lvm, "vg0")})})}).plan();
    REQUIRE(plan);
    CHECK(steps(*plan) ==
          "teardown.vg.vg0\n"
          "teardown.crypt.luks-data -> teardown.vg.vg0\n"
          "teardown.array.md127 -> teardown.crypt.luks-data\n"
          "teardown.wipe -> teardown.array.md127\n");
}

TEST_CASE("every kind of holder has its own way out") {
    using enum Holder::Kind;
    const auto plan = erasing({holder(mpath, "mpatha"), holder(bcache, "bcache0"), holder(zfs, "tank"),
                               holder(raid, "ddf"), holder(vmfs, "datastore1")})
                          .plan();
    REQUIRE(plan);
    CHECK(steps(*plan) ==
          "teardown.bcache.bcache0\n"
          "teardown.mpath.mpatha\n"
          "teardown.wipe -> teardown.bcache.bcache0 teardown.mpath.mpatha\n");
    CHECK(to_commands_text(*plan).contains("multipath -f mpatha\n"));
}

TEST_CASE("what is known to be off is not switched off, but wiped all the same") {
    Holder group = holder(Holder::Kind::lvm, "old");
    group.active = false;
    const auto plan = erasing({group}).plan();
    REQUIRE(plan);
    CHECK(steps(*plan) == "teardown.wipe\n");
}

TEST_CASE("arrays are stopped by their UUID, groups of one name told apart by theirs") {
    Holder array = holder(Holder::Kind::md, "md127");
    array.uuid = "3aaa0122-2982-7cfa-5331-ad66ca767371";
    Holder one = holder(Holder::Kind::lvm, "sys");
    one.uuid = "one";
    Holder two = holder(Holder::Kind::lvm, "sys");
    two.uuid = "two";
    const auto plan = erasing({array, one, two}).plan();
    REQUIRE(plan);
    const std::string text = to_commands_text(*plan);
    CHECK(text.contains("mdadm --stop /dev/disk/by-id/md-uuid-3aaa0122:29827cfa:5331ad66:ca767371\n"));
    CHECK(text.contains("vgchange --yes --activate n --select vg_uuid=one\n"));
    CHECK(text.contains("vgchange --yes --activate n --select vg_uuid=two\n"));
}

TEST_CASE("labels of an OSD in a volume are erased before its group goes off, encrypted ones need not be") {
    Holder group = holder(Holder::Kind::lvm, "ceph-1", {osd("osd-block-1")});
    group.active = false;
    const auto plan = erasing({group}).plan();
    REQUIRE(plan);
    CHECK(steps(*plan) ==
          "teardown.zap.ceph-1.osd-block-1\n"
          "teardown.vg.ceph-1 -> teardown.zap.ceph-1.osd-block-1\n"
          "teardown.wipe -> teardown.vg.ceph-1\n");
    const auto& zap =
        std::get<action::ZapBluestore>(find_action(*plan, "teardown.zap.ceph-1.osd-block-1")->kind);
    CHECK(zap.offsets == std::vector{Bytes{0}, gib(1), gib(10), gib(100), gib(1000)});
    CHECK(find_action(*plan, "teardown.zap.ceph-1.osd-block-1")->destructive);

    const auto encrypted = erasing({holder(Holder::Kind::lvm, "ceph-1", {osd("osd-block-1", true)})}).plan();
    REQUIRE(encrypted);
    CHECK(steps(*encrypted) == "teardown.vg.ceph-1\nteardown.wipe -> teardown.vg.ceph-1\n");
}

TEST_CASE("raw labels are erased wherever the disk or the partition reaches") {
    Example example = erasing({osd("")});
    example.system_disk().partitions = {
        {.number = 3, .start = gib(1), .size = gib(12), .type = "", .label = "", .fstype = "", .uuid = ""}};
    auto plan = example.plan();
    REQUIRE(plan);
    CHECK(std::get<action::ZapBluestore>(find_action(*plan, "teardown.zap")->kind).offsets ==
          std::vector{Bytes{0}, gib(1), gib(10), gib(100)});
    example.system_disk().holders.front().partition = 3;
    plan = example.plan();
    REQUIRE(plan);
    const auto& zap = std::get<action::ZapBluestore>(find_action(*plan, "teardown.zap.part3")->kind);
    CHECK(zap.partition == 3);
    CHECK(zap.offsets == std::vector{Bytes{0}, gib(1), gib(10)});
}

TEST_CASE("an array over two disks that both go is stopped once, and both wait for it") {
    Example example = erasing({holder(Holder::Kind::md, "md127")});
    example.inventory.disks[0].holders = {holder(Holder::Kind::md, "md127")};
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(steps(*plan) ==
          "teardown.array.md127\n"
          "teardown.wipe -> teardown.array.md127\n"
          "teardown.wipe.DATA1 -> teardown.array.md127\n");
    const Action* stop = find_action(*plan, "teardown.array.md127");
    CHECK(stop->device->serial == "SYS1");
    REQUIRE(stop->also.size() == 1);
    CHECK(stop->also.front().serial == "DATA1");
}

TEST_CASE("whatever reaches to a protected disk stays, and the refusal names that disk") {
    for (const auto kind : {Holder::Kind::lvm, Holder::Kind::md, Holder::Kind::raid, Holder::Kind::bcache,
                            Holder::Kind::zfs, Holder::Kind::mpath, Holder::Kind::vmfs}) {
        Example example = erasing({holder(kind, "thing")});
        example.profile.osd.reset();
        CHECK(example.refusal().empty());
        example.inventory.disks[2].holders = {holder(Holder::Kind::crypt, "x", {holder(kind, "thing")})};
        CHECK(example.refusal() == "disk.shared");
        CHECK(example.plan().error().message.contains("DATA2"));
        // The same disk by another path is no other disk.
        example.inventory.disks[2].multipath_of = "sdb";
        CHECK(example.refusal().empty());
    }
}

TEST_CASE("the plan shows what lives on a disk as a tree, with what becomes of each part") {
    using enum Holder::Kind;
    Example example = erasing({});
    Holder array = holder(md, "md127", {holder(lvm, "vg0")});
    array.partition = 2;
    array.detail["level"] = "raid1";
    example.system_disk().partition_table = "gpt";
    example.system_disk().partitions = {{.number = 2,
                                         .start = gib(1),
                                         .size = gib(12),
                                         .type = "",
                                         .label = "data",
                                         .fstype = "linux_raid_member",
                                         .uuid = ""}};
    example.system_disk().holders = {array};
    example.inventory.disks[0].holders = {array};
    const auto plan = example.plan();
    REQUIRE(plan);
    std::string text;
    for (const Dweller& dweller : plan->disks[1].dwellers) {
        text += std::string(dweller.depth, ' ') + dweller.what + ": " + dweller.fate + "\n";
    }
    CHECK(text ==
          "gpt partition table: erased\n"
          " partition 2, 12 GiB, 'data': linux_raid_member: erased\n"
          "  md array md127 (raid1), also on DATA1: stopped, then erased\n"
          "   volume group vg0, also on DATA1: switched off, then erased\n");
    CHECK(to_text(*plan).contains("md array md127 (raid1), also on DATA1: stopped, then erased"));
}

}  // namespace bedplate
