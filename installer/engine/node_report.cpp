// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/node_report.hpp"

#include <array>

#include "base/text.hpp"

namespace bedplate {

namespace {

constexpr std::array states{std::pair{NodeReport::State::installing, std::string_view("installing")},
                            std::pair{NodeReport::State::joining, std::string_view("joining")},
                            std::pair{NodeReport::State::ready, std::string_view("ready")},
                            std::pair{NodeReport::State::failed, std::string_view("failed")}};

Result<NodeReport::State> parse_state(std::string_view text, std::string_view origin) {
    for (const auto& [state, name] : states) {
        if (name == text) {
            return state;
        }
    }
    return fail("node-report.field", std::format("'{}' is not a state of a node", text), std::string(origin));
}

}  // namespace

std::string_view to_string(NodeReport::State state) {
    for (const auto& [value, name] : states) {
        if (value == state) {
            return name;
        }
    }
    return "installing";
}

Json to_json(const NodeReport& report) {
    Json checks = Json::array();
    for (const auto& check : report.checks) {
        checks.push_back({{"id", check.id}, {"ok", check.ok}, {"detail", check.detail}});
    }
    Json json{{"schema", NodeReport::schema},
              {"state", to_string(report.state)},
              {"hostname", report.hostname},
              {"cluster", report.cluster},
              {"generation", report.generation},
              {"plan_digest", report.plan_digest},
              {"checks", checks}};
    if (report.failed_action) {
        json["failed_action"] = *report.failed_action;
    }
    if (report.error) {
        json["error"] = *report.error;
    }
    json["next_steps"] = report.next_steps;
    if (!report.boot_id.empty()) {
        json["boot_id"] = report.boot_id;
    }
    return json;
}

Result<NodeReport> node_report_from_json(const Json& json, std::string_view origin) {
    try {
        if (json.at("schema") != NodeReport::schema) {
            return fail("node-report.schema", "this is not a node report that this version knows",
                        std::string(origin));
        }
        NodeReport report;
        BEDPLATE_ASSIGN(report.state, parse_state(json.at("state").get<std::string>(), origin));
        report.hostname = json.at("hostname");
        report.cluster = json.at("cluster");
        report.generation = json.at("generation");
        report.plan_digest = json.at("plan_digest");
        for (const auto& check : json.at("checks")) {
            report.checks.push_back(
                {.id = check.at("id"), .ok = check.at("ok"), .detail = check.at("detail")});
        }
        if (json.contains("failed_action")) {
            report.failed_action = json.at("failed_action").get<std::string>();
        }
        if (json.contains("error")) {
            report.error = json.at("error").get<std::string>();
        }
        report.next_steps = json.at("next_steps").get<std::vector<std::string>>();
        report.boot_id = json.value("boot_id", "");
        return report;
    } catch (const nlohmann::json::exception& e) {
        return fail("node-report.field", std::format("the node report cannot be read: {}", e.what()),
                    std::string(origin));
    }
}

namespace {

std::string_view mark(const NodeReport& report, const NodeCheck& check) {
    if (check.ok) {
        return "ok";
    }
    // A step that waits for its turn has not failed.
    const bool is_step = check.id.starts_with("step.");
    return is_step && check.id.substr(5) != report.failed_action ? "to do" : "FAILED";
}

}  // namespace

std::string to_text(const NodeReport& report) {
    std::string text = std::format("{}  cluster {}  generation {}  state {}\n", report.hostname,
                                   report.cluster, report.generation, to_string(report.state));
    for (const auto& check : report.checks) {
        text += std::format("  {:<6} {:<22} {}\n", mark(report, check), check.id, check.detail);
    }
    if (report.error) {
        text += "error: " + *report.error + "\n";
    }
    for (const auto& step : report.next_steps) {
        text += "next: " + step + "\n";
    }
    return text;
}

std::string current_boot_id(const FileSystem& files) {
    return std::string(trim(files.read("/proc/sys/kernel/random/boot_id").value_or("")));
}

Result<NodeReport> read_node_report(const FileSystem& files, const std::filesystem::path& path) {
    if (!files.exists(path)) {
        return fail("node-report.none", "this machine has no node report", path.string(),
                    "it is written at the first start of an installed node");
    }
    BEDPLATE_ASSIGN(const auto text, files.read(path));
    BEDPLATE_ASSIGN(const auto json, parse_json(text, path.string()));
    BEDPLATE_ASSIGN(auto report, node_report_from_json(json, path.string()));
    if (report.state == NodeReport::State::ready && !report.boot_id.empty() &&
        report.boot_id != current_boot_id(files)) {
        report.state = NodeReport::State::joining;
        report.next_steps = {"wait: the node has not looked at itself since the machine was started"};
    }
    return report;
}

}  // namespace bedplate
