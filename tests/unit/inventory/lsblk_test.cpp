// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/lsblk.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

TEST_CASE("lsblk 2.38 of bookworm: numbers and flags as such, no partition numbers") {
    const auto nodes = parse_lsblk(R"({"blockdevices": [
        {"hctl": null, "kname": "vda", "label": null, "log-sec": 512, "model": null, "name": "vda",
         "path": "/dev/vda", "phy-sec": 4096, "pttype": null, "rm": false, "ro": false, "rota": true,
         "serial": null, "size": 274877906944, "start": null, "mountpoint": "/", "mountpoints": ["/"],
         "tran": null, "type": "disk", "vendor": "0x1af4", "wwn": null},
        {"kname": "zram0", "log-sec": 4096, "phy-sec": 4096, "size": 0, "mountpoints": [null], "type": "disk"}]})");
    REQUIRE(nodes);
    REQUIRE(nodes->size() == 2);
    CHECK((*nodes)[0].size == gib(256));
    CHECK((*nodes)[0].phy_sec == Bytes{4096});
    CHECK((*nodes)[0].rota == true);
    CHECK((*nodes)[0].vendor == "0x1af4");
    CHECK((*nodes)[0].mountpoints == std::vector<std::string>{"/"});
    CHECK((*nodes)[1].mountpoints.empty());
    CHECK_FALSE((*nodes)[1].rota.has_value());
}

TEST_CASE("lsblk writes flags as texts where it is older, and pads what SCSI pads") {
    const auto nodes = parse_lsblk(R"({"blockdevices": [
        {"kname": "sda", "path": "/dev/sda", "type": "disk", "rm": "0", "ro": "1", "rota": "0", "size": "1000",
         "vendor": "DELL    ", "model": "PERC H740P Mini ", "log-sec": "4096"}]})");
    REQUIRE(nodes);
    const BlockNode& sda = nodes->front();
    CHECK_FALSE(sda.rm);
    CHECK(sda.ro);
    CHECK(sda.rota == false);
    CHECK(sda.size == Bytes{1000});
    CHECK(sda.log_sec == Bytes{4096});
    CHECK(sda.vendor == "DELL");
    CHECK(sda.model == "PERC H740P Mini");
}

TEST_CASE("lsblk's tree: a mirror stands under each of its halves, starts count in 512 bytes also on 4Kn") {
    const auto nodes = parse_lsblk(R"({"blockdevices": [
        {"kname": "sda", "type": "disk", "log-sec": 4096, "children": [
            {"kname": "sda1", "type": "part", "partn": 1, "start": 2048, "fstype": "linux_raid_member",
             "label": "node1:boot", "parttype": "a19d880f-05fc-4d3b-a006-743f0f84911e", "partlabel": "raid",
             "children": [{"kname": "md127", "type": "raid1", "path": "/dev/md127"}]}]},
        {"kname": "sdb", "type": "disk", "children": [
            {"kname": "sdb1", "type": "part", "children": [{"kname": "md127", "type": "raid1"}]}]}]})");
    REQUIRE(nodes);
    const BlockNode& part = (*nodes)[0].children[0];
    CHECK(part.partn == 1U);
    CHECK(part.start == mib(1));
    CHECK(part.label == "node1:boot");
    CHECK(part.children[0].type == "raid1");
    CHECK((*nodes)[1].children[0].children[0].kname == "md127");
}

TEST_CASE("what is no lsblk output is an error") {
    CHECK(parse_lsblk("").error().code == "json.syntax");
    CHECK(parse_lsblk("lsblk: unknown column").error().code == "json.syntax");
    CHECK(parse_lsblk("[]").error().code == "lsblk.syntax");
    CHECK(parse_lsblk(R"({"blockdevices": [7, null]})")->size() == 2);
}
