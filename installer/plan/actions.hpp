// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/result.hpp"
#include "plan/node_files.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// Every action of the plan with its dependencies, in no particular order. Errors: those of tear_down.
[[nodiscard]] Result<std::vector<Action>> build_actions(const NodeFacts& facts);

}  // namespace bedplate
