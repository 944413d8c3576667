// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/holders.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

namespace {

BlockNode node(std::string kname, std::string type, std::string fstype = "", std::string uuid = "",
               std::string label = "") {
    return {.kname = kname,
            .path = "/dev/" + kname,
            .type = std::move(type),
            .name = kname,
            .fstype = std::move(fstype),
            .label = std::move(label),
            .uuid = std::move(uuid)};
}

BlockNode mapped(std::string kname, std::string name, std::string type, std::string fstype = "",
                 std::string uuid = "") {
    BlockNode result = node(std::move(kname), std::move(type), std::move(fstype), std::move(uuid));
    result.path = "/dev/mapper/" + name;
    result.name = std::move(name);
    return result;
}

BluestoreLabel label(Bytes offset, std::string uuid, std::string fsid = "", std::string whoami = "") {
    BluestoreLabel result{.offset = offset, .osd_uuid = std::move(uuid), .description = "main", .meta = {}};
    if (!fsid.empty()) {
        result.meta = {{"ceph_fsid", fsid}, {"whoami", whoami}};
    }
    return result;
}

}  // namespace

TEST_CASE("what runs is a tree: array, encryption, volume group") {
    BlockNode disk = node("sda", "disk");
    BlockNode part =
        node("sda4", "part", "linux_raid_member", "3aaa0122-2982-7cfa-5331-ad66ca767371", "n:sys");
    BlockNode md = node("md127", "raid1", "crypto_LUKS", "luks-uuid");
    BlockNode crypt = mapped("dm-0", "sys-crypt", "crypt", "LVM2_member", "pv-uuid");
    crypt.children = {mapped("dm-1", "sys-root", "lvm", "ext4")};
    md.children = {crypt};
    part.children = {md};
    disk.children = {part};
    const VolumeFacts volumes{.physical_volumes = {{.device = "/dev/mapper/sys-crypt",
                                                    .uuid = "pv-uuid",
                                                    .volume_group = "sys",
                                                    .volume_group_uuid = "vg-uuid"}},
                              .osds = {}};
    const auto holders = holders_of(disk, volumes, {});
    REQUIRE(holders.size() == 1);
    CHECK(holders[0].kind == Holder::Kind::md);
    CHECK(holders[0].name == "md127");
    CHECK(holders[0].uuid == "3aaa0122-2982-7cfa-5331-ad66ca767371");
    CHECK(holders[0].device == "/dev/md127");
    CHECK(holders[0].partition == 4U);
    CHECK(holders[0].active == true);
    REQUIRE(holders[0].holders.size() == 1);
    const Holder& luks = holders[0].holders[0];
    CHECK(luks.kind == Holder::Kind::crypt);
    CHECK(luks.name == "sys-crypt");
    CHECK(luks.uuid == "luks-uuid");
    CHECK(luks.device == "/dev/mapper/sys-crypt");
    REQUIRE(luks.holders.size() == 1);
    CHECK(luks.holders[0].kind == Holder::Kind::lvm);
    CHECK(luks.holders[0].name == "sys");
    CHECK(luks.holders[0].uuid == "vg-uuid");
    CHECK(luks.holders[0].active == true);
}

TEST_CASE("what does not run is seen by its label") {
    struct Case {
        std::string fstype, label;
        Holder::Kind kind;
        std::string name;
    };
    const std::vector<Case> cases{
        {"linux_raid_member", "node1:boot", Holder::Kind::md, "node1:boot"},
        {"crypto_LUKS", "", Holder::Kind::crypt, ""},
        {"bcache", "", Holder::Kind::bcache, "the-uuid"},
        {"zfs_member", "tank", Holder::Kind::zfs, "tank"},
        {"VMFS_volume_member", "datastore1", Holder::Kind::vmfs, "datastore1"},
        {"ddf_raid_member", "", Holder::Kind::raid, "ddf"},
        {"isw_raid_member", "", Holder::Kind::raid, "isw"},
    };
    for (const Case& one : cases) {
        INFO(one.fstype);
        BlockNode disk = node("sdb", "disk");
        disk.children = {node("sdb2", "part", one.fstype, "the-uuid", one.label)};
        const auto holders = holders_of(disk, {}, {});
        REQUIRE(holders.size() == 1);
        CHECK(holders[0].kind == one.kind);
        CHECK(holders[0].name == one.name);
        CHECK(holders[0].uuid == "the-uuid");
        CHECK(holders[0].partition == 2U);
        CHECK(holders[0].active == false);
        CHECK(holders[0].device.empty());
    }
}

