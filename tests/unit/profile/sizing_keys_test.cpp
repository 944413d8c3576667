// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a site's `load`.
#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

const std::string loaded_site = R"(schema: bedplate/site/v1
cluster: {name: c}
networks:
  management: {subnet: 10.0.0.0/24}
access: {ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x"]}
load:
  machines:
    - {kind: web, count: 20, cpus: 4, memory: 8GiB, disk: 40GiB}
    - {cpus: 16, memory: 64GiB}
  burst_factor: 1.3
  parallelism: 3
  rates: [{name: requests, peak: 9000, per_node: 1200, burst_factor: 1.5, parallelism: 0.8}]
  storage: {wanted: 20TiB, growth_per_month: 500GiB}
  node: {threads: 64, memory: 512GiB, storage: 30TiB, osds: 8, memory_overcommit: 1.2}
)";

std::vector<std::string> codes_of_load(const std::string& text) {
    Report report;
    (void)load_site(text, "s.yaml", report);
    return codes(report);
}

using LoadCodes = std::vector<std::string>;

}  // namespace

TEST_CASE("what a site says of its load reaches its members") {
    Report report;
    const auto site = load_site(loaded_site, "s.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    REQUIRE(site->load);
    const Load& load = *site->load;
    REQUIRE(load.machines.size() == 2);
    CHECK(load.machines[0].kind == "web");
    CHECK(load.machines[0].count == 20);
    CHECK(load.machines[0].cpus == 4);
    CHECK(load.machines[0].memory == gib(8));
    CHECK(load.machines[0].disk == gib(40));
    CHECK(load.machines[1].count == 1);
    CHECK(load.machines[1].disk == Bytes{});
    CHECK(load.burst_factor == 1.3);
    CHECK(load.parallelism == 3.0);
    REQUIRE(load.rates.size() == 1);
    CHECK(load.rates[0].peak == 9000);
    CHECK(load.rates[0].per_node == 1200);
    CHECK(load.rates[0].burst_factor == 1.5);
    CHECK(load.rates[0].parallelism == 0.8);
    CHECK(load.storage == gib(20 * 1024));
    CHECK(load.growth_per_month == gib(500));
    REQUIRE(load.node);
    CHECK(load.node->threads == 64);
    CHECK(load.node->storage == gib(30 * 1024));
    CHECK(load.node->osds == 8);
    CHECK(load.node->memory_overcommit == 1.2);
}

TEST_CASE("a load of nothing is a load, and none is none") {
    Report report;
    const std::string head = loaded_site.substr(0, loaded_site.find("load:"));
    CHECK(!load_site(head, "s.yaml", report)->load);
    const auto empty = load_site(head + "load: {}\n", "s.yaml", report);
    REQUIRE(empty);
    REQUIRE(empty->load);
    CHECK(empty->load->machines.empty());
    CHECK(empty->load->parallelism == 4.0);
}

TEST_CASE("figures that mean nothing are errors") {
    for (const auto& [from, to] :
         {std::pair{"cpus: 4", "cpus: 0"}, std::pair{"count: 20", "count: 0"},
          std::pair{"burst_factor: 1.3", "burst_factor: 0.9"}, std::pair{"parallelism: 3", "parallelism: 0"},
          std::pair{"per_node: 1200", "per_node: 0"}, std::pair{"threads: 64", "threads: many"}}) {
        INFO(to);
        CHECK(codes_of_load(with(loaded_site, from, to)) == LoadCodes{"yaml.value"});
    }
    CHECK(codes_of_load(with(loaded_site, "cpus: 16, ", "")) == LoadCodes{"yaml.missing-key"});
    CHECK(codes_of_load(with(loaded_site, "memory: 8GiB", "memory: 100TiB")) == LoadCodes{"site.load"});
    CHECK(codes_of_load(with(loaded_site, "wanted: 20TiB", "wanted: 2000PiB")) == LoadCodes{"site.load"});
}
