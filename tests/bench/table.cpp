// SPDX-License-Identifier: GPL-3.0-or-later
#include "table.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace bedplate::bench {
namespace {

using Cells = std::vector<std::string>;

std::string number(double value) {
    return value < 10 ? std::format("{:.2f}", value) : std::format("{:.1f}", value);
}

/// "31.2 s (30.9-33.0)": the median, and the range where there are several runs.
std::string measured(const std::vector<double>& values, std::string_view unit) {
    if (values.empty()) {
        return "-";
    }
    auto text = std::format("{} {}", number(median(values)), unit);
    if (values.size() > 1) {
        const auto [low, high] = std::ranges::minmax(values);
        text += std::format(" ({}-{})", number(low), number(high));
    }
    return text;
}

std::string aim_text(const Row& row) {
    if (!row.aim) {
        return "-";
    }
    return row.floor_name.empty() ? std::format("<= {:g} {}", *row.aim, row.unit)
                                  : std::format("<= {:g}x", *row.aim);
}

Cells cells(const Row& row) {
    const auto ratio = row.floor.empty() ? std::nullopt : result(row);
    return {row.what,
            measured(row.ours, row.unit),
            row.floor_name.empty() ? "-" : row.floor_name + ": " + measured(row.floor, row.unit),
            ratio ? std::format("{:.2f}x", *ratio) : "-",
            aim_text(row),
            std::string(verdict(row)) + (row.note.empty() ? "" : " (" + row.note + ")")};
}

std::string line(const Cells& row, const std::vector<std::size_t>& widths) {
    std::string text = "|";
    for (std::size_t i = 0; i < row.size(); ++i) {
        text += std::format(" {:<{}} |", row[i], widths[i]);
    }
    return text + "\n";
}

}  // namespace

double median(std::vector<double> values) {
    std::ranges::sort(values);
    const auto middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<double> result(const Row& row) {
    if (row.ours.empty() || (!row.floor_name.empty() && row.floor.empty())) {
        return std::nullopt;
    }
    const double ours = median(row.ours);
    return row.floor.empty() ? ours : ours / median(row.floor);
}

std::string_view verdict(const Row& row) {
    const auto value = result(row);
    if (!value) {
        return "not measured";
    }
    if (!row.aim) {
        return "";
    }
    return *value <= *row.aim ? "met" : "MISSED";
}

std::string to_table(const std::vector<Row>& rows) {
    std::vector<Cells> table{{"what", "Bedplate", "compared with", "ratio", "aim", "result"}};
    for (const auto& row : rows) {
        table.push_back(cells(row));
    }
    std::vector<std::size_t> widths(table.front().size(), 3);
    for (const auto& row : table) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    Cells rule;
    for (const auto width : widths) {
        rule.emplace_back(width, '-');
    }
    std::string text = line(table.front(), widths) + line(rule, widths);
    for (std::size_t i = 1; i < table.size(); ++i) {
        text += line(table[i], widths);
    }
    return text;
}

}  // namespace bedplate::bench
