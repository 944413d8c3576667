// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// MemTotal of /proc/meminfo or of a NUMA node's meminfo ("Node 0 MemTotal: ... kB"). It is what the kernel
/// manages, a few per cent less than what is installed. Errors: meminfo.syntax.
[[nodiscard]] Result<Bytes> parse_meminfo_total(std::string_view text);

}  // namespace bedplate
