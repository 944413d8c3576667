// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "inventory/inventory.hpp"

namespace bedplate {

inline std::filesystem::path machines_folder() {
    return std::filesystem::path(BEDPLATE_SOURCE_DIR) / "tests/machines";
}

inline std::string file_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string machine_text(const std::string& name) {
    return file_text(machines_folder() / name / "inventory.json");
}

/// Every folder of tests/machines/ that holds an inventory, sorted.
inline std::vector<std::string> machine_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(machines_folder())) {
        if (std::filesystem::exists(entry.path() / "inventory.json")) {
            names.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

inline Inventory load_machine(const std::string& name) {
    const auto json = parse_json(machine_text(name), name);
    auto inventory = json ? inventory_from_json(*json, name) : std::unexpected(json.error());
    if (!inventory) {
        throw std::runtime_error(inventory.error().to_text());
    }
    return *inventory;
}

}  // namespace bedplate
