// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"

using namespace bedplate;

namespace {

Inventory machine_with_disks(std::vector<Disk> disks) {
    Inventory inventory;
    inventory.system = {.manufacturer = "Dell Inc.", .product = "PowerEdge R750", .serial = "TAG1"};
    inventory.memory.total = gib(64);
    inventory.disks = std::move(disks);
    return inventory;
}

Disk nvme(const std::string& name) {
    return {.name = name, .transport = Transport::nvme, .size = Bytes{1'600'000'000'000}};
}

Profile profile(const std::string& name, MatchRules rules) {
    Profile result;
    result.name = name;
    result.match = std::move(rules);
    return result;
}

const MatchRules any_dell{.system = {{"manufacturer", "Dell*"}}};
const DiskSelector select_nvme{.transport = Transport::nvme};

std::string first_mismatch(const Inventory& inventory, const MatchRules& rules) {
    return match(inventory, {profile("p", rules)}).verdicts.front().first_mismatch;
}

}  // namespace

TEST_CASE("each clause that fails is told with what was found and wanted") {
    const Inventory inventory = machine_with_disks({nvme("nvme0n1"), nvme("nvme1n1")});
    CHECK(first_mismatch(inventory, any_dell).empty());
    CHECK(first_mismatch(inventory, {.system = {{"product", "PowerEdge R640"}}}) ==
          "system.product is 'PowerEdge R750', wanted 'PowerEdge R640'");
    CHECK(first_mismatch(inventory, {.system = {{"sku", "*"}}}) == "system.sku is unknown, wanted '*'");
    CHECK(first_mismatch(inventory, {.memory_min = gib(128)}) == "memory is 64 GiB, wanted at least 128 GiB");
    CHECK(first_mismatch(inventory, {.memory_max = gib(16)}) == "memory is 64 GiB, wanted at most 16 GiB");
    CHECK(first_mismatch(inventory, {.disks = {{.select = select_nvme, .count = 1}}}) ==
          "disks with transport nvme: found 2, wanted exactly 1");
    CHECK(first_mismatch(inventory, {.disks = {{.select = select_nvme, .min_count = 3}}}) ==
          "disks with transport nvme: found 2, wanted at least 3");
    CHECK(first_mismatch(inventory, {.disks = {{.select = {.model = "X*"}, .count = 0}}}).empty());
}

TEST_CASE("memory of which nothing is known satisfies no clause") {
    Inventory inventory = machine_with_disks({});
    inventory.memory.total = {};
    CHECK(first_mismatch(inventory, {.memory_max = gib(16)}) ==
          "the size of the memory is unknown, wanted at most 16 GiB");
}

TEST_CASE("disks that can never be installed on are not counted") {
    Disk medium = nvme("nvme1n1");
    medium.installation_medium = true;
    Disk path = nvme("nvme2n1");
    path.multipath_of = "nvme0n1";
    const Inventory inventory = machine_with_disks({nvme("nvme0n1"), medium, path});
    CHECK(first_mismatch(inventory, {.disks = {{.select = select_nvme, .count = 1}}}).empty());
}

TEST_CASE("what lshw appends to a product is not part of it") {
    Inventory inventory = machine_with_disks({});
    inventory.system.product = "PowerEdge R750 (SKU=NotProvided;ModelName=PowerEdge R750)";
    CHECK(first_mismatch(inventory, {.system = {{"product", "PowerEdge R750"}}}).empty());
}

TEST_CASE("priority decides first, then the number of clauses") {
    const Inventory inventory = machine_with_disks({nvme("nvme0n1")});
    MatchRules narrow = any_dell;
    narrow.disks = {{.select = select_nvme, .count = 1}};
    MatchRules urgent = any_dell;
    urgent.priority = 5;
    const auto chosen = [&](const std::vector<Profile>& profiles) {
        const auto result = choose_profile(inventory, profiles);
        return result ? (*result)->name : result.error().code;
    };
    CHECK(chosen({profile("wide", any_dell), profile("narrow", narrow)}) == "narrow");
    CHECK(chosen({profile("urgent", urgent), profile("narrow", narrow)}) == "urgent");
    CHECK(chosen({profile("wide", any_dell)}) == "wide");
    CHECK(chosen({}) == "profile.none");
}

TEST_CASE("two profiles that fit equally well are refused, both named") {
    const Inventory inventory = machine_with_disks({});
    MatchRules worse = any_dell;
    worse.system["product"] = "PowerEdge R640";
    const std::vector<Profile> profiles{profile("b", any_dell), profile("a", any_dell), profile("c", worse)};
    CHECK(!match(inventory, profiles).chosen);
    const auto result = choose_profile(inventory, profiles);
    REQUIRE(!result);
    CHECK(result.error().kind == ErrorKind::refused);
    CHECK(result.error().code == "profile.ambiguous");
    CHECK(result.error().message ==
          "several profiles fit this machine equally well (Dell Inc. PowerEdge R750, serial TAG1):\n"
          "  a: priority 0, 1 clauses\n"
          "  b: priority 0, 1 clauses");
}

TEST_CASE("where no profile fits, each says why not") {
    MatchRules other = any_dell;
    other.system["manufacturer"] = "QEMU";
    const auto result = choose_profile(machine_with_disks({}),
                                       {profile("vm", other), profile("big", {.memory_min = gib(512)})});
    REQUIRE(!result);
    CHECK(result.error().kind == ErrorKind::refused);
    CHECK(result.error().code == "profile.none");
    CHECK(result.error().message ==
          "no profile fits this machine (Dell Inc. PowerEdge R750, serial TAG1):\n"
          "  big: memory is 64 GiB, wanted at least 512 GiB\n"
          "  vm: system.manufacturer is 'Dell Inc.', wanted 'QEMU'");
}

TEST_CASE("the verdicts are sorted by name and have a JSON form") {
    MatchRules other = any_dell;
    other.memory_min = gib(512);
    const auto result = match(machine_with_disks({}), {profile("z", other), profile("a", any_dell)});
    CHECK(to_json(result).dump() ==
          R"({"schema":"bedplate/match/v1","chosen":"a","profiles":[)"
          R"({"profile":"a","matches":true,"priority":0,"clauses":1,"first_mismatch":""},)"
          R"({"profile":"z","matches":false,"priority":0,"clauses":1,)"
          R"("first_mismatch":"memory is 64 GiB, wanted at least 512 GiB"}]})");
    CHECK(to_json(match(machine_with_disks({}), {}))["chosen"].is_null());
}
