// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/md.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace bedplate {

std::vector<MdArray> parse_mdstat(std::string_view text) {
    std::vector<MdArray> arrays;
    for (const std::string& line : split(text, '\n')) {
        // "md127 : active (auto-read-only) raid1 sdb3[1] sda3[0](F)"
        const auto colon = line.find(" : ");
        if (!line.starts_with("md") || colon == std::string::npos) {
            continue;
        }
        MdArray& array = arrays.emplace_back();
        array.name = line.substr(0, colon);
        for (const std::string& word : split(line.substr(colon + 3), ' ')) {
            if (const auto bracket = word.find('['); bracket != std::string::npos) {
                array.members.push_back(word.substr(0, bracket));
            } else if (word == "active") {
                array.active = true;
            } else if (!word.empty() && word != "inactive" && !word.starts_with('(')) {
                array.level = word;
            }
        }
        std::ranges::sort(array.members);
    }
    return arrays;
}

Result<MdArray> parse_mdadm_export(std::string_view text) {
    MdArray array{.active = true};
    for (const std::string& line : split(text, '\n')) {
        const auto equals = line.find('=');
        if (equals == std::string::npos) {
            continue;
        }
        const std::string_view name = std::string_view(line).substr(0, equals);
        const std::string value = line.substr(equals + 1);
        if (name == "MD_LEVEL") {
            array.level = value;
        } else if (name == "MD_UUID") {
            array.uuid = value;
        } else if (name == "MD_NAME") {
            array.name = value;
        } else if (name.starts_with("MD_DEVICE_") && name.ends_with("_DEV")) {
            array.members.push_back(value.substr(value.rfind('/') + 1));
        }
    }
    if (array.level.empty()) {
        return fail("md.syntax", "no MD_LEVEL in the output", "mdadm --detail --export");
    }
    std::ranges::sort(array.members);
    return array;
}

}  // namespace bedplate
