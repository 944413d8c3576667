// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "inventory/ceph_volume.hpp"
#include "inventory/lvm.hpp"
#include "inventory/md.hpp"
#include "inventory/wipefs.hpp"

using namespace bedplate;

TEST_CASE("pvs: volumes with and without a group") {
    const auto volumes = parse_pvs(R"({"report": [{"pv": [
        {"pv_name":"/dev/sda4", "pv_uuid":"n2n0Cb", "vg_name":"sys", "vg_uuid":"x4B7aF"},
        {"pv_name":"/dev/sdb", "pv_uuid":"a", "vg_name":"", "vg_uuid":""}]}], "log": []})");
    REQUIRE(volumes);
    CHECK((*volumes)[0].device == "/dev/sda4");
    CHECK((*volumes)[0].volume_group == "sys");
    CHECK((*volumes)[1].volume_group.empty());
    CHECK(parse_pvs("{}").error().code == "lvm.syntax");
    CHECK(parse_pvs(R"({"report": [{"pv": []}]})")->empty());
}

TEST_CASE("lvs: tags and devices; what they say of Ceph's OSDs") {
    const auto volumes = parse_lvs(R"json({"report": [{"lv": [
        {"lv_name":"root", "lv_uuid":"u", "vg_name":"sys", "lv_tags":"", "devices":"/dev/sda4(0),/dev/sdb1(12)"},
        {"lv_name":"osd-block-9b2f", "vg_name":"ceph-6f1e",
         "lv_tags":"ceph.cluster_fsid=2c1e,ceph.encrypted=0,ceph.osd_fsid=9b2f,ceph.osd_id=3,ceph.type=block",
         "devices":"/dev/nvme0n1(0)"},
        {"lv_name":"osd-block-f10", "vg_name":"ceph-10", "lv_tags":"ceph.osd_id=10,ceph.type=block,ceph.encrypted=1",
         "devices":"/dev/sdc(0)"},
        {"lv_name":"osd-db-9b2f", "vg_name":"ceph-db", "lv_tags":"ceph.osd_id=3,ceph.type=db", "devices":"/dev/sdd(0)"}
        ]}]})json");
    REQUIRE(volumes);
    CHECK((*volumes)[0].devices == std::vector<std::string>{"/dev/sda4", "/dev/sdb1"});
    const auto osds = osd_volumes(*volumes);
    REQUIRE(osds.size() == 3);
    CHECK(osds[0].osd_id == "3");
    CHECK(osds[0].osd_fsid == "9b2f");
    CHECK(osds[0].cluster_fsid == "2c1e");
    CHECK(osds[0].type == "block");
    CHECK_FALSE(osds[0].encrypted);
    CHECK(osds[0].devices == std::vector<std::string>{"/dev/nvme0n1"});
    CHECK(osds[0].path == "/dev/ceph-6f1e/osd-block-9b2f");
    // By number, then by type.
    CHECK(osds[1].type == "db");
    CHECK(osds[2].osd_id == "10");
    CHECK(osds[2].encrypted);
}

TEST_CASE("the group is read from a device mapper name with doubled dashes") {
    CHECK(volume_group_of_mapper_name("sys-root") == "sys");
    CHECK(volume_group_of_mapper_name("sys-var--log") == "sys");
    CHECK(volume_group_of_mapper_name("ceph--6f1e--a-osd--block") == "ceph-6f1e-a");
    CHECK(volume_group_of_mapper_name("cryptdata").empty());
}

TEST_CASE("mdstat: running, resting, read-only and faulty arrays") {
    const auto arrays = parse_mdstat(R"(Personalities : [raid1] [raid6] [raid5] [raid4]
md127 : active (auto-read-only) raid1 sdb1[1] sda3[0]
      232774656 blocks super 1.2 [2/2] [UU]
      bitmap: 0/2 pages [0KB], 65536KB chunk

md5 : active raid5 sdd[3] sdc[1](F) sde[0](S)
md0 : inactive nvme0n1p2[0](S)
      1046528 blocks super 1.2

unused devices: <none>
)");
    REQUIRE(arrays.size() == 3);
    CHECK(arrays[0].name == "md127");
    CHECK(arrays[0].level == "raid1");
    CHECK(arrays[0].active);
    CHECK(arrays[0].members == std::vector<std::string>{"sda3", "sdb1"});
    CHECK(arrays[1].members == std::vector<std::string>{"sdc", "sdd", "sde"});
    CHECK_FALSE(arrays[2].active);
    CHECK(arrays[2].level.empty());
    CHECK(parse_mdstat("").empty());
}

TEST_CASE("mdadm --detail --export") {
    const auto array = parse_mdadm_export(
        "MD_LEVEL=raid1\nMD_DEVICES=2\nMD_METADATA=1.2\n"
        "MD_UUID=9b1e1a30:2b8c6d0f:3f1d2a4b:5c6d7e8f\nMD_DEVNAME=boot\n"
        "MD_NAME=node1:boot\nMD_DEVICE_dev_sda3_ROLE=0\n"
        "MD_DEVICE_dev_sda3_DEV=/dev/sda3\nMD_DEVICE_dev_sdb1_DEV=/dev/sdb1\n");
    REQUIRE(array);
    CHECK(array->name == "node1:boot");
    CHECK(array->uuid == "9b1e1a30:2b8c6d0f:3f1d2a4b:5c6d7e8f");
    CHECK(array->members == std::vector<std::string>{"sda3", "sdb1"});
    CHECK(parse_mdadm_export("mdadm: cannot open\n").error().code == "md.syntax");
}

TEST_CASE("wipefs: every signature with its place, and silence for none") {
    const auto found = parse_wipefs(R"({"signatures": [
        {"device": "sda", "offset": "0x200", "type": "gpt", "uuid": null, "label": null},
        {"device": "sda", "offset": "0x3bffffe00", "type": "gpt", "uuid": null, "label": null},
        {"device": "sda", "offset": "0x1fe", "type": "PMBR", "uuid": null, "label": null}]})");
    REQUIRE(found);
    CHECK((*found)[1].offset == Bytes{0x3bffffe00});
    CHECK((*found)[2].type == "PMBR");
    CHECK(parse_wipefs("")->empty());
    CHECK(parse_wipefs(R"({"signatures": [{"type": "gpt"}]})").error().code == "wipefs.syntax");
}
