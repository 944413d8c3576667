// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace bedplate {

/// Which actions of a plan may be started, given those that run and those that are done. An action waits for
/// every action that it names, for every action of an earlier stage, and for every earlier action of the plan
/// on one of its disks. Only teardown, partitioning and formatting go on at several disks at a time; from the
/// extraction on, and for an action without a disk, it is one after the other in the plan's order.
class Schedule {
public:
    /// `most`: how many actions may run at a time, at least 1.
    Schedule(const Plan& plan, std::size_t most);

    /// Indices into the plan's actions, in the plan's order.
    [[nodiscard]] std::vector<std::size_t> ready() const;
    void start(std::size_t index);
    void finish(std::size_t index);
    [[nodiscard]] bool idle() const { return running_.empty(); }
    [[nodiscard]] bool done() const { return finished_.size() == plan_.actions.size(); }

private:
    [[nodiscard]] bool may_start(std::size_t index) const;

    const Plan& plan_;
    std::size_t most_;
    std::vector<std::set<std::string>> disks_;      ///< of each action
    std::vector<std::set<std::size_t>> waits_for_;  ///< of each action: what must be finished before
    std::set<std::size_t> running_, finished_;
};

}  // namespace bedplate
