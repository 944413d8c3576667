// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "profile/profile.hpp"

namespace bedplate::test {

inline std::filesystem::path source_path(std::string_view path) {
    return std::filesystem::path(BEDPLATE_SOURCE_DIR) / path;
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The files of `folder` that end in `extension`, sorted.
inline std::vector<std::filesystem::path> files_of(std::string_view folder, std::string_view extension) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(source_path(folder))) {
        if (entry.path().extension() == extension) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

/// Every profile that is shipped.
inline std::vector<Profile> shipped_profiles() {
    std::vector<Profile> profiles;
    for (const auto& path : files_of("profiles", ".yaml")) {
        Report report;
        auto profile = load_profile(read_file(path), path.filename().string(), report);
        if (!profile) {
            throw std::runtime_error(report.to_text());
        }
        profiles.push_back(std::move(*profile));
    }
    return profiles;
}

/// A machine of tests/machines.
inline Inventory machine(std::string_view name) {
    const auto path = source_path("tests/machines") / name / "inventory.json";
    auto inventory = parse_json(read_file(path), path.string()).and_then([&](const Json& json) {
        return inventory_from_json(json, path.string());
    });
    if (!inventory) {
        throw std::runtime_error(inventory.error().to_text());
    }
    return std::move(*inventory);
}

/// Every machine of tests/machines, by name.
inline std::vector<std::string> machine_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(source_path("tests/machines"))) {
        if (std::filesystem::exists(entry.path() / "inventory.json")) {
            names.push_back(entry.path().filename());
        }
    }
    std::ranges::sort(names);
    return names;
}

/// "line:column code" of each finding: what the tables of the tests compare.
inline std::vector<std::string> places(const Report& report) {
    std::vector<std::string> list;
    for (const Finding& finding : report.findings()) {
        list.push_back(std::format("{}:{} {}", finding.where.line, finding.where.column, finding.code));
    }
    return list;
}

/// "line:column" of the first `token` in `text`.
inline std::string place_of(const std::string& text, std::string_view token) {
    const auto at = text.find(token);
    if (at == std::string::npos) {
        throw std::runtime_error("the text does not hold: " + std::string(token));
    }
    const auto line_start = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return std::format("{}:{}", std::ranges::count(text.substr(0, at), '\n') + 1, at - line_start + 1);
}

/// Only the codes.
inline std::vector<std::string> codes(const Report& report) {
    std::vector<std::string> list;
    for (const Finding& finding : report.findings()) {
        list.push_back(finding.code);
    }
    return list;
}

/// `text` with the first `from` replaced by `to`; fails the test where there is none.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    if (at == std::string::npos) {
        throw std::runtime_error("the text does not hold: " + std::string(from));
    }
    return text.replace(at, from.size(), to);
}

}  // namespace bedplate::test
