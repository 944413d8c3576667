// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate {

/// A disk as smartctl reaches it.
struct SmartDevice {
    std::string name;  ///< "/dev/sda", "/dev/bus/0"
    std::string type;  ///< "sat", "scsi", "nvme", "megaraid,3": for smartctl's --device
    bool operator==(const SmartDevice&) const = default;
};

/// `smartctl --json --scan-open`. Errors: json.syntax, smart.syntax.
[[nodiscard]] Result<std::vector<SmartDevice>> parse_smartctl_scan(std::string_view text);

/// What a disk says of itself; a field that it does not tell is empty.
struct DiskHealth {
    std::string serial, model;
    std::optional<bool> passed;                ///< its own verdict
    std::optional<std::uint64_t> bad_sectors;  ///< waiting for a spare, or unreadable
    std::optional<double> used_ratio;          ///< of the writes that it is made for; may exceed 1
    std::optional<double> celsius;
    bool operator==(const DiskHealth&) const = default;
};

/// `smartctl --json --info --health --attributes` (smartctl 7.4) of a disk with SATA, SAS or NVMe. Nothing:
/// it was not asked, since it sleeps. Errors: json.syntax, smart.syntax, smart.silent (what smartctl said).
[[nodiscard]] Result<std::optional<DiskHealth>> parse_smartctl(std::string_view text);

}  // namespace bedplate
