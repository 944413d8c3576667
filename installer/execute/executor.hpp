// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>

#include "execute/run.hpp"

namespace bedplate {

/// Carries out the actions of a plan: each is observed first; what is satisfied is skipped, a conflict ends
/// the run. Up to `parallel` actions on different disks go on at a time.
class Executor {
public:
    Executor(Run& run, std::size_t parallel) : run_(run), parallel_(parallel) {}

    /// Ends when every action is done, or after a failure when those that were going on have ended. If
    /// several failed, the error is that of the first in the plan's order. `stop` is asked before every
    /// action.
    [[nodiscard]] Result<void> all(const std::function<bool()>& stop);
    /// Of the error that all() returned; null where it belongs to no action.
    [[nodiscard]] const Action* failed() const { return failed_; }

private:
    [[nodiscard]] Result<void> one(const Action& action);
    [[nodiscard]] Result<bool> carry_out(const Action& action);
    [[nodiscard]] Result<void> record(const Action& action);

    Run& run_;
    std::size_t parallel_;
    const Action* failed_ = nullptr;
};

/// The error with what was being done, and on which disk: serial number, place, path.
[[nodiscard]] Error name_action(Error error, const Action& action, const Inventory& inventory);

/// "disk serial S6CSNA0WHSM96B (MODEL A), bay pci-0000:05:00.0-ata-1, /dev/sda": how an error names a disk.
[[nodiscard]] std::string name_disk(const DiskIdentity& identity, const Inventory& inventory);

}  // namespace bedplate
