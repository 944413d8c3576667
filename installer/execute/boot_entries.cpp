// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/boot_entries.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"

namespace bedplate {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool is_number(std::string_view text) {
    return text.size() == 4 &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

BootEntries parse_boot_entries(std::string_view text) {
    constexpr std::string_view order_label = "BootOrder: ";
    constexpr std::string_view entry_label = "Boot";
    BootEntries result;
    for (const std::string& line : split(text, '\n')) {
        if (line.starts_with(order_label)) {
            for (const std::string& number : split(std::string_view(line).substr(order_label.size()), ',')) {
                result.order.emplace_back(trim(number));
            }
            continue;
        }
        // "Boot0001* debian\tHD(1,GPT,...)/File(\EFI\...)": a blank instead of the star where it is inactive.
        if (!line.starts_with(entry_label) || line.size() < 10 ||
            !is_number(std::string_view(line).substr(4, 4)) || (line[8] != '*' && line[8] != ' ')) {
            continue;
        }
        const std::size_t tab = line.find('\t');
        result.entries.push_back(
            {.number = line.substr(4, 4),
             .label = std::string(trim(line.substr(10, tab == std::string::npos ? tab : tab - 10))),
             .path = tab == std::string::npos ? std::string() : line.substr(tab + 1)});
    }
    return result;
}

bool leads_to(const BootEntry& entry, std::string_view partition_guid, std::string_view loader) {
    const std::string path = lower(entry.path);
    return path.contains(lower(partition_guid)) && path.contains(lower(loader));
}

}  // namespace bedplate
