// SPDX-License-Identifier: GPL-3.0-or-later
// What the registry keeps of fencing, in a real etcd.
#include "registry/fencing.hpp"

#include <catch2/catch_test_macros.hpp>

#include "registry/keys.hpp"
#include "tests/cluster/servers.hpp"

using namespace bedplate;
using namespace bedplate::jointest;

namespace {

FenceDevice device() {
    return {
        .agent = "fence_ipmilan", .address = "10.0.9.2", .user = "root", .password = Secret("canary-horse")};
}

FenceProof taken_on(const std::string& by) {
    return {.state = FenceProof::State::trying, .request = "r1", .by = by, .device = device().digest()};
}

}  // namespace

TEST_CASE("of two peers that take a request on, one gets it, and an older request is nobody's") {
    SeedHost seed;
    Connection connection(seed);
    FencingRegistry registry(connection.registry);
    CHECK(registry.list().value().empty());
    CHECK_FALSE(registry.take_on("node2", taken_on("node1")).value());
    REQUIRE(registry.publish("node2", device()));
    REQUIRE(registry.ask("node2", {.id = "r1", .test = FenceTest::cycle, .boot_id = "b", .at = 5}));
    CHECK(registry.take_on("node2", taken_on("node1")).value());
    const auto record = registry.record("node2").value();
    CHECK(record.device == device());
    CHECK(record.request->test == FenceTest::cycle);
    CHECK(record.proof->by == "node1");
    REQUIRE(registry.ask("node2", {.id = "r2", .test = FenceTest::status, .boot_id = "b", .at = 6}));
    CHECK_FALSE(registry.take_on("node2", taken_on("node3")).value());

    auto second = taken_on("node3");
    second.request = "r2";
    Connection other(seed);
    FencingRegistry slow(other.registry);
    CHECK(registry.take_on("node2", second).value());
    second.by = "node1";
    second.state = FenceProof::State::done;
    REQUIRE(slow.answer("node2", second));
    CHECK(registry.record("node2").value().proof->state == FenceProof::State::done);
}

TEST_CASE("fencings are remembered once, and forgotten ones are not new ones") {
    SeedHost seed;
    Connection connection(seed);
    FencingRegistry registry(connection.registry);
    const HaPolicy policy;
    const auto now = connection.registry.now();
    const auto minutes_ago = [&](int minutes) {
        return to_rfc3339(std::chrono::sys_seconds{std::chrono::seconds{now}} -
                          std::chrono::minutes{minutes});
    };
    const auto last = minutes_ago(5);
    for (const auto& event : {minutes_ago(25), minutes_ago(15), minutes_ago(15), last}) {
        REQUIRE(registry.remember("node2", event));
    }
    REQUIRE(registry.remember("node2", minutes_ago(100)));  // out of the window
    CHECK(times_fenced(registry.record("node2").value(), policy, now + 1) == 3);
    REQUIRE(registry.hold("node2"));
    CHECK(registry.record("node2").value().held);
    REQUIRE(registry.release("node2"));
    REQUIRE(registry.remember("node2", last));
    REQUIRE(registry.remember("node2", minutes_ago(4)));  // what another peer heard
    const auto record = registry.record("node2").value();
    CHECK_FALSE(record.held);
    CHECK(times_fenced(record, policy, now + 1) == 0);
    CHECK(record.fenced.size() == 5);
}

TEST_CASE("a node that is forgotten leaves nothing of its fencing behind") {
    SeedHost seed;
    Connection connection(seed);
    FencingRegistry registry(connection.registry);
    const auto first = connection.registry.list_members().value().front();
    REQUIRE(registry.publish(first.hostname, device()));
    REQUIRE(registry.publish(first.hostname + "0", device()));
    REQUIRE(registry.remember(first.hostname, "2026-01-02 03:04:05Z"));
    REQUIRE(registry.acknowledge(first.hostname, "digest"));
    REQUIRE(connection.registry.forget(first.hostname));
    const auto records = registry.list().value();
    CHECK(records.size() == 1);
    CHECK(records.contains(first.hostname + "0"));
    CHECK(registry.acknowledged().value().empty());
}

TEST_CASE("the site's rules are nobody's before they are written") {
    SeedHost seed;
    Connection connection(seed);
    FencingRegistry registry(connection.registry);
    CHECK_FALSE(registry.policy().value());
    REQUIRE(registry.store_policy({.stickiness = 9}));
    CHECK(registry.policy().value().value().stickiness == 9);
}
