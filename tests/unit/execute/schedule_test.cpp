// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/schedule.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

namespace {

DiskIdentity disk(std::string_view serial) {
    return {.wwn = "", .serial = std::string(serial), .model = "M", .by_path = ""};
}

Action on(std::string id, Stage stage, std::vector<std::string_view> serials,
          std::vector<std::string> after = {}) {
    Action action{.id = std::move(id), .stage = stage, .kind = action::WipeDisk{}, .after = std::move(after)};
    for (const std::string_view serial : serials) {
        if (!action.device) {
            action.device = disk(serial);
        } else {
            action.also.push_back(disk(serial));
        }
    }
    return action;
}

using Indices = std::vector<std::size_t>;

}  // namespace

TEST_CASE("different disks are torn down at a time, and nothing of a later stage meanwhile") {
    Plan plan;
    plan.actions = {on("preflight", Stage::preflight, {}),
                    on("wipe.a", Stage::teardown, {"A"}, {"preflight"}),
                    on("wipe.b", Stage::teardown, {"B"}, {"preflight"}),
                    on("table.a", Stage::partition, {"A"}, {"wipe.a"})};
    Schedule schedule(plan, 8);
    CHECK(schedule.ready() == Indices{0});
    schedule.start(0);
    CHECK(schedule.ready().empty());
    schedule.finish(0);
    CHECK(schedule.ready() == Indices{1, 2});
    schedule.start(1);
    schedule.start(2);
    schedule.finish(1);
    CHECK(schedule.ready().empty());
    schedule.finish(2);
    CHECK(schedule.ready() == Indices{3});
    CHECK_FALSE(schedule.done());
    schedule.start(3);
    schedule.finish(3);
    CHECK(schedule.done());
    CHECK(schedule.idle());
}

TEST_CASE("actions that share a disk keep the plan's order, also where it is the second one they name") {
    Plan plan;
    plan.actions = {on("array", Stage::teardown, {"A", "B"}), on("wipe.b", Stage::teardown, {"B"}),
                    on("wipe.c", Stage::teardown, {"C"})};
    Schedule schedule(plan, 8);
    CHECK(schedule.ready() == Indices{0, 2});
    schedule.start(0);
    CHECK(schedule.ready() == Indices{2});
    schedule.finish(0);
    CHECK(schedule.ready() == Indices{1, 2});
}

TEST_CASE("from the extraction on it is one action after the other") {
    Plan plan;
    plan.actions = {on("a", Stage::configure, {"A"}), on("b", Stage::configure, {"B"}),
                    on("c", Stage::seal, {"C"})};
    Schedule schedule(plan, 8);
    CHECK(schedule.ready() == Indices{0});
    schedule.start(0);
    schedule.finish(0);
    CHECK(schedule.ready() == Indices{1});
}

TEST_CASE("no more actions run at a time than are allowed") {
    Plan plan;
    for (const char* name : {"A", "B", "C"}) {
        plan.actions.push_back(on(name, Stage::teardown, {name}));
    }
    Schedule schedule(plan, 2);
    CHECK(schedule.ready() == Indices{0, 1});
    schedule.start(0);
    schedule.start(1);
    CHECK(schedule.ready().empty());
    CHECK(Schedule(plan, 0).ready() == Indices{0});
}
