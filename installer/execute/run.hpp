// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "execute/esp_image.hpp"
#include "execute/execute.hpp"
#include "execute/journal.hpp"
#include "execute/payload_source.hpp"
#include "execute/progress.hpp"
#include "execute/run_recorder.hpp"
#include "execute/target_disks.hpp"

namespace bedplate {

/// Roles of the disks on which a run has begun to make something new. May be used from several threads.
class TouchedRoles {
public:
    void mark(PlannedRole role) {
        const std::scoped_lock lock(mutex_);
        roles_.insert(role);
    }
    [[nodiscard]] bool contain(PlannedRole role) const {
        const std::scoped_lock lock(mutex_);
        return roles_.contains(role);
    }
    [[nodiscard]] bool any() const {
        const std::scoped_lock lock(mutex_);
        return !roles_.empty();
    }

private:
    mutable std::mutex mutex_;
    std::set<PlannedRole> roles_;
};

/// What the handlers of one run share. Handlers of teardown, partitioning and formatting run for several
/// disks at a time; what they may use is said to be for several threads.
struct Run {
    const Plan& plan;
    ExecuteContext& context;
    TargetDisks& disks;
    Progress& progress;
    Journal& journal;
    RunRecorder& recorder;
    const std::string& digest;   ///< of the plan
    std::filesystem::path work;  ///< a folder in RAM for things in between
    unsigned threads = 1;

    std::unique_ptr<MemoryPayload> payload_in_memory;  ///< the verified payload, where it fits
    std::map<std::string, std::string> digests;  ///< path on the node -> SHA-256 of what was written there
    std::set<std::string> done_before;           ///< actions that an earlier run of this very plan completed
    /// The EFI system partitions as they were put together in this run, by the device of each.
    std::map<std::string, std::unique_ptr<EspImage>> esp_images;
    std::map<std::string, Secret> crypt_keys = {};  ///< by the UUID of the header: drawn in this run
    bool tree_changed = false;                      ///< this run unpacked the payload
    bool bootable = false;  ///< a commit is done: nothing may touch the boot areas any more
    TouchedRoles touched = {};
    /// How many threads wait until the system disks have written out their caches: the kernel does not count
    /// a flush as a request under way.
    std::atomic<unsigned> flushing = 0;

    /// This run makes a table, a volume or a file system on the action's disks: nothing older that is found
    /// there counts, it may be the ghost of something that stood at the same place. For several threads.
    void touch(const Action& action);
    /// A disk with the same role as the action's was touched: what stands on several disks is one thing.
    [[nodiscard]] bool is_touched(const Action& action) const;
    /// A disk that is to boot was touched.
    [[nodiscard]] bool system_is_touched() const { return touched.contain(PlannedRole::system); }

    /// The path of an action's disk for its commands; "" for actions without one.
    [[nodiscard]] Result<std::string> disk_path(const Action& action) const;
    /// Where a path of the node is now: "/boot" -> "/target/boot".
    [[nodiscard]] std::filesystem::path on_target(const std::string& path) const;
    /// `text` with the marks of the plan replaced by what they stand for.
    [[nodiscard]] std::string filled_in(std::string text) const;
    /// Run the commands that the plan shows for the action, with its disks locked where they write to them.
    /// For several threads. Errors: command.*, block.locked.
    [[nodiscard]] Result<void> run_commands(const Action& action);
    /// The same with those of the commands that `is_wanted` says yes to.
    [[nodiscard]] Result<void> run_commands(
        const Action& action, const std::function<bool(const std::vector<std::string>&)>& is_wanted);
    /// The locks on all disks of an action; in one order, so that two actions never wait for each other.
    [[nodiscard]] Result<std::vector<std::unique_ptr<DiskLock>>> lock_disks(const Action& action);
};

/// What an action finds. Everything is looked up on the disk or from the kernel, not remembered.
struct Observation {
    enum class State { satisfied, needed, conflict } state = State::needed;
    std::string reason;  ///< of a conflict: what is in the way
};

inline Observation satisfied() {
    return {.state = Observation::State::satisfied, .reason = {}};
}
inline Observation needed() {
    return {.state = Observation::State::needed, .reason = {}};
}
inline Observation conflict(std::string reason) {
    return {.state = Observation::State::conflict, .reason = std::move(reason)};
}

/// How one action is carried out.
struct Steps {
    std::function<Result<Observation>()> observe;
    std::function<Result<void>()> apply;
    /// After apply; empty: observe again and expect `satisfied`.
    std::function<Result<void>()> verify = {};
};

}  // namespace bedplate