TEST_CASE("a label at the end of the disk is seen behind the partition table at its start") {
    const BlockNode disk = node("sdc", "disk");
    const DiskContent content{
        .signatures = {{.type = "gpt", .label = "", .uuid = "", .offset = Bytes{512}},
                       {.type = "ddf_raid_member", .label = "", .uuid = "Dell", .offset = gib(1)}}};
    const auto holders = holders_of(disk, {}, content);
    REQUIRE(holders.size() == 1);
    CHECK(holders[0].kind == Holder::Kind::raid);
    CHECK(holders[0].uuid == "Dell");
    CHECK_FALSE(holders[0].partition);
}

TEST_CASE("an OSD in a volume group that is switched off is known by its tags") {
    BlockNode disk = node("nvme0n1", "disk", "LVM2_member", "pv");
    const VolumeFacts volumes{.physical_volumes = {{.device = "/dev/nvme0n1",
                                                    .uuid = "pv",
                                                    .volume_group = "ceph-1",
                                                    .volume_group_uuid = "vg"}},
                              .osds = {{.osd_id = "3",
                                        .osd_fsid = "osd-fsid",
                                        .cluster_fsid = "cluster",
                                        .type = "block",
                                        .encrypted = true,
                                        .devices = {"/dev/nvme0n1"},
                                        .volume_group = "ceph-1",
                                        .volume = "osd-block-1",
                                        .size = gib(100)}}};
    const auto holders = holders_of(disk, volumes, {});
    REQUIRE(holders.size() == 1);
    CHECK(holders[0].active == false);
    REQUIRE(holders[0].holders.size() == 1);
    const Holder& osd = holders[0].holders[0];
    CHECK(osd.kind == Holder::Kind::ceph_osd);
    CHECK(osd.name == "3");
    CHECK(osd.uuid == "osd-fsid");
    CHECK(osd.detail["cluster_fsid"] == "cluster");
    CHECK(osd.detail["encrypted"] == true);
    CHECK(osd.detail["volume"] == "ceph-1/osd-block-1");
    CHECK(osd.detail["size_bytes"] == gib(100).value);
}

TEST_CASE("the labels of one OSD without LVM are one holder, whichever copy says whose it is") {
    BlockNode disk = node("sdd", "disk");
    disk.children = {node("sdd1", "part")};
    DiskContent content;
    content.osd_labels = {label(Bytes{0}, "u1"), label(gib(1), "u1", "cluster", "7"), label(gib(10), "u2")};
    content.partition_labels[1] = {label(gib(100), "u3", "cluster", "8")};
    const auto holders = holders_of(disk, {}, content);
    REQUIRE(holders.size() == 3);
    CHECK(holders[0].name == "7");
    CHECK(holders[0].detail["cluster_fsid"] == "cluster");
    CHECK(holders[0].detail["type"] == "raw");
    CHECK(holders[0].detail["offsets"] == Json::array({0, gib(1).value}));
    CHECK(holders[1].uuid == "u2");
    CHECK(holders[1].name.empty());
    CHECK(holders[2].uuid == "u3");
    CHECK(holders[2].partition == 1U);
}

TEST_CASE("a multipath map stands on the disk, and what is on the map on it") {
    BlockNode disk = node("sde", "disk", "mpath_member");
    BlockNode map = mapped("dm-5", "mpatha", "mpath", "LVM2_member");
    disk.children = {map};
    const auto holders = holders_of(disk, {}, {});
    REQUIRE(holders.size() == 1);
    CHECK(holders[0].kind == Holder::Kind::mpath);
    CHECK(holders[0].name == "mpatha");
    CHECK(holders[0].device == "/dev/mapper/mpatha");
    REQUIRE(holders[0].holders.size() == 1);
    CHECK(holders[0].holders[0].kind == Holder::Kind::lvm);
}
