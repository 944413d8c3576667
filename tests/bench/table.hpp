// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bedplate::bench {

/// The middle one of the sorted values; of an even number the mean of the two in the middle. Requires a
/// value.
[[nodiscard]] double median(std::vector<double> values);

/// One line of the table: what was measured, what it is compared with, and the aim. Values in `unit`.
struct Row {
    std::string what;
    std::string unit = "s";
    std::vector<double> ours = {};
    std::string floor_name = {};
    std::vector<double> floor = {};  ///< empty: the aim is an absolute value
    std::optional<double> aim = {};  ///< at most this ratio (or value); none: only told
    std::string note = {};           ///< why there is no figure, or what it stands for
};

/// Ratio to the floor, or the value itself where there is none; nullopt where nothing was measured.
[[nodiscard]] std::optional<double> result(const Row& row);

/// "met", "MISSED", "" (no aim) or "not measured".
[[nodiscard]] std::string_view verdict(const Row& row);

/// As Markdown, which is readable in a terminal too; columns are padded.
[[nodiscard]] std::string to_table(const std::vector<Row>& rows);

}  // namespace bedplate::bench
