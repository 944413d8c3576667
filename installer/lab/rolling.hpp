// SPDX-License-Identifier: GPL-3.0-or-later
// The drills that break nothing: maintenance, as a person does it.
#pragma once

#include <functional>

#include "lab/drill.hpp"
#include "lab/healing.hpp"

namespace bedplate::lab {

/// What a drill of several steps needs of the one who runs it.
struct StepTools {
    std::function<Result<void>(std::string_view what, Span most, const std::function<bool()>& done)> until;
    std::function<void(const std::string& line)> say;
    std::function<std::string()> complaint;  ///< what is wrong with the cluster; empty: nothing
    std::function<std::string()> home;       ///< where the machine runs; empty: on no node or on two
};

/// Each node in turn: standby, a restart, back; Ceph is told not to move data meanwhile. Errors: drill.late,
/// drill.ended, lab.node-command.
[[nodiscard]] Result<void> restart_all(Rack& rack, Healing& healing, const StepTools& tools);

/// The machine moves to a node and back, while it runs. Errors: the same, drill.nothing (it does not run).
[[nodiscard]] Result<void> migrate_there_and_back(const Rack& rack, const std::string& there,
                                                  const StepTools& tools);

}  // namespace bedplate::lab
