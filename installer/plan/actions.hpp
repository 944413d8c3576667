// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "plan/node_files.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// Every action of the plan with its dependencies, in no particular order. `teardown`: something lives on the
/// disk that is to be erased first.
[[nodiscard]] std::vector<Action> build_actions(const NodeFacts& facts, const Disk& disk,
                                                const DiskIdentity& identity, bool teardown);

}  // namespace bedplate
