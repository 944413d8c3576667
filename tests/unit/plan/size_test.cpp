// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/size.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "base/text.hpp"
#include "example.hpp"

namespace bedplate {
namespace {

constexpr std::uint64_t factor_of_one = 1000;  // a factor of 1, in thousandths

/// 64 threads, 256 GiB, four OSDs of together 8 TiB; for machines 54 threads and 216 GiB, on a control node
/// 212.4 GiB.
SizedNode node_of_256(const std::string& name) {
    return {.name = name,
            .machine =
                {.threads = 64, .memory = gib(256), .osds = 4, .osd_memory_target = gib(4), .control = false},
            .policy = {.reserve_percent = 10, .memory_overcommit = 1.0},
            .storage = gib(8192),
            .origin = "inventory"};
}

std::vector<SizedNode> equal_nodes(std::size_t count) {
    std::vector<SizedNode> nodes;
    for (std::size_t i = 1; i <= count; ++i) {
        nodes.push_back(node_of_256(std::format("node{}", i)));
    }
    return nodes;
}

Load machines_of(std::uint32_t count, Bytes memory, std::uint32_t cpus = 1, Bytes disk = {}) {
    Load load;
    load.machines = {{.kind = "web", .count = count, .cpus = cpus, .memory = memory, .disk = disk}};
    return load;
}

std::vector<std::string> codes_of(const ClusterSize& size) {
    std::vector<std::string> codes;
    for (const Finding& finding : size.findings.findings()) {
        codes.push_back(std::format("{} {}", to_string(finding.severity), finding.code));
    }
    return codes;
}

using SizeCodes = std::vector<std::string>;

}  // namespace

TEST_CASE("nodes needed: peak x burst factor / (per node x parallelism), rounded up") {
    CHECK(nodes_needed(0, 1500, 100, factor_of_one) == 0);
    CHECK(nodes_needed(0, factor_of_one, 0, factor_of_one) == 0);
    CHECK(nodes_needed(1, factor_of_one, 100, factor_of_one) == 1);
    CHECK(nodes_needed(100, factor_of_one, 100, factor_of_one) == 1);
    CHECK(nodes_needed(101, factor_of_one, 100, factor_of_one) == 2);
    CHECK(nodes_needed(100, 1500, 100, factor_of_one) == 2);
    CHECK(nodes_needed(100, 1500, 100, 750) == 2);
    CHECK(nodes_needed(100, 1500, 100, 749) == 3);
    CHECK(nodes_needed(9000, 1500, 1200, 800) == 15);
    CHECK(!nodes_needed(1, factor_of_one, 0, factor_of_one));
    CHECK(!nodes_needed(1, factor_of_one, 1, 0));
}

TEST_CASE("so many nodes carry the load, and one less does not") {
    std::minstd_rand random(7);
    std::uniform_int_distribution<std::uint64_t> amounts(1, 1'000'000),
        factors(factor_of_one, 5 * factor_of_one);
    for (int round = 0; round < 2000; ++round) {
        const std::uint64_t peak = amounts(random), burst = factors(random), per_node = amounts(random),
                            parallelism = factors(random);
        const auto needed = nodes_needed(peak, burst, per_node, parallelism);
        REQUIRE(needed);
        INFO(peak << " " << burst << " " << per_node << " " << parallelism << " -> " << *needed);
        CHECK(*needed * per_node * parallelism >= peak * burst);
        CHECK((*needed - 1) * per_node * parallelism < peak * burst);
        CHECK(*nodes_needed(peak, burst, per_node + 1, parallelism) <= *needed);
        CHECK(*nodes_needed(peak + 1, burst, per_node, parallelism) >= *needed);
    }
}

TEST_CASE("space with copies on different hosts: equal hosts, a large one, too few of them") {
    CHECK(usable_space({100, 100, 100}, 3) == 100);
    CHECK(usable_space({100, 100, 100, 100}, 3) == 133);
    CHECK(usable_space({1000, 100, 100}, 3) == 100);  // a copy of each piece has to be on the small ones too
    CHECK(usable_space({1000, 100, 100, 100}, 3) == 150);
    CHECK(usable_space({100, 100}, 3) == 0);
    CHECK(usable_space({100, 50}, 2) == 50);
    CHECK(usable_space({}, 3) == 0);
    CHECK(usable_space({100}, 0) == 0);
}

TEST_CASE("space: never more than a share of all, and never more for one host less") {
    std::minstd_rand random(11);
    std::uniform_int_distribution<std::uint64_t> sizes(0, 10'000);
    std::uniform_int_distribution<std::size_t> counts(1, 9);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::uint64_t> hosts(counts(random));
        std::uint64_t all = 0, held = 0;
        for (std::uint64_t& host : hosts) {
            host = sizes(random);
            all += host;
        }
        const std::uint64_t usable = usable_space(hosts, 3);
        CHECK(usable * 3 <= all);
        for (const std::uint64_t host : hosts) {
            held += std::min(host, usable);
        }
        CHECK(held >= usable * 3);  // no host holds two copies of a piece
        hosts.pop_back();
        CHECK(usable_space(hosts, 3) <= usable);
    }
}

TEST_CASE("a load that fits twice leaves a node to spare, and nothing to be said") {
    const ClusterSize size = size_cluster("prod", machines_of(40, gib(8), 4), equal_nodes(4));
    CHECK(codes_of(size) == SizeCodes{});
    CHECK(size.needed == 2);    // 320 GiB on nodes of 212.4 GiB
    CHECK(size.survives == 1);  // the copies in Ceph allow no more at a time
    REQUIRE(size.dimensions.size() == 2);
    CHECK(size.dimensions[0].per_node == 212 * 1024 + 409);
    CHECK(size.dimensions[0].survives == 2);
    CHECK(size.dimensions[1].wanted == 160);
    CHECK(size.dimensions[1].carried == std::vector<std::uint64_t>(4, 54 * 4));
    CHECK(size.dimensions[1].survives == 3);
}

TEST_CASE("below N+1 is a warning with the numbers, too little an error") {
    // 3 x 212.4 GiB carry 600 GiB, two of them do not.
    const ClusterSize tight = size_cluster("prod", machines_of(75, gib(8)), equal_nodes(3));
    REQUIRE(tight.findings.findings().size() == 2);
    CHECK(codes_of(tight) == SizeCodes{"warning size.no-spare", "note size.copies"});
    CHECK(tight.findings.findings().front().message ==
          "below N+1: without node1 the others carry 425 GiB of 600 GiB (memory)");
    CHECK(tight.survives == 0);
    const ClusterSize full = size_cluster("prod", machines_of(81, gib(8)), equal_nodes(3));
    CHECK(codes_of(full).front() == "error size.too-few");
    CHECK(full.needed == 4);
    CHECK(full.findings.findings().front().hint.contains("4 nodes like the smallest"));
}

TEST_CASE("one node, and two, keep no majority, and one keeps no service of the pool") {
    const ClusterSize single = size_cluster("prod", machines_of(1, gib(8)), equal_nodes(1));
    CHECK(codes_of(single) == SizeCodes{"warning size.no-spare", "warning size.no-spare",
                                        "warning size.copies", "warning size.no-quorum"});
    CHECK(single.survives == 0);
    const ClusterSize two = size_cluster("prod", machines_of(1, gib(8)), equal_nodes(2));
    CHECK(codes_of(two) == SizeCodes{"warning size.copies", "warning size.no-quorum"});
    CHECK(two.survives == 0);
    CHECK(size_cluster("prod", machines_of(1, gib(8)), equal_nodes(3)).survives == 1);
}

TEST_CASE("no load at all is a note") {
    const ClusterSize size = size_cluster("prod", Load{}, equal_nodes(4));
    CHECK(codes_of(size) == SizeCodes{"note size.nothing"});
    CHECK(size.needed == 0);
}

TEST_CASE("a machine that is larger than every node is an error, however many nodes there are") {
    const ClusterSize size = size_cluster("prod", machines_of(1, gib(220), 65), equal_nodes(8));
    CHECK(codes_of(size) == SizeCodes{"error size.machine", "error size.machine"});
}

TEST_CASE("overcommitment and what is held back change what a node carries") {
    auto nodes = equal_nodes(4);
    for (SizedNode& node : nodes) {
        node.policy = {.reserve_percent = 20, .memory_overcommit = 1.5};
    }
    const ClusterSize size = size_cluster("prod", machines_of(1, gib(1)), nodes);
    CHECK(size.dimensions[0].carried.back() == 288 * 1024);  // 240 GiB x 0.8 x 1.5
    CHECK(size.dimensions[1].carried.back() == 48 * 4);
}

TEST_CASE("Ceph's space: what is usable now, without the largest host, and for how long") {
    Load load = machines_of(1, gib(1), 1, gib(1));
    load.storage = gib(6000);
    load.growth_per_month = gib(100);
    const ClusterSize size = size_cluster("prod", load, equal_nodes(4));
    CHECK(size.space.raw == 4 * 8192 * 1024);
    CHECK(size.space.usable == 4 * (8192 * 1024 * 85 / 100) / 3);
    CHECK(size.space.usable_after == 8192 * 1024 * 85 / 100);
    CHECK(size.space.months == 9);  // (6963.2 - 6000) / 100
    CHECK(codes_of(size) == SizeCodes{});
    load.growth_per_month = gib(400);
    CHECK(codes_of(size_cluster("prod", load, equal_nodes(4))) == SizeCodes{"warning size.growth"});
    load.storage = gib(7000);
    CHECK(codes_of(size_cluster("prod", load, equal_nodes(4))) == SizeCodes{"warning size.space-spare"});
    load.storage = gib(9300);
    CHECK(codes_of(size_cluster("prod", load, equal_nodes(4))) == SizeCodes{"error size.space"});
}

TEST_CASE("without a figure for space, the machines' disks are what is wanted") {
    CHECK(size_cluster("prod", machines_of(10, gib(1), 1, gib(40)), equal_nodes(4)).space.wanted ==
          400 * 1024);
}

TEST_CASE("after the loss of one of three hosts, two copies of everything fit where three did") {
    const ClusterSize size = size_cluster("prod", machines_of(1, gib(1)), equal_nodes(3));
    CHECK(size.space.copies == 3);
    CHECK(size.space.copies_after == 2);
    CHECK(size.space.usable == size.space.usable_after);
    CHECK(codes_of(size) == SizeCodes{"note size.copies"});
}

TEST_CASE("what is counted by the second needs nodes like anything else") {
    Load load;
    load.rates = {
        {.name = "requests", .peak = 9000, .per_node = 4000, .burst_factor = 1.5, .parallelism = 0.9}};
    const ClusterSize size = size_cluster("prod", load, equal_nodes(5));
    REQUIRE(size.dimensions.size() == 3);
    CHECK(size.dimensions[2].needed == 4);  // 9000 x 1.5 / (4000 x 0.9) = 3.75
    CHECK(size.dimensions[2].carried.front() == 3600);
    CHECK(size.dimensions[2].survives == 1);
    CHECK(size.needed == 4);
}

TEST_CASE("a site without nodes gets as many as are needed and one") {
    const ClusterSize size = smallest_cluster("prod", machines_of(75, gib(8)), node_of_256(""));
    CHECK(size.nodes.size() == 4);
    CHECK(size.nodes.back().name == "node4");
    CHECK(size.survives == 1);
    CHECK(smallest_cluster("prod", machines_of(1, gib(8)), node_of_256("")).nodes.size() == 3);
    CHECK(smallest_cluster("prod", machines_of(1, gib(300)), node_of_256("")).nodes.size() >= 3);
}

TEST_CASE("a node's OSDs are the disks that the profile chooses for them, and the site has the last word") {
    test::Example example;
    example.inventory.memory.total = gib(64);
    example.inventory.cpu.threads = 16;
    const auto node = sized_node("node1", example.inventory, example.profile, HaSettings{});
    REQUIRE(node);
    CHECK(node->machine.osds == 2);
    CHECK(node->storage == gib(600));
    CHECK(node->machine.threads == 16);
    CHECK(node->policy.memory_overcommit == 1.0);
    HaSettings ha;
    ha.memory_overcommit = 1.2;
    ha.reserve_percent = 25;
    ha.cpu_overcommit = 8;
    const auto other = sized_node("node1", example.inventory, example.profile, ha);
    REQUIRE(other);
    CHECK(other->policy.memory_overcommit == 1.2);
    CHECK(other->policy.reserve_percent == 25);
    CHECK(node->policy.cpu_overcommit == 4.0);
    CHECK(other->policy.cpu_overcommit == 8.0);
    example.profile.system.select.model = "NONE";
    CHECK(sized_node("node1", example.inventory, example.profile, ha).error().code == "disk.none");
}

TEST_CASE("the text has the formulas, the shares before and after, and the findings") {
    Load load = machines_of(75, gib(8), 4, gib(20));
    load.burst_factor = 1.2;
    load.growth_per_month = gib(100);
    const std::string text = to_text(size_cluster("prod", load, equal_nodes(3)));
    INFO(text);
    CHECK(
        text.starts_with("SIZE of cluster prod: 3 nodes, 3 needed for the load, 0 may be lost at a time\n"));
    CHECK(text.contains("  memory       600 GiB x 1 / (212 GiB x 1) = 2.82 -> 3 nodes\n"));
    CHECK(text.contains("  processors   300 virtual CPUs x 1.2 / (54 virtual CPUs x 4) = 1.67 -> 2 nodes\n"));
    CHECK(
        text.contains("\n  memory       with 3 nodes                     without node1\n"
                      "  node1        [###################.]   94 %    lost\n"
                      "  node2        [###################.]   94 %    [####################]  141 %\n"));
    CHECK(
        text.contains("NODES THAT MAY BE LOST AT A TIME: 0\n\n"
                      "  memory 0, processors 1, space 1, copies 1, quorum 1\n"));
    CHECK(
        text.contains("warning: below N+1: without node1 the others carry 425 GiB of 600 GiB (memory) "
                      "[size.no-spare]\n"));
    for (const std::string& line : split(text.substr(0, text.find("\nFINDINGS")), '\n')) {
        INFO(line);
        CHECK(line.size() <= 80);
    }
}

TEST_CASE("the JSON has the same numbers") {
    const Json json = to_json(size_cluster("prod", machines_of(75, gib(8)), equal_nodes(3)));
    CHECK(json.at("schema") == "bedplate/size/v1");
    CHECK(json.at("nodes_needed") == 3);
    CHECK(json.at("nodes_survived") == 0);
    CHECK(json.at("nodes").at(0).at("memory_for_machines_mib") == 212 * 1024 + 409);
    CHECK(json.at("dimensions").at(0).at("wanted") == 600 * 1024);
    CHECK(json.at("findings").at(0).at("code") == "size.no-spare");
}

}  // namespace bedplate
