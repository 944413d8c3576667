// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill_report.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"

using namespace bedplate;
using namespace bedplate::lab;
using std::chrono::seconds;

namespace {

DrillRound good_round(unsigned number = 1) {
    DrillRound round{.kind = DrillKind::node_crash,
                     .number = number,
                     .choice = {.node = "node2", .delay = Span(1234), .osd = {}},
                     .prediction = predict(DrillKind::node_crash, {}, 1),
                     .measured = {.detect = seconds(13),
                                  .fence = seconds(30),
                                  .serve = seconds(80),
                                  .gap = Span(80100),
                                  .acknowledged = 1000,
                                  .starts = 1},
                     .events = {{Span(0), DrillEvent::Kind::injected, "node2"},
                                {seconds(13), DrillEvent::Kind::node_lost, "node2"}},
                     .beats = {},
                     .audits = {{.name = "active-once", .ok = true, .detail = "it runs on node1"}}};
    for (int at = -10; at < 100; ++at) {
        if (at < 0 || at >= 80) {
            round.beats.emplace_back(seconds(at));
        }
    }
    return round;
}

DrillReport report_of(std::vector<DrillRound> rounds) {
    return {.kind = DrillKind::node_crash,
            .seed = 7,
            .scale = 3,
            .lab = "lab",
            .emulator = "qemu",
            .started = "2026-11-28T23:00:00Z",
            .nodes = 3,
            .timeouts = {},
            .rounds = std::move(rounds)};
}

}  // namespace

TEST_CASE("a round holds if the machine is back in time, with all its data, once") {
    CHECK(good_round().failures().empty());
    auto round = good_round();
    round.measured.gap = round.prediction.limit + Span(1);
    CHECK(round.failures().size() == 1);
    round = good_round();
    round.measured.lost = 2;
    CHECK(round.failures() == std::vector<std::string>{"2 acknowledged writes are lost"});
    round = good_round();
    round.measured.double_active = 1;
    CHECK(round.failures().front().starts_with("active twice"));
    round = good_round();
    round.measured.serve.reset();
    CHECK(round.failures() == std::vector<std::string>{"the machine did not come back"});
    round = good_round();
    round.measured.fence.reset();
    CHECK(round.failures() == std::vector<std::string>{"it was never fenced"});
    for (const auto kind : {DrillKind::node_hang, DrillKind::osd_loss, DrillKind::migrate}) {
        round.kind = kind;  // may go on before it is fenced; is not to be fenced at all
        CHECK(round.failures().empty());
    }
    round = good_round();
    round.audits[0].ok = false;
    CHECK(round.failures() == std::vector<std::string>{"active-once: it runs on node1"});
    round = good_round();
    round.measured.lost_buffered = 50;  // nobody was promised those
    CHECK(round.failures().empty());
}

TEST_CASE("a report is read back as it was written") {
    auto round = good_round();
    round.choice.osd = 2;
    round.measured.fence.reset();
    const auto json = to_json(report_of({round, good_round(2)}));
    CHECK(json.at("schema") == "bedplate/drill/v1");
    CHECK(json.at("rounds")[0].at("measured").at("rto_ms") == 80100);
    CHECK(json.at("rounds")[0].at("measured").at("fence_ms").is_null());
    const auto again = drill_report_from_json(json, "report.json");
    REQUIRE(again);
    CHECK(to_json(*again) == json);
    CHECK(drill_report_from_json(Json::object(), "x").error().code == "drill.schema");
    auto broken = json;
    broken["rounds"][0]["measured"].erase("rto_ms");
    CHECK(drill_report_from_json(broken, "x").error().code == "drill.field");
    broken = json;
    broken["drill"] = "earthquake";
    CHECK(drill_report_from_json(broken, "x").error().code == "drill.field");
}

TEST_CASE("a chart shows the pause, what happened in it and what was predicted, in the given width") {
    const auto round = good_round();
    const auto text = chart(report_of({round}), round, 80);
    const auto lines = split(text, '\n');
    CHECK(lines[0] == "node-crash, round 1 (seed 7): node2");
    CHECK(lines[1].starts_with("serving "));
    CHECK(lines[1].ends_with("#"));
    CHECK(lines[1].contains("#     "));
    CHECK(lines[2].contains("!"));
    CHECK(lines[2].find('D') < lines[2].find('F'));
    CHECK(lines[2].find('F') < lines[2].find('S'));
    CHECK(lines[3].find('d', 10) < lines[3].find('f', 10));
    CHECK(lines[3].find('f', 10) < lines[3].find('s', 10));
    for (std::size_t i = 0; i < 5; ++i) {
        INFO(lines[i]);
        CHECK(lines[i].size() <= 80);
    }
    CHECK(text.contains("RTO 80.1 s, RPO 0 of 1000 writes"));
    CHECK_FALSE(text.contains("FAILED"));
    auto bad = round;
    bad.measured.lost = 1;
    CHECK(chart(report_of({bad}), bad, 80).contains("FAILED: 1 acknowledged writes are lost"));
}

TEST_CASE("a picture has a bar for the prediction and one for each round") {
    const auto svg = chart_svg(report_of({good_round(1), good_round(2)}));
    CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    CHECK(svg.contains("round 2"));
    CHECK(svg.contains("predicted"));
    CHECK(svg.contains("time scale 3"));
    // Three stretches for each bar, three colours in the legend.
    std::size_t rectangles = 0;
    for (auto at = svg.find("<rect"); at != std::string::npos; at = svg.find("<rect", at + 1)) {
        ++rectangles;
    }
    CHECK(rectangles == 3 * 3 + 3);
}

TEST_CASE("the table has the worst of all rounds and the sum of what was lost") {
    auto slow = good_round(2);
    slow.measured.serve = seconds(95);
    slow.measured.gap = seconds(95);
    slow.measured.lost = 1;
    const auto table = markdown_table({report_of({good_round(1), slow}), report_of({})});
    const auto lines = split(table, '\n');
    REQUIRE(lines.size() == 4);
    CHECK(lines[2].starts_with(
        "| node-crash | 2 | 12.4 s / 13.0 s | 32.4 s / 30.0 s | 102.4 s / 95.0 s | 95.0 s ("));
    CHECK(lines[2].contains("| 1 of 2000 |"));
}
