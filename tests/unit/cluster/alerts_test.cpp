// SPDX-License-Identifier: GPL-3.0-or-later
// promtool plays series to every alert rule: one in which it fires with its text, one in which it is quiet.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <format>
#include <set>

#include "cluster/files.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cluster/alert_cases.hpp"

using namespace bedplate;
using test::AlertCase;

namespace {

std::vector<AlertCase> cases() {
    std::vector<AlertCase> all;
    for (auto& list : {test::host_cases(), test::cluster_cases(), test::service_cases(),
                       test::capacity_cases(), test::log_cases(), test::edge_cases()}) {
        all.insert(all.end(), list.begin(), list.end());
    }
    return all;
}

/// Every rule, by the alert's name.
std::map<std::string, Json> alerts() {
    std::map<std::string, Json> found;
    const auto rules = parse_json(prometheus_rules(), "rules").value();
    for (const auto& group : rules.at("groups")) {
        for (const auto& rule : group.at("rules")) {
            found.emplace(rule.at("alert"), rule);
        }
    }
    return found;
}

Json promtool_test(const AlertCase& one, const std::string& severity, bool fires) {
    Json series = Json::array();
    for (const auto& entry : one.series) {
        series.push_back({{"series", entry.name}, {"values", fires ? entry.firing : entry.quiet}});
    }
    std::vector<test::ToldAlert> told = one.also;
    told.insert(told.begin(), test::ToldAlert{.labels = one.labels, .summary = one.summary});
    Json expected = Json::array();
    for (auto& alert : fires ? told : std::vector<test::ToldAlert>()) {
        alert.labels["severity"] = severity;
        expected.push_back({{"exp_labels", alert.labels},
                            {"exp_annotations",
                             {{"summary", alert.summary},
                              {"runbook", std::format("{}/{}.md", runbook_folder, one.alert)}}}});
    }
    return {{"interval", "30s"},
            {"input_series", series},
            {"alert_rule_test",
             Json::array({{{"eval_time", one.at}, {"alertname", one.alert}, {"exp_alerts", expected}}})}};
}

}  // namespace

TEST_CASE("every alert fires when it should, with its text, and is quiet else") {
    const auto rules = alerts();
    const fakes::TempDir dir;
    const auto files = linux_file_system();
    const auto commands = linux_command_runner();
    for (const auto& one : cases()) {
        INFO(one.alert);
        REQUIRE(rules.contains(one.alert));
        const Json& rule = rules.at(one.alert);
        const auto severity = rule.at("labels").at("severity").get<std::string>();
        Json tests = Json::array({promtool_test(one, severity, true)});
        if (!one.always) {
            tests.push_back(promtool_test(one, severity, false));
        }
        // The others would be evaluated as well, step by step.
        const Json group{{"name", "tested"}, {"rules", Json::array({rule})}};
        const Json document{
            {"rule_files", Json::array({"rules.yml"})}, {"evaluation_interval", "30s"}, {"tests", tests}};
        REQUIRE(files->write(dir / "rules.yml", Json{{"groups", Json::array({group})}}.dump(1)));
        REQUIRE(files->write(dir / "test.yml", document.dump(1)));
        const auto done = commands->run({.argv = {"promtool", "test", "rules", (dir / "test.yml").string()}});
        REQUIRE(done);
        INFO(done->out << done->err);
        CHECK(done->exit_status == 0);
    }
}

TEST_CASE("every alert has a test and a page that says what to do, and every page an alert") {
    std::set<std::string> tested, written, named;
    for (const auto& one : cases()) {
        tested.insert(one.alert);
    }
    for (const auto& [name, rule] : alerts()) {
        named.insert(name);
    }
    const auto pages = std::filesystem::path(BEDPLATE_SOURCE_DIR) / "docs/runbooks";
    for (const auto& entry : std::filesystem::directory_iterator(pages)) {
        if (entry.path().stem() != "README") {
            written.insert(entry.path().stem());
        }
    }
    CHECK(tested == named);
    CHECK(written == named);
}
