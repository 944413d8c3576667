// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "inventory/inventory.hpp"

namespace bedplate {

/// `ipmitool lan print`. An address of 0.0.0.0 is none. Errors: ipmi.syntax (neither address is there).
[[nodiscard]] Result<BmcFacts> parse_ipmitool_lan(std::string_view text);

}  // namespace bedplate
