// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "lab/timeline.hpp"

namespace bedplate::lab {

/// One of the looks that are taken after a round.
struct Audit {
    std::string name;  ///< "active-once", "groups-clean"
    bool ok = false;
    std::string detail;
};

struct DrillRound {
    DrillKind kind{};
    unsigned number = 0;  ///< from 1
    Choice choice;
    Prediction prediction;
    Measured measured;
    std::vector<DrillEvent> events;
    std::vector<Span> beats;  ///< moments of acknowledgements, for the chart
    std::vector<Audit> audits;
    /// Why it did not hold what it promises: late, lost data, active twice, never fenced, an audit. Empty: it
    /// did.
    [[nodiscard]] std::vector<std::string> failures() const;
};

/// A drill of some rounds.
struct DrillReport {
    static constexpr std::string_view schema = "bedplate/drill/v1";
    DrillKind kind{};
    std::uint64_t seed = 0;
    double scale = 1;  ///< BEDPLATE_TIME_SCALE
    std::string lab, emulator, started;
    std::size_t nodes = 0;
    Timeouts timeouts;
    std::vector<DrillRound> rounds;
};

[[nodiscard]] Json to_json(const DrillReport& report);
/// Errors: drill.schema, drill.field.
[[nodiscard]] Result<DrillReport> drill_report_from_json(const Json& json, const std::string& origin);

/// One round as lines of at most `width` columns (60 or more): when the machine acknowledged, what happened,
/// what was predicted, and the figures.
[[nodiscard]] std::string chart(const DrillReport& report, const DrillRound& round, std::size_t width);

/// All rounds as a picture: a bar for the prediction and one for each round, in seconds since the fault.
[[nodiscard]] std::string chart_svg(const DrillReport& report);

/// A table of Markdown with a line for each report: predicted and measured, the worst of its rounds.
[[nodiscard]] std::string markdown_table(const std::vector<DrillReport>& reports);

}  // namespace bedplate::lab
