// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/result.hpp"
#include "table.hpp"

namespace bedplate::bench {

/// Planning 1,000 machines in this process: the recorded ones over and over, their disks shuffled each time.
/// From the inventory's text to the plan's digest. Errors: bench.order (another order gave another plan),
/// those of reading.
[[nodiscard]] Result<std::vector<Row>> planning_rows(unsigned repetitions);

}  // namespace bedplate::bench
