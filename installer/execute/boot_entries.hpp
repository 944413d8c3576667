// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bedplate {

/// One boot option of the firmware.
struct BootEntry {
    std::string number;  ///< four hex digits, as efibootmgr takes them
    std::string label;
    std::string path;  ///< device path as efibootmgr prints it
};

struct BootEntries {
    std::vector<BootEntry> entries;
    std::vector<std::string> order;  ///< numbers
};

/// What efibootmgr (17 and later) prints; unknown lines are left out.
[[nodiscard]] BootEntries parse_boot_entries(std::string_view text);

/// The entry's path names this partition and this loader; both without regard to case.
[[nodiscard]] bool leads_to(const BootEntry& entry, std::string_view partition_guid, std::string_view loader);

}  // namespace bedplate
