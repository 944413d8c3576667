// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/timeline.hpp"

#include <catch2/catch_test_macros.hpp>

#include "lab/watch.hpp"

using namespace bedplate;
using namespace bedplate::lab;
using Kind = DrillEvent::Kind;
using std::chrono::seconds;

namespace {

pulse::Id boot_of(std::uint8_t number) {
    pulse::Id id{};
    id.front() = number;
    return id;
}

/// Beats every 100 ms.
class Acks {
public:
    Acks& run(Span from, Span to, std::uint64_t first, std::uint8_t boot, std::uint64_t resumed = 0) {
        for (auto at = from; at < to; at += Span(100)) {
            list.push_back(
                {at, {.sequence = first++, .boot = boot_of(boot), .resumed = resumed, .buffered = resumed}});
        }
        return *this;
    }
    std::vector<Ack> list;
};

/// A node dies at 0, its machine comes back after 80 s, with everything that was acknowledged.
Acks moved() {
    return Acks().run(seconds(-10), Span(0), 1, 1).run(seconds(80), seconds(100), 101, 2, 100);
}

const std::vector<DrillEvent> crash_events{{Span(0), Kind::injected, "node2"},
                                           {seconds(13), Kind::node_lost, "node2"},
                                           {seconds(14), Kind::fencing, "node2"},
                                           {seconds(30), Kind::fenced, "node2"},
                                           {seconds(50), Kind::machine_started, "node1"}};

}  // namespace

TEST_CASE("a crash is measured by what the cluster said and by the gap in the acknowledgements") {
    const auto measured = measure(DrillKind::node_crash, moved().list, crash_events);
    CHECK(measured.detect == seconds(13));
    CHECK(measured.fence == seconds(30));
    CHECK(measured.serve == seconds(80));
    CHECK(measured.gap == seconds(80) + Span(100));
    CHECK(measured.acknowledged == 300);
    CHECK(measured.lost == 0);
    CHECK(measured.double_active == 0);
    CHECK(measured.starts == 1);
}

TEST_CASE("acknowledged writes that the disk does not have afterwards are lost") {
    const auto acks = Acks().run(seconds(-10), Span(0), 1, 1).run(seconds(80), seconds(90), 98, 2, 97);
    const auto measured = measure(DrillKind::node_crash, acks.list, crash_events);
    CHECK(measured.lost == 3);
    CHECK(measured.lost_buffered == 3);
}

TEST_CASE("holes in the ring are lost writes too, and count once for each start") {
    auto acks = moved();
    for (auto& ack : acks.list) {
        ack.beat.holes = ack.beat.boot == boot_of(2) ? 2 : 0;
    }
    CHECK(measure(DrillKind::node_crash, acks.list, crash_events).lost == 2);
}

TEST_CASE("a boot that is heard again after another followed it is active twice") {
    auto acks = moved();
    acks.list.push_back({seconds(101), {.sequence = 101, .boot = boot_of(1)}});
    acks.list.push_back({seconds(102), {.sequence = 301, .boot = boot_of(2), .resumed = 100}});
    const auto measured = measure(DrillKind::node_crash, acks.list, crash_events);
    CHECK(measured.double_active == 1);
    CHECK(measured.starts == 1);
    CHECK(measured.lost == 0);
}

TEST_CASE("blocks of another boot in the ring are signs of double activity, though nobody heard it") {
    auto acks = moved();
    acks.list.back().beat.foreign = 4;
    CHECK(measure(DrillKind::node_crash, acks.list, crash_events).double_active == 4);
}

TEST_CASE("where nothing was interrupted the machine served at once") {
    const auto acks = Acks().run(seconds(-10), seconds(30), 1, 1);
    const auto measured =
        measure(DrillKind::osd_loss, acks.list, {{seconds(1), Kind::osd_lost, "2 of 3 OSDs up"}});
    CHECK(measured.detect == seconds(1));
    CHECK_FALSE(measured.fence);
    CHECK(measured.serve == Span(0));
    CHECK(measured.gap == Span(100));
}

TEST_CASE("a machine that does not come back did not serve again, and was gone until the end") {
    const auto acks = Acks().run(seconds(-10), Span(0), 1, 1);
    CHECK_FALSE(measure(DrillKind::node_crash, acks.list, crash_events).serve);
    const auto gone = measure(DrillKind::node_crash, acks.list, crash_events, seconds(900));
    CHECK_FALSE(gone.serve);
    CHECK(gone.gap == seconds(900) + Span(100));
    const auto silent = measure(DrillKind::node_crash, {}, {}, seconds(60));
    CHECK_FALSE(silent.serve);
    CHECK(silent.gap == seconds(60));
}

