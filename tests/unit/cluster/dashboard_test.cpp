// SPDX-License-Identifier: GPL-3.0-or-later
// What the page of the cluster asks (firstboot/dashboard/panels.json), and the same for Grafana.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <format>
#include <set>

#include "base/json.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;

namespace {

const std::filesystem::path dashboard_source =
    std::filesystem::path(BEDPLATE_SOURCE_DIR) / "firstboot/dashboard";

Json panels() {
    return parse_json(linux_file_system()->read(dashboard_source / "panels.json").value(), "panels.json")
        .value();
}

std::set<std::string> questions(const Json& from) {
    std::set<std::string> found;
    for (const char* list : {"figures", "charts"}) {
        for (const Json& one : from.at(list)) {
            found.insert(one.at("expr").get<std::string>());
        }
    }
    for (const Json& table : from.at("tables")) {
        for (const Json& column : table.at("columns")) {
            found.insert(column.at("expr").get<std::string>());
        }
    }
    return found;
}

}  // namespace

TEST_CASE("Prometheus understands everything that the page asks") {
    Json rules = Json::array();
    for (const auto& question : questions(panels())) {
        rules.push_back({{"record", std::format("page:question{}", rules.size())}, {"expr", question}});
    }
    const Json group{{"name", "page"}, {"rules", rules}};
    const fakes::TempDir dir;
    REQUIRE(linux_file_system()->write(dir / "rules.yml", Json{{"groups", Json::array({group})}}.dump()));
    const auto result =
        linux_command_runner()->run({.argv = {"promtool", "check", "rules", (dir / "rules.yml").string()}});
    REQUIRE(result);
    INFO(result->out << result->err);
    CHECK(result->exit_status == 0);
}

TEST_CASE("the Grafana dashboard asks the same, but for names in place of figures") {
    const auto result =
        linux_command_runner()->run({.argv = {"python3", (dashboard_source / "grafana.py").string(),
                                              (dashboard_source / "panels.json").string()}});
    REQUIRE(result);
    INFO(result->err);
    REQUIRE(result->exit_status == 0);
    std::set<std::string> asked;
    const auto board = parse_json(result->out, "grafana").value();
    for (const Json& panel : board.at("panels")) {
        for (const Json& target : panel.at("targets")) {
            asked.insert(target.at("expr").get<std::string>());
        }
    }
    const Json all = panels();
    for (const Json& one : all.at("figures")) {
        if (one.contains("label")) {
            asked.insert(one.at("expr").get<std::string>());
        }
    }
    asked.erase(R"(ALERTS{alertstate="firing",severity!="none"})");
    CHECK(asked == questions(panels()));
}
