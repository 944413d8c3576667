// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bedplate {

/// `ethtool IF`.
struct EthtoolSettings {
    std::optional<std::uint64_t> speed_mbps;      ///< absent without link ("Unknown!")
    std::optional<std::uint64_t> max_speed_mbps;  ///< the fastest supported link mode
    std::optional<bool> link;
};

/// `ethtool -i IF`.
struct EthtoolDriver {
    std::string driver, version, firmware, bus_info;
};

/// Errors: ethtool.syntax (no "Settings for").
[[nodiscard]] Result<EthtoolSettings> parse_ethtool(std::string_view text);
/// Errors: ethtool.syntax (no "driver:").
[[nodiscard]] Result<EthtoolDriver> parse_ethtool_driver(std::string_view text);
/// `ethtool -P IF`: the address, lower case; empty where the card has none (all zeros). Errors:
/// ethtool.syntax.
[[nodiscard]] Result<std::string> parse_ethtool_permanent(std::string_view text);

}  // namespace bedplate
