// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "lab/drill_facts.hpp"

using namespace bedplate;
using namespace bedplate::lab;
using std::chrono::seconds;

namespace {

Facts three_nodes() {
    return {.nodes = {"node1", "node2", "node3"},
            .home = "node2",
            .mon_leader = "node1",
            .osds = {{"node1", {0}}, {"node2", {1}}, {"node3", {2, 3}}},
            .legs = 2};
}

Choice chosen(DrillKind kind, std::uint64_t seed, unsigned round = 1) {
    const auto choice = choose(kind, seed, round, three_nodes(), predict(kind, {}, 1));
    REQUIRE(choice);
    return *choice;
}

}  // namespace

TEST_CASE("every drill has a name that is read back") {
    for (const auto kind : all_drills) {
        CHECK(parse_drill(to_string(kind)) == kind);
    }
    CHECK_FALSE(parse_drill("earthquake"));
}

TEST_CASE(
    "a dead node is missed after token and consensus, and its machine is back when all waits are over") {
    // Three nodes with token 5000: corosync adds 650 ms for the third.
    const Timeouts timeouts;
    const auto crash = predict(DrillKind::node_crash, timeouts, 1);
    CHECK(*crash.detect == Span(5650 + 6780 + 50));
    CHECK(*crash.fence == *crash.detect + seconds(20));
    // Fencing ends after 32.5 s, Ceph has given the OSDs up after 31 s.
    CHECK(crash.serve == *crash.fence + seconds(70));
    CHECK(crash.limit == crash.serve + crash.serve / 5);
    CHECK(crash.how.contains("token 5650ms"));
    auto patient = timeouts;
    patient.osd_grace = seconds(60);
    CHECK(predict(DrillKind::node_crash, patient, 1).serve == seconds(60 + 6 + 5 + 70));
}

TEST_CASE("the time scale stretches work and no wait that is configured") {
    const Timeouts timeouts;
    const auto slow = predict(DrillKind::node_crash, timeouts, 3);
    CHECK(*slow.detect == *predict(DrillKind::node_crash, timeouts, 1).detect);
    CHECK(*slow.fence == *slow.detect + seconds(60));
    CHECK(predict(DrillKind::mon_leader, timeouts, 3).detect == seconds(10));
    CHECK(predict(DrillKind::migrate, timeouts, 3).serve == seconds(3));
}

TEST_CASE("only what gives a node up is fenced") {
    for (const auto kind : all_drills) {
        const auto prediction = predict(kind, {}, 1);
        INFO(to_string(kind));
        CHECK(prediction.fence.has_value() == gives_node_up(kind));
        CHECK(prediction.serve > Span(0));
        CHECK_FALSE(prediction.how.empty());
    }
}

TEST_CASE("a seed chooses the same again, and seeds and rounds choose differently") {
    CHECK(to_json(chosen(DrillKind::osd_loss, 7)) == to_json(chosen(DrillKind::osd_loss, 7)));
    std::set<unsigned> osds;
    std::set<Span> delays;
    for (unsigned round = 1; round <= 40; ++round) {
        const auto choice = chosen(DrillKind::osd_loss, 7, round);
        osds.insert(*choice.osd);
        delays.insert(choice.delay);
        CHECK(choice.delay < seconds(10));
        CHECK(std::ranges::contains(three_nodes().osds.at(choice.node), *choice.osd));
    }
    CHECK(osds.size() == 4);
    CHECK(delays.size() > 30);
}

TEST_CASE("faults hit where they matter") {
    CHECK(chosen(DrillKind::node_crash, 1).node == "node2");
    CHECK(chosen(DrillKind::partition, 1).node == "node2");
    CHECK(chosen(DrillKind::mon_leader, 1).node == "node1");
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        CHECK(chosen(DrillKind::migrate, seed).node != "node2");
        CHECK(chosen(DrillKind::leg_loss, seed).leg < 2);
        const auto hang = chosen(DrillKind::node_hang, seed);
        const auto prediction = predict(DrillKind::node_hang, {}, 1);
        CHECK(hang.hold >= *prediction.detect);
        CHECK(hang.hold <= prediction.serve);
    }
}

TEST_CASE("a lab that has nothing to break is told so") {
    auto facts = three_nodes();
    facts.osds.clear();
    facts.mon_leader.clear();
    facts.nodes = {"node2"};
    for (const auto kind :
         {DrillKind::osd_loss, DrillKind::disk_error, DrillKind::mon_leader, DrillKind::migrate}) {
        const auto choice = choose(kind, 1, 1, facts, predict(kind, {}, 1));
        REQUIRE(!choice);
        CHECK(choice.error().code == "drill.nothing");
    }
}

TEST_CASE("timeouts are read as the nodes print them") {
    const auto timeouts = parse_timeouts(
        "runtime.config.totem.token (u32) = 15650\nruntime.config.totem.consensus (u32) = 18780\n"
        "osd_heartbeat_grace 60.000000\nosd_heartbeat_interval 6\nmon_lease 5.000000\nmon_election_timeout \n"
        "link_monitor 300\nsomething else\n");
    REQUIRE(timeouts);
    CHECK(timeouts->token == Span(15650));
    CHECK(timeouts->consensus == Span(18780));
    CHECK(timeouts->osd_grace == seconds(60));
    CHECK(timeouts->mon_election == seconds(5));  // not said: the default
    CHECK(timeouts->link_monitor == Span(300));
    CHECK(parse_timeouts("").error().code == "drill.timeouts");
}
