// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/osds.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "example.hpp"

namespace bedplate {
namespace {

using test::Example;
using test::file_text;
using test::find_action;

/// `hdds` disks of 8 TB and `flash` NVMe disks of 1.6 TB for their databases.
Example with_databases(std::size_t hdds, std::size_t flash) {
    Example example;
    std::erase_if(example.inventory.disks, [](const Disk& disk) { return disk.model == "MODEL A"; });
    for (std::size_t i = 0; i < hdds; ++i) {
        example.inventory.disks.push_back(test::make_disk(std::format("sd{}", static_cast<char>('c' + i)),
                                                          std::format("HDD{:02}", i),
                                                          Bytes{8'001'563'222'016}));
    }
    for (std::size_t i = 0; i < flash; ++i) {
        Disk disk =
            test::make_disk(std::format("nvme{}n1", i), std::format("NVME{}", i), Bytes{1'600'321'314'816});
        disk.transport = Transport::nvme;
        disk.rotational = false;
        disk.model = "FLASH";
        example.inventory.disks.push_back(disk);
    }
    example.profile.osd->device_class = "hdd";
    example.profile.osd_db = DiskRole{.select = {.model = "FLASH"}, .count = {.at_least = 1}};
    return example;
}

Holder osd_on(const std::string& id, const std::string& fsid, const std::string& cluster,
              const std::string& type = "block") {
    return {.kind = Holder::Kind::lvm,
            .name = "ceph-" + fsid,
            .uuid = "vg-" + fsid + type,
            .holders = {{.kind = Holder::Kind::ceph_osd,
                         .name = id,
                         .detail = Json{{"type", type}, {"cluster_fsid", cluster}, {"volume", "osd-" + type}},
                         .uuid = fsid}}};
}

Disk& disk_of(Example& example, const std::string& serial) {
    return *std::ranges::find(example.inventory.disks, serial, &Disk::serial);
}

constexpr const char* other = "11111111-2222-4333-8444-555555555555";

}  // namespace

TEST_CASE(
    "every data disk becomes an OSD with class and weight, and a name that the next generation changes") {
    Example example;
    const auto plan = example.plan();
    REQUIRE(plan);
    REQUIRE(plan->osds.size() == 2);
    CHECK(plan->osds[0].data.serial == "DATA1");
    CHECK(plan->osds[0].device_class == "hdd");
    CHECK(plan->osds[0].weight == "0.29296");
    CHECK(plan->osds[0].state == PlannedOsd::State::create);
    CHECK(plan->osds[0].fsid != plan->osds[1].fsid);
    CHECK(!plan->osds[0].db);
    example.node.install.generation = 2;
    CHECK(example.plan()->osds[0].fsid != plan->osds[0].fsid);
    example.profile.osd->weight = 2;
    example.profile.osd->device_class = "ssd";
    CHECK(example.plan()->osds[0].weight == "2.00000");
    CHECK(example.plan()->osds[0].device_class == "ssd");
}

TEST_CASE("weights are terabytes in binary, to five decimals") {
    CHECK(crush_weight(Bytes{1ULL << 40U}) == "1.00000");
    CHECK(crush_weight(Bytes{1'920'383'410'176}) == "1.74657");
    CHECK(crush_weight(Bytes{8'001'563'222'016}) == "7.27737");
    CHECK(crush_weight(Bytes{200ULL << 40U}) == "200.00000");
}

TEST_CASE("a database takes 2 % of the data, from 30 to 600 GiB") {
    CHECK(database_size(gib(100)) == gib(30));
    CHECK(database_size(gib(5000)) == gib(100));
    CHECK(database_size(gib(50000)) == gib(600));
}

TEST_CASE("databases are dealt out evenly, the same way whatever the order of the disks") {
    Example example = with_databases(8, 2);
    const auto plan = example.plan();
    REQUIRE(plan);
    REQUIRE(plan->osds.size() == 8);
    for (const char* serial : {"NVME0", "NVME1"}) {
        CHECK(std::ranges::count_if(plan->osds, [&](const PlannedOsd& osd) {
                  return osd.db && osd.db->serial == serial;
              }) == 4);
    }
    CHECK(plan->osds[0].db_size == database_size(Bytes{8'001'563'222'016}));
    std::ranges::reverse(example.inventory.disks);
    CHECK(to_json(*example.plan())["osds"] == to_json(*plan)["osds"]);
    CHECK(std::ranges::any_of(plan->findings.findings(),
                              [](const Finding& finding) { return finding.code == "osd.shared-db"; }));
}

TEST_CASE("databases that do not fit are refused with what would be enough") {
    Example example = with_databases(12, 1);
    CHECK(example.refusal() == "osd.db-too-small");
    const Error error = example.plan().error();
    CHECK(error.message.contains("12 OSDs"));
    CHECK(error.hint.contains("slot_size of"));
    example.profile.osd_db->slot_size = gib(110);
    CHECK(example.refusal().empty());
    example.profile.osd_db->slots = 11;
    CHECK(example.refusal() == "osd.db-too-small");
}

TEST_CASE("an OSD outside of the expected sizes is refused, and one too small for Ceph always") {
    Example example;
    example.profile.osd->min_size = gib(301);
    CHECK(example.refusal() == "osd.size");
    example.profile.osd->min_size.reset();
    example.profile.osd->max_size = gib(299);
    CHECK(example.refusal() == "osd.size");
    example.profile.osd->max_size.reset();
    disk_of(example, "DATA1").size = gib(4);
    CHECK(example.refusal() == "osd.size");
}

TEST_CASE("without a class in the profile it is what the disk is, and nothing is guessed") {
    Example example;
    disk_of(example, "DATA1").rotational = false;
    disk_of(example, "DATA2").transport = Transport::nvme;
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(plan->osds[0].device_class == "ssd");
    CHECK(plan->osds[1].device_class == "nvme");
    disk_of(example, "DATA1").rotational.reset();
    CHECK(example.refusal() == "osd.device-class");
    example.profile.osd->device_class = "hdd";
    CHECK(example.refusal().empty());
}

TEST_CASE("this cluster's OSDs stay on a reinstallation, untouched, with their databases") {
    Example example = with_databases(3, 1);
    const std::string own = example.node.fsid.to_text();
    disk_of(example, "HDD00").holders = {osd_on("7", "aaaa", own)};
    disk_of(example, "NVME0").holders = {osd_on("7", "aaaa", own, "db")};
    for (const WipePolicy policy : {WipePolicy::blank_only, WipePolicy::listed, WipePolicy::not_ours}) {
        example.node.install.wipe = policy;
        example.node.wipe = {.serials = {"HDD00", "NVME0"}, .fsids = {own}, .clusters = {}};
        const auto plan = example.plan();
        REQUIRE(plan);
        CHECK(
            std::ranges::none_of(plan->actions, [](const Action& a) { return a.stage == Stage::teardown; }));
        CHECK(std::ranges::count(plan->disks, true, &PlannedDisk::written) == 1);
        REQUIRE(plan->osds.size() == 3);
        CHECK(plan->osds[0].state == PlannedOsd::State::keep);
        CHECK(plan->osds[0].id == "7");
        CHECK(plan->osds[0].fsid == "aaaa");
        CHECK(plan->osds[1].state == PlannedOsd::State::create);
        const Json file = *parse_json(file_text(*plan, "/etc/bedplate/osds.json"), "osds.json");
        CHECK(file["schema"] == "bedplate/osds/v1");
        CHECK(file["cluster_fsid"] == own);
        CHECK(file["osds"][0]["state"] == "keep");
        CHECK(file["osds"][1]["db"]["serial"] == "NVME0");
    }
}

TEST_CASE("another cluster's OSDs go only when that cluster is named") {
    Example example;
    disk_of(example, "DATA1").holders = {osd_on("3", "bbbb", other)};
    CHECK(example.refusal() == "disk.ceph-osd");
    example.node.install.wipe = WipePolicy::not_ours;
    CHECK(example.refusal() == "disk.ceph-osd");
    example.node.wipe.fsids = {other};
    const auto plan = example.plan();
    REQUIRE(plan);
    CHECK(find_action(*plan, "teardown.wipe.DATA1"));
    CHECK(plan->osds[0].state == PlannedOsd::State::create);
    CHECK(plan->disks[0].written);
    CHECK(plan->disks[0].fate.contains("ERASED"));
}

TEST_CASE("other leftovers on data disks go by the policy") {
    Example example;
    disk_of(example, "DATA2").signatures = {"zfs_member"};
    CHECK(example.refusal() == "disk.not-blank");
    CHECK(example.plan().error().where.contains("DATA2"));
    example.node.install.wipe = WipePolicy::listed;
    CHECK(example.refusal() == "disk.not-blank");
    example.node.wipe.serials = {"DATA2"};
    CHECK(example.refusal().empty());
}

TEST_CASE("the node's list of OSDs is as its schema says") {
    std::ifstream in(std::string(BEDPLATE_SOURCE_DIR) + "/profiles/schema/osds-v1.schema.json");
    const Json schema = *parse_json(std::string(std::istreambuf_iterator<char>(in), {}), "schema");
    const Json& one = schema["properties"]["osds"]["items"];
    Example example = with_databases(2, 1);
    disk_of(example, "HDD00").holders = {osd_on("7", "aaaa", example.node.fsid.to_text())};
    const auto plan = example.plan();
    REQUIRE(plan);
    const auto check = [](const Json& document, const Json& described) {
        for (const auto& [key, value] : document.items()) {
            INFO(key);
            CHECK(described["properties"].contains(key));
        }
        for (const Json& key : described["required"]) {
            INFO(key);
            CHECK(document.contains(key.get<std::string>()));
        }
    };
    const Json document = osds_document(example.node.fsid, plan->osds);
    check(document, schema);
    for (const Json& osd : document["osds"]) {
        check(osd, one);
        check(osd["data"], one["properties"]["data"]);
    }
    check(document["osds"][1]["db"], one["properties"]["db"]);
}

}  // namespace bedplate
