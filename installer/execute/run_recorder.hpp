// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "execute/target_disks.hpp"
#include "inventory/run_record.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// Writes to every system disk which action is being carried out, before it is (inventory/run_record.hpp says
/// where). The disks stay open, in use or not, until this is destroyed: closing a disk that was open for
/// writing makes udev read its partition table again, which nobody wants after every action. May be used from
/// several threads.
class RunRecorder {
public:
    RunRecorder(const Plan& plan, const std::string& digest, TargetDisks& disks);

    /// One block on each system disk, flushed. Errors: those of opening and writing.
    [[nodiscard]] Result<void> begin(const Action& action);
    /// Something was written in this run.
    [[nodiscard]] bool begun() const { return begun_; }
    /// The record lies on this disk, so wiping leaves its block alone.
    [[nodiscard]] bool is_on(const DiskIdentity& disk) const;

private:
    [[nodiscard]] Result<void> open_all();

    const Plan& plan_;
    const std::string& digest_;
    TargetDisks& disks_;
    std::vector<DiskIdentity> system_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<BlockDevice>> open_;
    bool begun_ = false;
};

}  // namespace bedplate
