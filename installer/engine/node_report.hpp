// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/file_system.hpp"

namespace bedplate {

/// Summary of a step of the first boot: a node that comes to it has its monitor and its manager, and what it
/// does from there on disturbs nobody who joins.
inline constexpr std::string_view osd_step_summary = "make or activate the planned OSDs";

struct NodeCheck {
    std::string id;  ///< "units.failed"
    bool ok = false;
    std::string detail;
};

/// A value that the plan wants the kernel to have, and the one that it has (docs/tuning.md).
struct NodeTuning {
    enum class State { holds, differs, not_applicable } state = State::holds;
    std::string name, wanted;
    std::string actual;     ///< "10"; "not applicable: ..." where there is nothing that could have the value
    std::string reason;     ///< why the value is wanted
    bool required = false;  ///< without it the node is not ready
};

/// What an installed node says of itself (/var/lib/bedplate/report.json).
struct NodeReport {
    static constexpr std::string_view schema = "bedplate/node-report/v1";
    enum class State { installing, joining, ready, failed } state = State::installing;
    std::string hostname, cluster;
    std::uint64_t generation = 0;
    std::string plan_digest;
    std::vector<NodeCheck> checks;
    std::vector<NodeTuning> tuning;  ///< empty on a node that an older version planned
    std::optional<std::string> failed_action, error;
    std::vector<std::string> next_steps;
    std::string boot_id;  ///< of the start of the machine in which the node was looked at
};

/// Where it is kept on a node.
inline constexpr std::string_view node_report_path = "/var/lib/bedplate/report.json";

[[nodiscard]] std::string_view to_string(NodeReport::State state);
[[nodiscard]] std::string_view to_string(NodeTuning::State state);
[[nodiscard]] Json to_json(const NodeReport& report);
/// Errors: node-report.schema, node-report.field.
[[nodiscard]] Result<NodeReport> node_report_from_json(const Json& json, std::string_view origin);
/// A line a check and a value, then what to do next.
[[nodiscard]] std::string to_text(const NodeReport& report);

/// The kernel's name for this start of the machine; empty where it has none. Source: random(4).
[[nodiscard]] std::string current_boot_id(const FileSystem& files);

/// What is ready in a report of an earlier start is `joining` here: nobody has looked since.
/// Errors: node-report.none (this machine is not an installed node, or has not started yet), and those of
/// reading.
[[nodiscard]] Result<NodeReport> read_node_report(const FileSystem& files, const std::filesystem::path& path);

}  // namespace bedplate
