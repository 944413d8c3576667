// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate {

/// One device of udev's database.
struct UdevDevice {
    std::string devpath;                            ///< "/devices/pci0000:00/.../block/sda": P:
    std::string sysname;                            ///< last part of devpath
    std::vector<std::string> links;                 ///< "disk/by-id/...", relative to /dev, sorted: S:
    std::map<std::string, std::string> properties;  ///< E:

    /// The property's value; empty where there is none.
    [[nodiscard]] std::string property(const std::string& name) const;
    /// Names (without folder) of the links in `folder` ("disk/by-id"), sorted.
    [[nodiscard]] std::vector<std::string> links_in(std::string_view folder) const;
};

/// `udevadm info --export-db`, or `udevadm info DEVICE...`: blocks of "P:", "N:", "S:", "E:" lines. Lines
/// of other kinds are skipped. Errors: udev.syntax.
[[nodiscard]] Result<std::vector<UdevDevice>> parse_udevadm(std::string_view text);

/// udev's escaping undone: "PERC\x20H740P" -> "PERC H740P", without blanks around.
[[nodiscard]] std::string unescape_udev(std::string_view text);

}  // namespace bedplate
