// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/run_recorder.hpp"

#include <algorithm>
#include <span>

#include "execute/action_disks.hpp"

namespace bedplate {

// The disks that are to boot, as far as the plan writes to them.
RunRecorder::RunRecorder(const Plan& plan, const std::string& digest, TargetDisks& disks)
    : plan_(plan), digest_(digest), disks_(disks) {
    for (const PlannedDisk& disk : plan.disks) {
        const bool written = std::ranges::any_of(plan.actions, [&](const Action& action) {
            return std::ranges::contains(disks_of(action), disk.identity);
        });
        if (disk.role == PlannedRole::system && written) {
            system_.push_back(disk.identity);
        }
    }
}

bool RunRecorder::is_on(const DiskIdentity& disk) const {
    return std::ranges::find(system_, disk) != system_.end();
}

Result<void> RunRecorder::open_all() {
    if (!open_.empty()) {
        return {};
    }
    std::vector<std::unique_ptr<BlockDevice>> opened;
    for (const DiskIdentity& disk : system_) {
        BEDPLATE_ASSIGN(auto device, disks_.open(disk, BlockAccess::write_shared));
        opened.push_back(std::move(device));
    }
    open_ = std::move(opened);
    return {};
}

Result<void> RunRecorder::begin(const Action& action) {
    const std::scoped_lock lock(mutex_);
    BEDPLATE_TRY(open_all());
    const auto at = std::ranges::find(plan_.actions, action.id, &Action::id);
    const RunRecord record{.cluster = plan_.cluster_name,
                           .hostname = plan_.hostname,
                           .plan_digest = digest_,
                           .action = action.id,
                           .number = static_cast<std::uint32_t>(std::distance(plan_.actions.begin(), at) + 1),
                           .total = static_cast<std::uint32_t>(plan_.actions.size())};
    for (const auto& device : open_) {
        const Bytes block = device->logical_block_size();
        const std::string text = encode_run_record(record, block);
        BEDPLATE_TRY(device->write(run_record_offset(block), std::as_bytes(std::span(text))));
        BEDPLATE_TRY(device->flush());
    }
    begun_ = true;
    return {};
}

}  // namespace bedplate
