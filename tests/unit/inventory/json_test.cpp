// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "machines.hpp"

using namespace bedplate;
using Catch::Matchers::ContainsSubstring;

namespace {

Json sample() {
    return to_json(load_machine("vm-r750"));
}

Error error_of(const Json& json) {
    auto read = inventory_from_json(json, "sample.json");
    REQUIRE_FALSE(read);
    return read.error();
}

}  // namespace

TEST_CASE("every recorded machine loads strictly and comes back byte for byte") {
    const auto names = machine_names();
    REQUIRE(names.size() >= 17);
    for (const std::string& name : names) {
        CAPTURE(name);
        const std::string text = machine_text(name);
        const auto json = parse_json(text, name);
        REQUIRE(json);
        const auto inventory = inventory_from_json(*json, name);
        if (!inventory) {
            FAIL(inventory.error().to_text());
        }
        CHECK(to_json(*inventory).dump(2) + "\n" == text);
    }
}

TEST_CASE("all faults of a document are named at once, each with its place") {
    Json json = sample();
    json["disks"][1].erase("serial");
    json["disks"][0]["modle"] = "x";
    json["nics"][0]["link"] = "yes";
    json["memory"]["total_bytes"] = -1;
    json["firmware"]["mode"] = "efi";
    const Error error = error_of(json);
    CHECK(error.kind == ErrorKind::findings);
    CHECK(error.code == "inventory.field");
    CHECK(error.where == "sample.json");
    CHECK_THAT(error.message, ContainsSubstring("disks[1].serial: missing"));
    CHECK_THAT(error.message, ContainsSubstring("disks[0].modle: unknown field (did you mean 'model'?)"));
    CHECK_THAT(error.message, ContainsSubstring("nics[0].link: must be true or false"));
    CHECK_THAT(error.message, ContainsSubstring("memory.total_bytes: must be a whole number"));
    CHECK_THAT(error.message, ContainsSubstring("firmware.mode: 'efi'"));
}

TEST_CASE("numbers that do not fit and block sizes that make no sense are refused") {
    Json json = sample();
    SECTION("a port number above 32 bits") {
        json["cpu"]["threads"] = 5'000'000'000;
        CHECK_THAT(error_of(json).message, ContainsSubstring("cpu.threads: must be at most 4294967295"));
    }
    SECTION("a fraction") {
        json["disks"][0]["size_bytes"] = 1.5;
        CHECK_THAT(error_of(json).message, ContainsSubstring("disks[0].size_bytes"));
    }
    SECTION("a block size of zero") {
        json["disks"][2]["logical_block_size"] = 0;
        CHECK_THAT(error_of(json).message, ContainsSubstring("disks[2]: block sizes"));
    }
}

TEST_CASE("another kind of document is not taken for an inventory") {
    CHECK(error_of(Json::array()).code == "inventory.schema");
    CHECK(error_of(Json::object()).code == "inventory.schema");
    Json json = sample();
    json["schema"] = "bedplate/inventory/v2";
    CHECK(error_of(json).code == "inventory.schema");
}

TEST_CASE("optional facts survive a round trip, and their absence does too") {
    Inventory inventory = load_machine("vm-r750");
    Disk& disk = inventory.disks[0];
    disk.installation = InstallationMark{.state = InstallationMark::State::finished,
                                         .cluster = "prod",
                                         .hostname = "node1",
                                         .generation = 3,
                                         .disk_guid = "5f0c53ab-1bbf-4a5d-8f43-8c1de5b6b0a1"};
    disk.multipath_of = "sdb";
    disk.numa_node = 1;
    disk.rotational.reset();
    disk.holders = {Holder{.kind = Holder::Kind::ceph_osd, .name = "3", .detail = Json{{"fsid", "x"}}}};
    inventory.nics[0].lldp = Lldp{.chassis = "leaf1", .port = "Ethernet7", .vlans = {100, 300}};
    inventory.nics[0].link.reset();
    const Json json = to_json(inventory);
    CHECK_FALSE(json["disks"][0].contains("rotational"));
    CHECK_FALSE(json["disks"][1].contains("installation"));
    CHECK(json["disks"][0]["holders"][0]["kind"] == "ceph-osd");
    const auto back = inventory_from_json(json, "sample.json");
    REQUIRE(back);
    CHECK(to_json(*back) == json);
    CHECK(back->disks[0].installation->generation == 3);
    CHECK_FALSE(back->nics[0].link.has_value());
}

TEST_CASE("the digest changes with the hardware and not with how it was recorded") {
    Inventory inventory = load_machine("vm-r750");
    const std::string digest = inventory.digest();
    CHECK(digest.size() == 64);
    inventory.recorded_with["tool"] = "another";
    CHECK(inventory.digest() == digest);
    inventory.disks[0].serial = "OTHER";
    CHECK(inventory.digest() != digest);
}