TEST_CASE("a machine that came back and went again did not serve, and its longest silence counts") {
    const auto once = moved().list;  // its last word is at 99.9 s
    const auto later = measure(DrillKind::node_crash, once, crash_events, seconds(120));
    CHECK_FALSE(later.serve);
    CHECK(later.gap == seconds(80) + Span(100));
    CHECK(measure(DrillKind::node_crash, once, crash_events, seconds(300)).gap == seconds(200) + Span(100));
    // Somewhat late is how a busy host looks.
    CHECK(measure(DrillKind::node_crash, once, crash_events, seconds(102)).serve == seconds(80));
}

TEST_CASE("a pause before the fault is not the fault's") {
    const auto acks = Acks().run(seconds(-10), seconds(-8), 1, 1).run(seconds(-2), seconds(5), 21, 1);
    const auto measured = measure(DrillKind::leg_loss, acks.list, {});
    CHECK(measured.gap == Span(100));
    CHECK_FALSE(measured.detect);
}

TEST_CASE("views of the cluster become events where they differ") {
    ClusterView before;
    before.quorum = true;
    before.nodes = {{"node1", {.online = true}}, {"node2", {.online = true}}};
    before.active["vm-pulse"] = {"node2"};
    auto now = before;
    now.nodes["node2"] = {.online = true, .unclean = true};
    now.fencings = {{.target = "node2", .action = "reboot", .status = "pending", .completed = ""}};
    const auto lost = changes(before, now, seconds(9), "vm-pulse");
    REQUIRE(lost.size() == 2);
    CHECK(lost[0].kind == Kind::node_lost);
    CHECK(lost[0].text == "node2");
    CHECK(lost[0].at == seconds(9));
    CHECK(lost[1].kind == Kind::fencing);

    auto later = now;
    later.fencings = {{.target = "node2", .action = "reboot", .status = "success", .completed = "12:00:00"}};
    later.active["vm-pulse"] = {"node1"};
    later.quorum = false;
    const auto done = changes(now, later, seconds(20), "vm-pulse");
    REQUIRE(done.size() == 3);
    CHECK(done[0].kind == Kind::quorum_lost);
    CHECK(done[1].kind == Kind::fenced);
    CHECK(done[2].kind == Kind::machine_started);
    CHECK(done[2].text == "node1");
    later.active.clear();
    CHECK(changes(now, later, seconds(20), "vm-pulse").back().kind == Kind::machine_stopped);
    CHECK(changes(now, now, seconds(20), "vm-pulse").empty());
}

TEST_CASE("Ceph's counts become events where they differ") {
    const CephView before{.health = "HEALTH_OK",
                          .mons_in_quorum = {"node1", "node2"},
                          .mons = 2,
                          .osds = 3,
                          .osds_up = 3,
                          .osds_in = 3,
                          .pgs = 33,
                          .pgs_clean = 33};
    CHECK(before.whole());
    auto now = before;
    now.osds_up = 2;
    now.pgs_clean = 20;
    now.mons_in_quorum = {"node1"};
    CHECK_FALSE(now.whole());
    const auto lost = changes(before, now, seconds(1));
    REQUIRE(lost.size() == 3);
    CHECK(lost[0].kind == Kind::osd_lost);
    CHECK(lost[0].text == "2 of 3 OSDs up");
    CHECK(lost[1].kind == Kind::mon_lost);
    CHECK(lost[2].kind == Kind::groups_unclean);
    CHECK(changes(now, before, seconds(2))[0].kind == Kind::osd_back);
}

TEST_CASE("a leader that is back before the next question was missed all the same") {
    const CephView before{.mons_in_quorum = {"node1", "node2"}, .mons = 2, .election_epoch = 8};
    auto now = before;
    now.election_epoch = 12;
    const auto events = changes(before, now, seconds(6));
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == Kind::mon_election);
    CHECK(events[0].text == "election 12");
    CHECK(measure(DrillKind::mon_leader, {}, events).detect == seconds(6));
    CHECK(changes(now, now, seconds(9)).empty());
}

TEST_CASE("what a second observer says a little later is no second event") {
    const auto events = without_echoes({{seconds(15), Kind::node_lost, "node2"},
                                        {seconds(13), Kind::node_lost, "node2"},
                                        {seconds(14), Kind::node_lost, "node3"},
                                        {seconds(90), Kind::node_lost, "node2"}});
    REQUIRE(events.size() == 3);
    CHECK(events[0].at == seconds(13));
    CHECK(events[1].text == "node3");
    CHECK(events[2].at == seconds(90));
}
