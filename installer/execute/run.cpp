// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/run.hpp"

#include <algorithm>
#include <chrono>
#include <ranges>

#include "execute/action_disks.hpp"

namespace bedplate {
namespace {

void replace_all(std::string& text, std::string_view mark, std::string_view value) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
        text.replace(at, mark.size(), value);
    }
}

PlannedRole role_of(const Plan& plan, const Action& action) {
    const auto disk = action.device ? std::ranges::find(plan.disks, *action.device, &PlannedDisk::identity)
                                    : plan.disks.end();
    return disk == plan.disks.end() ? PlannedRole::system : disk->role;
}

}  // namespace

Result<std::string> Run::disk_path(const Action& action) const {
    return action.device ? disks.path_of(*action.device) : std::string();
}

std::filesystem::path Run::on_target(const std::string& path) const {
    return context.target / std::filesystem::path(path).relative_path();
}

std::string Run::filled_in(std::string text) const {
    replace_all(text, kernel_release_mark, context.manifest.payload.kernel);
    replace_all(text, plan_digest_mark, digest);
    return text;
}

void Run::touch(const Action& action) {
    touched.mark(role_of(plan, action));
}

bool Run::is_touched(const Action& action) const {
    return touched.contain(role_of(plan, action));
}

Result<std::vector<std::unique_ptr<DiskLock>>> Run::lock_disks(const Action& action) {
    std::set<std::string> paths;
    for (const DiskIdentity& disk : disks_of(action)) {
        BEDPLATE_ASSIGN(std::string path, disks.path_of(disk));
        paths.insert(std::move(path));
    }
    std::vector<std::unique_ptr<DiskLock>> locks;
    for (const std::string& path : paths) {
        BEDPLATE_ASSIGN(auto lock, context.blocks.lock(path));
        locks.push_back(std::move(lock));
    }
    return locks;
}

Result<void> Run::run_commands(const Action& action) {
    return run_commands(action, [](const std::vector<std::string>& /*argv*/) { return true; });
}

Result<void> Run::run_commands(const Action& action,
                               const std::function<bool(const std::vector<std::string>&)>& is_wanted) {
    // A tool that hangs on a disk in the middle of its work is found by watching the disk; this is for those
    // that wait for something else.
    const bool slow = std::holds_alternative<action::UpdateInitramfs>(action.kind);
    const std::chrono::minutes limit{slow ? 15 : 2};
    BEDPLATE_ASSIGN(const std::string disk, disk_path(action));
    const auto list = commands(action, {.target = context.target.string(), .disk = disk});
    if (list.empty()) {
        return {};
    }
    std::vector<std::unique_ptr<DiskLock>> locks;
    if (needs_disk_lock(action.kind)) {
        BEDPLATE_ASSIGN(locks, lock_disks(action));
    }
    // With the disk locked, so that udev takes no node away between the question and the command.
    for (const auto& argv : list | std::views::filter(is_wanted)) {
        BEDPLATE_TRY(run_checked(context.commands, {.argv = argv, .timeout = limit}));
    }
    return {};
}

}  // namespace bedplate
