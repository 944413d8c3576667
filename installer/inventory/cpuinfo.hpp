// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "inventory/inventory.hpp"

namespace bedplate {

/// /proc/cpuinfo of x86. A virtual machine may show no topology; it then has one socket, and each processor
/// is a core. Errors: cpuinfo.syntax (no processor).
[[nodiscard]] Result<CpuFacts> parse_cpuinfo(std::string_view text);

}  // namespace bedplate
