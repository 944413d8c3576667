// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "inventory/inventory.hpp"

namespace bedplate {

/// `lldpcli -f json0 show neighbors`: the first LLDP neighbour of every interface, by interface name.
/// Errors: json.syntax.
[[nodiscard]] Result<std::map<std::string, Lldp>> parse_lldpcli(std::string_view text);

}  // namespace bedplate
