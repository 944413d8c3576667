// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/node_report.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/fake_platform.hpp"

using namespace bedplate;

TEST_CASE("a node report survives its JSON form") {
    const NodeReport report{.state = NodeReport::State::failed,
                            .hostname = "node1",
                            .cluster = "prod",
                            .generation = 3,
                            .plan_digest = "d",
                            .checks = {{.id = "units.failed", .ok = false, .detail = "x.service"}},
                            .tuning = {{.state = NodeTuning::State::differs,
                                        .name = "vm.swappiness",
                                        .wanted = "10",
                                        .actual = "60",
                                        .reason = "because",
                                        .required = true}},
                            .failed_action = "time",
                            .error = "units.failed: x.service",
                            .next_steps = {"look"}};
    const auto again = node_report_from_json(to_json(report), "test");
    REQUIRE(again);
    CHECK(to_json(*again) == to_json(report));
    CHECK(to_text(*again).contains("FAILED units.failed"));
}

TEST_CASE("the values of the kernel are listed with what is wanted, and a deviation with its reason") {
    const auto value = [](NodeTuning::State state, std::string actual, bool required) {
        return NodeTuning{.state = state,
                          .name = "vm.swappiness",
                          .wanted = "10",
                          .actual = std::move(actual),
                          .reason = "because",
                          .required = required};
    };
    using State = NodeTuning::State;
    const NodeReport report{.tuning = {value(State::holds, "10", true), value(State::differs, "60", false),
                                       value(State::differs, "60", true),
                                       value(State::not_applicable, "not applicable: x", false),
                                       value(State::not_applicable, "not applicable: x", true)},
                            .failed_action = {},
                            .error = {}};
    const std::string pad(21, ' ');
    CHECK(
        to_text(report).ends_with("tuning:\n"
                                  "  ok     vm.swappiness" +
                                  pad +
                                  " 10 (wanted 10)\n"
                                  "  advice vm.swappiness" +
                                  pad +
                                  " 60 (wanted 10)\n         because\n"
                                  "  FAILED vm.swappiness" +
                                  pad +
                                  " 60 (wanted 10)\n         because\n"
                                  "  -      vm.swappiness" +
                                  pad +
                                  " not applicable: x (wanted 10)\n"
                                  "  FAILED vm.swappiness" +
                                  pad + " not applicable: x (wanted 10)\n"));
    const Json json = to_json(report);
    CHECK(json.at("tuning").at(1) == Json{{"name", "vm.swappiness"},
                                          {"state", "differs"},
                                          {"wanted", "10"},
                                          {"actual", "60"},
                                          {"required", false},
                                          {"reason", "because"}});
    CHECK(to_json(node_report_from_json(json, "test").value()) == json);
    Json wrong = json;
    wrong["tuning"][0]["state"] = "fine";
    CHECK(node_report_from_json(wrong, "test").error().code == "node-report.field");
}

TEST_CASE("of the steps of a first boot only the one that failed says so") {
    const NodeReport report{.state = NodeReport::State::joining,
                            .checks = {{.id = "step.a", .ok = true, .detail = "done"},
                                       {.id = "step.b", .ok = false, .detail = "try 1 failed: no"},
                                       {.id = "step.c", .ok = false, .detail = "waits"}},
                            .failed_action = "b",
                            .error = {}};
    CHECK(to_text(report).contains("FAILED step.b"));
    CHECK(to_text(report).contains("to do  step.c"));
    CHECK(to_text(report).contains("ok     step.a"));
}

TEST_CASE("a state that does not exist and a missing field are errors") {
    const NodeReport report{.failed_action = {}, .error = {}};
    auto json = to_json(report);
    json["state"] = "fine";
    CHECK(node_report_from_json(json, "test").error().code == "node-report.field");
    json = to_json(report);
    json.erase("checks");
    CHECK(node_report_from_json(json, "test").error().code == "node-report.field");
}

TEST_CASE("a machine without a report says so") {
    fakes::FakeFileSystem files;
    CHECK(read_node_report(files, "/var/lib/bedplate/report.json").error().code == "node-report.none");
}

TEST_CASE("ready is what was seen in this start of the machine") {
    constexpr auto path = "/var/lib/bedplate/report.json";
    fakes::FakeFileSystem files;
    NodeReport report{.state = NodeReport::State::ready, .failed_action = {}, .error = {}};
    report.boot_id = "first";
    files.add_file(path, to_json(report).dump());
    files.add_file("/proc/sys/kernel/random/boot_id", "first\n");
    CHECK(read_node_report(files, path)->state == NodeReport::State::ready);
    files.add_file("/proc/sys/kernel/random/boot_id", "second\n");
    const auto later = read_node_report(files, path);
    REQUIRE(later);
    CHECK(later->state == NodeReport::State::joining);
    CHECK(to_text(*later).contains("has not looked at itself"));

    SECTION("what an earlier version wrote is taken as it is") {
        report.boot_id.clear();
        files.add_file(path, to_json(report).dump());
        CHECK(read_node_report(files, path)->state == NodeReport::State::ready);
    }
    SECTION("what failed before is not called better") {
        report.boot_id = "first";
        report.state = NodeReport::State::failed;
        files.add_file(path, to_json(report).dump());
        CHECK(read_node_report(files, path)->state == NodeReport::State::failed);
    }
}
