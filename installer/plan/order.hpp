// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/result.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// The actions in an order that respects `after`; of those that could run next, the one of the earliest stage
/// and then of the smallest id does, so that the same set always gives the same order. Errors: plan.order (an
/// id twice, an unknown id, a wait for a later stage, a cycle): defects of the planner, not of the input.
[[nodiscard]] Result<std::vector<Action>> in_order(std::vector<Action> actions);

}  // namespace bedplate
