// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/clean_up.hpp"

#include <algorithm>
#include <format>
#include <ranges>

#include "execute/failure_bundle.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

template <typename Kind>
const Action* find_kind(const Plan& plan) {
    const auto found = std::ranges::find_if(
        plan.actions, [](const Action& action) { return std::holds_alternative<Kind>(action.kind); });
    return found == plan.actions.end() ? nullptr : &*found;
}

}  // namespace

void CleanUp::after(const Error& error) {
    if (hung_ == nullptr) {
        run_.journal.close_mirror();
        unmount();
        deactivate();
    }
    if (run_.touched.any() && !run_.bootable) {
        note("writing the failure bundle",
             write_failure_bundle(run_.plan, error, run_.context, run_.disks, run_.work, hung_));
    }
}

void CleanUp::note(std::string_view what, const Result<void>& result) {
    const std::string text = result ? std::format("clean-up: {}: done", what)
                                    : std::format("clean-up: {} failed: {}", what, result.error().message);
    run_.progress.note(text);
    // The journal may be what is failing, or held by a thread that hangs; the event above says the same.
    if (hung_ == nullptr) {
        static_cast<void>(run_.journal.append(JournalEntry::Type::note, "", text));
    }
}

void CleanUp::unmount() {
    const Action* const action = find_kind<action::UnmountTarget>(run_.plan);
    const auto mounts = mounts_below_target(run_);
    if (action != nullptr && mounts && !mounts->empty()) {
        note("unmounting the target", run_.run_commands(*action));
    }
}

// From the top down: what stands on a disk keeps it from being opened, and the failure bundle from being
// written.
void CleanUp::deactivate() {
    if (!run_.touched.any()) {
        return;
    }
    for (const Action& action : run_.plan.actions | std::views::reverse) {
        if (const auto* const group = std::get_if<action::CreateVolumeGroup>(&action.kind)) {
            deactivate(*group);
        } else if (const auto* const crypt = std::get_if<action::OpenCrypt>(&action.kind)) {
            take_away("closing the encrypted device", "/dev/mapper/" + crypt->name,
                      {"cryptsetup", "close", crypt->name});
        } else if (const auto* const array = std::get_if<action::CreateArray>(&action.kind)) {
            const std::string device = array_device(array->uuid);
            take_away("stopping the array " + array->name, device, {"mdadm", "--stop", device});
        }
    }
}

void CleanUp::take_away(std::string_view what, const std::string& node, std::vector<std::string> argv) {
    if (run_.context.files.exists(node)) {
        const auto done = run_checked(run_.context.commands, {.argv = std::move(argv)});
        note(what, done ? Result<void>() : std::unexpected(done.error()));
    }
}

void CleanUp::deactivate(const action::CreateVolumeGroup& kind) {
    const auto volumes = logical_volumes(run_.context.commands, kind.device);
    const bool active = volumes && std::ranges::any_of(*volumes, [&](const LvState& volume) {
                            return volume.volume_group == kind.name && volume.active;
                        });
    if (active) {
        const auto done = run_checked(
            run_.context.commands,
            {.argv = {"vgchange", "--devices", kind.device, "--yes", "--activate", "n", kind.name}});
        note("switching off the volume group", done ? Result<void>() : std::unexpected(done.error()));
    }
}

}  // namespace bedplate
