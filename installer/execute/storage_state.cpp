// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/storage_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <format>

#include "platform/descriptor.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {
namespace {

template <typename Kind, typename Match>
const Action* find_action(const Plan& plan, Match&& match) {
    const auto found = std::ranges::find_if(plan.actions, [&](const Action& action) {
        const auto* const kind = std::get_if<Kind>(&action.kind);
        return kind != nullptr && match(action);
    });
    return found == plan.actions.end() ? nullptr : &*found;
}

// Whether the partitions that the inventory saw are those of the planned table.
bool plan_found_its_own_table(const action::WipeDisk& wipe, const action::WritePartitionTable& table) {
    return wipe.partitions.size() == table.partitions.size() &&
           std::ranges::equal(wipe.partitions, table.partitions, {}, &PartitionFacts::start,
                              [&](const action::PlannedPartition& planned) {
                                  return table.logical_block_size * planned.first.value;
                              });
}

Result<void> sync_mounts(Run& run) {
    for (const Action& action : run.plan.actions) {
        const auto* const mount = std::get_if<action::MountVolume>(&action.kind);
        if (mount == nullptr) {
            continue;
        }
        const auto path = run.on_target(mount->path);
        const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!descriptor.is_open() || ::syncfs(descriptor.get()) != 0) {
            return fail_errno("tree.sync", "write out the file system at", path.string(), errno);
        }
    }
    return {};
}

}  // namespace

const action::WritePartitionTable* planned_table(const Plan& plan, const DiskIdentity& disk) {
    const Action* const action = find_action<action::WritePartitionTable>(
        plan, [&](const Action& candidate) { return candidate.device == disk; });
    return action == nullptr ? nullptr : std::get_if<action::WritePartitionTable>(&action->kind);
}

Result<bool> is_own_unfinished(Run& run, const Action& action) {
    const auto* const planned = action.device ? planned_table(run.plan, *action.device) : nullptr;
    if (planned == nullptr) {
        return false;
    }
    BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::read));
    BEDPLATE_ASSIGN(const auto table, read_disk_table(*device));
    if (!table || table_difference(*table, *planned)) {
        return false;
    }
    const Action* const wipe = find_action<action::WipeDisk>(
        run.plan, [&](const Action& candidate) { return candidate.device == action.device; });
    return wipe == nullptr || run.done_before.contains(wipe->id) ||
           !plan_found_its_own_table(std::get<action::WipeDisk>(wipe->kind), *planned);
}

Result<void> wait_until(Clock& clock, std::chrono::milliseconds limit,
                        const std::function<Result<bool>()>& holds, std::string code, std::string message) {
    constexpr std::chrono::milliseconds pause{100};
    const auto deadline = clock.steady() + scaled(limit);
    while (true) {
        BEDPLATE_ASSIGN(const bool yes, holds());
        if (yes) {
            return {};
        }
        if (clock.steady() >= deadline) {
            return fail(std::move(code), std::move(message));
        }
        clock.sleep(pause);
    }
}

namespace {

// Until udev is done with everything that it has heard of one disk and its partitions. An event of its own
// comes after all of those; `udevadm settle` would wait for the other disks too, which this run works on and
// keeps locked meanwhile. The ping comes first: udev answers it when it has seen which files were closed.
// A time limit is no failure: whoever needs a node waits for that very node.
Result<void> settle(Run& run, const std::string& disk) {
    for (Command command :
         {Command{.argv = {"udevadm", "control", "--ping", "--timeout=30"}},
          Command{.argv = {"udevadm", "trigger", "--settle", "--action=change", "--name-match=" + disk}}}) {
        command.timeout = std::chrono::seconds{30};
        const auto done = run.context.commands.run(command);
        if (!done && done.error().code != "command.timeout") {
            return std::unexpected(done.error());
        }
    }
    return {};
}

}  // namespace

Result<void> reread_partition_table(Run& run, const std::string& disk) {
    const Command command{.argv = {"blockdev", "--rereadpt", disk}};
    constexpr int attempts = 20;
    constexpr std::chrono::milliseconds pause{250};
    for (int attempt = 1;; ++attempt) {
        auto done = run_checked(run.context.commands, command);
        if (done) {
            return {};
        }
        if (attempt == attempts || done.error().code != "command.failed") {
            return std::unexpected(std::move(done).error());
        }
        run.context.clock.sleep(pause);
    }
}

Result<void> reread_new_partitions(Run& run, const std::string& disk) {
    BEDPLATE_TRY(settle(run, disk));
    BEDPLATE_TRY(reread_partition_table(run, disk));
    return settle(run, disk);
}

Result<std::vector<Mount>> mounts_below_target(Run& run) {
    BEDPLATE_ASSIGN(const std::string text, run.context.files.read("/proc/self/mountinfo"));
    const std::string target = run.context.target.string();
    std::vector<Mount> found;
    for (Mount& mount : parse_mounts(text)) {
        if (mount.point == target || mount.point.starts_with(target + "/")) {
            found.push_back(std::move(mount));
        }
    }
    return found;
}

Result<void> sync_target(Run& run) {
    ++run.flushing;
    Result<void> done = sync_mounts(run);
    --run.flushing;
    return done;
}

}  // namespace bedplate
