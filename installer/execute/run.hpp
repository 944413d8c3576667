// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "execute/esp_image.hpp"
#include "execute/execute.hpp"
#include "execute/journal.hpp"
#include "execute/payload_source.hpp"
#include "execute/progress.hpp"
#include "execute/target_disks.hpp"

namespace bedplate {

/// What the handlers of one run share.
struct Run {
    const Plan& plan;
    ExecuteContext& context;
    TargetDisks disks;
    Progress& progress;
    Journal& journal;
    std::string digest;          ///< of the plan
    std::filesystem::path work;  ///< a folder in RAM for things in between
    unsigned threads = 1;

    std::unique_ptr<MemoryPayload> payload_in_memory;  ///< the verified payload, where it fits
    std::map<std::string, std::string> digests;  ///< path on the node -> SHA-256 of what was written there
    std::set<std::string> done_before;           ///< actions that an earlier run of this very plan completed
    std::unique_ptr<EspImage> esp_image;  ///< the EFI system partition as it was put together in this run
    bool storage_changed = false;  ///< this run made a table, a volume or a file system: nothing older counts
    bool tree_changed = false;     ///< this run unpacked the payload
    bool bootable = false;         ///< the commit is done: nothing may touch the boot area any more

    /// The path of an action's disk for its commands; "" for actions without one.
    [[nodiscard]] Result<std::string> disk_path(const Action& action) const;
    /// Where a path of the node is now: "/boot" -> "/target/boot".
    [[nodiscard]] std::filesystem::path on_target(const std::string& path) const;
    /// `text` with the marks of the plan replaced by what they stand for.
    [[nodiscard]] std::string filled_in(std::string text) const;
    /// Run the commands that the plan shows for the action. Errors: command.*.
    [[nodiscard]] Result<void> run_commands(const Action& action);
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
