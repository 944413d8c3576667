// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/inventory.hpp"

namespace bedplate {

/// `ipmitool lan print`. An address of 0.0.0.0 is none. Errors: ipmi.syntax (neither address is there).
[[nodiscard]] Result<BmcFacts> parse_ipmitool_lan(std::string_view text);

/// What a BMC measures or watches.
struct Sensor {
    enum class State { fine = 0, warning = 1, critical = 2 };
    std::string name;
    std::optional<double> reading;  ///< of those with a value
    std::string unit;               ///< "degrees C", "RPM", "Watts"
    State state = State::fine;
    bool operator==(const Sensor&) const = default;
};

/// `ipmitool -c sdr list` (1.8.19). Sensors that read nothing are left out. One with limits is critical
/// beyond its critical or non-recoverable one; one that watches a part is when it says that the part failed.
/// Lines of another form are passed over: BMCs have many kinds.
[[nodiscard]] std::vector<Sensor> parse_ipmitool_sensors(std::string_view text);

}  // namespace bedplate
