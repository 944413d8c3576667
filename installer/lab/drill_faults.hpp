// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "lab/drill.hpp"
#include "lab/healing.hpp"

namespace bedplate::lab {

/// Does to a lab what a drill is about, and writes down before how it is undone. The drills that do not break
/// anything (rolling_restart, migrate) are no faults.
class Fault {
public:
    Fault(Rack& rack, Healing& healing) : rack_(rack), healing_(healing) {}

    /// Everything that takes time is done here: asking for disks, addresses, and the plan of healing. Errors:
    /// those of the questions, file.write.
    [[nodiscard]] Result<void> prepare(DrillKind kind, const Choice& choice);
    /// The fault itself; returns its moment. Where it is done by a command on a node, that is when the node
    /// says that it begins: logging in takes seconds. Errors: libvirt.*, drill.process, lab.node-command,
    /// command.*.
    [[nodiscard]] Result<std::chrono::steady_clock::time_point> inject(DrillKind kind, const Choice& choice);
    /// What ends by itself after the choice's `hold`: the node that hung goes on, the cable is plugged.
    [[nodiscard]] Result<void> release(DrillKind kind, const Choice& choice);

private:
    [[nodiscard]] Result<void> plan_release(const std::string& node);
    [[nodiscard]] Result<void> from_outside(DrillKind kind, const Choice& choice);
    [[nodiscard]] std::string line_on_node(DrillKind kind, const Choice& choice) const;
    [[nodiscard]] Result<void> plan_daemon(const std::string& node, const std::string& unit,
                                           const std::string& before = {});
    [[nodiscard]] Result<std::string> mac(const Choice& choice) const;

    Rack& rack_;
    Healing& healing_;
    std::string disk_;   ///< the kernel's name, on the choice's node
    std::string flows_;  ///< of the partition
};

}  // namespace bedplate::lab
