// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/site_size.hpp"

#include <catch2/catch_test_macros.hpp>

#include "engine/documents.hpp"
#include "platform/linux/linux.hpp"

using namespace bedplate;

namespace {

const std::filesystem::path tree = BEDPLATE_SOURCE_DIR;

Inventory recorded_r750() {
    const auto text =
        linux_file_system()->read(tree / "tests/machines/r750-boss-passthrough-nvme/inventory.json");
    return inventory_from_json(parse_json(text.value(), "r750").value(), "r750").value();
}

std::vector<Profile> profiles_of_tree() {
    return load_profiles(*linux_file_system(), {tree / "profiles"}).value();
}

/// The example site of that machine, with a load and further nodes.
Site site_with(std::size_t further_nodes) {
    Report report;
    const auto text = linux_file_system()->read(tree / "profiles/examples/site-r750.yaml").value();
    Site site = load_site(text, "site.yaml", report).value();
    site.load = Load{};
    site.load->machines = {{.kind = "web", .count = 4, .cpus = 2, .memory = gib(4), .disk = gib(20)}};
    for (std::size_t i = 0; i < further_nodes; ++i) {
        NodeEntry entry = site.nodes.front();
        entry.hostname = std::format("other{}", i + 1);
        entry.match_service_tag = std::format("NOBODY{}", i + 1);
        entry.cluster = NodeEntry::ClusterAction::join;
        site.nodes.push_back(entry);
    }
    return site;
}

}  // namespace

TEST_CASE("a node of the site is what its inventory says, and one without is like the smallest") {
    const auto size = size_of_site(site_with(3), {recorded_r750()}, profiles_of_tree());
    if (!size) {
        FAIL(size.error().to_text());
    }
    REQUIRE(size->nodes.size() == 4);
    CHECK(size->nodes[0].name == "node1");
    CHECK(size->nodes[0].origin == "inventory");
    CHECK(size->nodes[0].machine.osds > 0);
    CHECK(size->nodes[0].policy.memory_overcommit == 1.2);
    CHECK(size->nodes[3].name == "other3");
    CHECK(size->nodes[3].origin == "as node1");
    CHECK(size->nodes[3].storage == size->nodes[0].storage);
}

TEST_CASE("what the site assumes of a node counts for those without an inventory") {
    Site site = site_with(1);
    site.load->node = AssumedNode{.threads = 8, .memory = gib(32), .storage = gib(100), .osds = 1};
    const auto size = size_of_site(site, {recorded_r750()}, profiles_of_tree());
    REQUIRE(size);
    CHECK(size->nodes[0].origin == "inventory");
    CHECK(size->nodes[1].origin == "load.node");
    CHECK(size->nodes[1].machine.threads == 8);
}

TEST_CASE("a site without nodes is reckoned with as many as it needs") {
    Site site = site_with(0);
    site.nodes.clear();
    const auto size = size_of_site(site, {recorded_r750()}, profiles_of_tree());
    REQUIRE(size);
    CHECK(size->nodes.size() == 3);
    CHECK(size->survives == 1);
}

TEST_CASE("without a load, or without anything about the hardware, there is no answer") {
    Site site = site_with(1);
    const auto unknown = size_of_site(site, {}, profiles_of_tree());
    REQUIRE(!unknown);
    CHECK(unknown.error().code == "size.unknown-nodes");
    CHECK(unknown.error().message.contains("node1, other1"));
    site.load.reset();
    CHECK(size_of_site(site, {recorded_r750()}, profiles_of_tree()).error().code == "size.no-load");
}
