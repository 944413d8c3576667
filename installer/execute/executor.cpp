// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/executor.hpp"

#include <algorithm>
#include <condition_variable>
#include <format>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "execute/action_disks.hpp"
#include "execute/carry_out.hpp"
#include "execute/handlers.hpp"
#include "execute/schedule.hpp"

namespace bedplate {
namespace {

/// The threads on which actions run, one an action, and how they ended.
class Crew {
public:
    ~Crew() {
        for (auto& [index, thread] : threads_) {
            thread.join();
        }
    }

    void start(std::size_t index, std::function<Result<void>()> work) {
        threads_[index] = std::thread([this, index, work = std::move(work)] {
            Result<void> result = work();
            const std::scoped_lock lock(mutex_);
            ended_.emplace_back(index, std::move(result));
            changed_.notify_one();
        });
    }

    /// Waits for one that has ended.
    std::pair<std::size_t, Result<void>> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !ended_.empty(); });
        auto first = std::move(ended_.front());
        ended_.erase(ended_.begin());
        lock.unlock();
        threads_.at(first.first).join();
        threads_.erase(first.first);
        return first;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<std::size_t, Result<void>>> ended_;
    std::map<std::size_t, std::thread> threads_;
};

}  // namespace

std::string name_disk(const DiskIdentity& identity, const Inventory& inventory) {
    const auto found = find_disk(identity, inventory);
    if (!found) {
        return "disk with " + identity.to_text();
    }
    const Disk& disk = **found;
    std::string text = std::format("disk serial {} ({})", disk.serial.empty() ? "(none)" : disk.serial,
                                   disk.model.empty() ? "no model" : disk.model);
    if (disk.serial.empty()) {
        text += ", " + identity.to_text();
    }
    if (!disk.by_path.empty()) {
        text += ", bay " + disk.by_path;
    }
    return text + ", " + disk.path;
}

Error name_action(Error error, const Action& action, const Inventory& inventory) {
    std::string line = std::format("trying to {} (action {}", action.summary, action.id);
    for (const DiskIdentity& disk : disks_of(action)) {
        line += "; " + name_disk(disk, inventory);
    }
    error.context.push_back(line + ")");
    return error;
}

Result<void> Executor::all(const std::function<bool()>& stop) {
    const std::vector<Action>& actions = run_.plan.actions;
    if (std::ranges::any_of(actions, [](const Action& action) { return action.device.has_value(); })) {
        // Before anything is written, and before the payload is read for minutes.
        BEDPLATE_TRY(run_.disks.verify_all());
    }
    Schedule schedule(run_.plan, parallel_);
    Crew crew;
    std::optional<std::pair<std::size_t, Error>> first_error;
    while (true) {
        if (!first_error && !stop()) {
            for (const std::size_t index : schedule.ready()) {
                schedule.start(index);
                crew.start(index, [this, &action = actions[index]] { return one(action); });
            }
        }
        if (schedule.idle()) {
            break;
        }
        auto [index, result] = crew.next();
        schedule.finish(index);
        if (!result && (!first_error || index < first_error->first)) {
            first_error.emplace(index, std::move(result).error());
        }
    }
    if (first_error) {
        failed_ = &actions[first_error->first];
        return std::unexpected(std::move(first_error->second));
    }
    return schedule.done() ? Result<void>{}
                           : fail("execute.cancelled", "the installation was given up already");
}

Result<void> Executor::one(const Action& action) {
    run_.progress.begin(action);
    BEDPLATE_TRY(run_.journal.append(JournalEntry::Type::started, action.id));
    auto satisfied = carry_out(action);
    if (!satisfied) {
        return std::unexpected(name_action(std::move(satisfied).error(), action, run_.context.inventory));
    }
    BEDPLATE_TRY(run_.journal.append(
        *satisfied ? JournalEntry::Type::satisfied : JournalEntry::Type::finished, action.id));
    run_.progress.finish(action, *satisfied);
    return {};
}

// An action that changes nothing (a mount, say) begins no record, so that a second run of a finished plan
// writes nothing; and nothing may be written to a disk that boots.
Result<void> Executor::record(const Action& action) {
    const bool changes = changes_target(action.kind) && action.stage != Stage::preflight;
    if (run_.bootable || !(changes || run_.recorder.begun())) {
        return {};
    }
    return run_.recorder.begin(action);
}

/// True: nothing had to be done.
Result<bool> Executor::carry_out(const Action& action) {
    Steps recorded = std::visit([&](const auto& kind) { return steps(kind, action, run_); }, action.kind);
    recorded.apply = [this, &action, apply = std::move(recorded.apply)]() -> Result<void> {
        BEDPLATE_TRY(record(action));
        return apply();
    };
    return bedplate::carry_out(recorded, action.id);
}

}  // namespace bedplate
