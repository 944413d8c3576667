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

constexpr std::array tuning_states{
    std::pair{NodeTuning::State::holds, std::string_view("ok")},
    std::pair{NodeTuning::State::differs, std::string_view("differs")},
    std::pair{NodeTuning::State::not_applicable, std::string_view("not-applicable")}};

Result<NodeTuning::State> parse_tuning_state(std::string_view text, std::string_view origin) {
    for (const auto& [state, name] : tuning_states) {
        if (name == text) {
            return state;
        }
    }
    return fail("node-report.field", std::format("'{}' is not a state of a value", text),
                std::string(origin));
}

Json tuning_json(const std::vector<NodeTuning>& values) {
    Json json = Json::array();
    for (const NodeTuning& value : values) {
        json.push_back({{"name", value.name},
                        {"state", to_string(value.state)},
                        {"wanted", value.wanted},
                        {"actual", value.actual},
                        {"required", value.required},
                        {"reason", value.reason}});
    }
    return json;
}

Result<std::vector<NodeTuning>> tuning_from_json(const Json& json, std::string_view origin) {
    std::vector<NodeTuning> values;
    for (const auto& entry : json) {
        BEDPLATE_ASSIGN(const auto state, parse_tuning_state(entry.at("state").get<std::string>(), origin));
        values.push_back({.state = state,
                          .name = entry.at("name"),
                          .wanted = entry.at("wanted"),
                          .actual = entry.at("actual"),
                          .reason = entry.at("reason"),
                          .required = entry.at("required")});
    }
    return values;
}

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

std::string_view to_string(NodeTuning::State state) {
    for (const auto& [value, name] : tuning_states) {
        if (value == state) {
            return name;
        }
    }
    return "differs";
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
    if (!report.tuning.empty()) {
        json["tuning"] = tuning_json(report.tuning);
    }
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
        if (json.contains("tuning")) {
            BEDPLATE_ASSIGN(report.tuning, tuning_from_json(json.at("tuning"), origin));
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

/// "  ok     vm.swappiness     10"; a value that differs says what is wanted, and why.
std::string tuning_lines(const std::vector<NodeTuning>& values) {
    std::string text = values.empty() ? "" : "tuning:\n";
    for (const NodeTuning& value : values) {
        switch (value.state) {
            case NodeTuning::State::holds:
                text += std::format("  {:<6} {:<34} {} (wanted {})\n", "ok", value.name, value.actual,
                                    value.wanted);
                break;
            case NodeTuning::State::differs:
                text += std::format("  {:<6} {:<34} {} (wanted {})\n         {}\n",
                                    value.required ? "FAILED" : "advice", value.name, value.actual,
                                    value.wanted, value.reason);
                break;
            case NodeTuning::State::not_applicable:
                text += std::format("  {:<6} {:<34} {} (wanted {})\n", value.required ? "FAILED" : "-",
                                    value.name, value.actual, value.wanted);
                break;
        }
    }
    return text;
}

}  // namespace

std::string to_text(const NodeReport& report) {
    std::string text = std::format("{}  cluster {}  generation {}  state {}\n", report.hostname,
                                   report.cluster, report.generation, to_string(report.state));
    for (const auto& check : report.checks) {
        text += std::format("  {:<6} {:<22} {}\n", mark(report, check), check.id, check.detail);
    }
    text += tuning_lines(report.tuning);
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
