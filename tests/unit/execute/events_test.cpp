// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "execute/events.hpp"
#include "execute/progress.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/unit/execute/machine/recording_sink.hpp"

using namespace bedplate;

namespace {

Plan two_actions() {
    Plan plan;
    plan.actions.resize(2);
    plan.actions[0] = {.id = "extract.payload", .stage = Stage::extract, .kind = action::ExtractPayload{}};
    plan.actions[0].summary = "unpack the node's system";
    plan.actions[0].weight = 3;
    plan.actions[1] = {.id = "seal.commit", .stage = Stage::seal, .kind = action::CommitBoot{}};
    plan.actions[1].summary = "commit";
    plan.actions[1].weight = 1;
    return plan;
}

}  // namespace

TEST_CASE("a progress event is one line with stage, percent, rate and time left") {
    Event event;
    event.type = Event::Type::progress;
    event.stage = "extract";
    event.text = "extracting the node's system";
    event.fraction = 0.6399;
    event.bytes_per_second = 41.24e6;
    event.seconds_left = 20.2;
    CHECK(to_line(event) == "extract     63 %  extracting the node's system  41.2 MB/s, 0:21 left");
}

TEST_CASE("an event's JSON holds only what means something for it") {
    Event event;
    event.type = Event::Type::finished;
    event.stage = "format";
    event.action = "format.vg";
    event.text = "create volume group sys";
    event.satisfied = true;
    CHECK(to_json(event).dump() ==
          R"({"type":"finished","stage":"format","action":"format.vg","text":"create volume group sys",)"
          R"("fraction":0.0,"satisfied":true})");
}

TEST_CASE("a failed event carries the whole error") {
    Event event;
    event.type = Event::Type::failed;
    event.error =
        Error{.code = "disk.gone", .message = "no such disk", .where = "serial S1", .context = {"while"}};
    const Json json = to_json(event);
    CHECK(json["error"]["code"] == "disk.gone");
    CHECK(json["error"]["where"] == "serial S1");
    CHECK(json["error"]["context"][0] == "while");
    CHECK_FALSE(json["error"].contains("hint"));
}

TEST_CASE("the fraction follows the weights, never falls and is 1 only at the end") {
    const Plan plan = two_actions();
    test::RecordingSink sink;
    fakes::FakeClock clock;
    Progress progress(plan, sink, clock);
    progress.begin(plan.actions[0]);
    clock.advance(std::chrono::seconds{1});
    progress.update(Bytes{50}, Bytes{100});
    clock.advance(std::chrono::seconds{1});
    progress.update(Bytes{20}, Bytes{100});
    progress.finish(plan.actions[0], false);
    progress.begin(plan.actions[1]);
    progress.finish(plan.actions[1], true);
    progress.done("all");
    REQUIRE(sink.events.size() == 7);
    CHECK(sink.events[1].fraction == 0.375);
    CHECK(sink.events[2].fraction == 0.375);
    CHECK(sink.events[3].fraction == 0.75);
    CHECK(sink.events.back().fraction == 1);
    for (std::size_t i = 1; i < sink.events.size(); ++i) {
        CHECK(sink.events[i].fraction >= sink.events[i - 1].fraction);
    }
}

TEST_CASE("at most four progress events a second reach the sink, with the rate of the last seconds") {
    const Plan plan = two_actions();
    test::RecordingSink sink;
    fakes::FakeClock clock;
    Progress progress(plan, sink, clock);
    progress.begin(plan.actions[0]);
    for (std::uint64_t i = 1; i <= 100; ++i) {
        clock.advance(std::chrono::milliseconds{20});
        progress.update(Bytes{i * 1000}, Bytes{200'000});
    }
    CHECK(sink.events.size() <= 1 + 8);
    CHECK(sink.events.size() >= 1 + 7);
    const Event& last = sink.events.back();
    REQUIRE(last.bytes_per_second);
    CHECK(*last.bytes_per_second > 49'000);
    CHECK(*last.bytes_per_second < 51'000);
    REQUIRE(last.seconds_left);
    CHECK(*last.seconds_left > 1.9);
}
