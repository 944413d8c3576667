// SPDX-License-Identifier: GPL-3.0-or-later
// LVM, by its own tools.
#include <algorithm>
#include <format>

#include "execute/handlers.hpp"
#include "execute/kernel_state.hpp"

namespace bedplate {
namespace {

Result<void> apply_changed(Run& run, const Action& action) {
    run.touch(action);
    return run.run_commands(action);
}

// The physical volume on `device`, if LVM knows one there; both names may be links.
Result<std::optional<PvState>> volume_on(Run& run, const std::string& device) {
    BEDPLATE_ASSIGN(const std::string wanted, run.disks.kernel_name(device));
    BEDPLATE_ASSIGN(const auto volumes, physical_volumes(run.context.commands));
    for (const PvState& volume : volumes) {
        if (!volume.device.starts_with('/')) {
            continue;  // "[unknown]": a group misses this one
        }
        const auto name = run.disks.kernel_name(volume.device);
        if (name && *name == wanted) {
            return volume;
        }
    }
    return std::nullopt;
}

Result<Observation> observe_group(Run& run, const action::CreateVolumeGroup& kind) {
    BEDPLATE_ASSIGN(const std::string wanted, run.disks.kernel_name(kind.device));
    BEDPLATE_ASSIGN(const auto volumes, physical_volumes(run.context.commands));
    Observation result = needed();
    for (const PvState& volume : volumes) {
        const auto name = run.disks.kernel_name(volume.device);
        const bool ours = name && *name == wanted;
        if (volume.volume_group == kind.name && !ours) {
            return conflict(
                std::format("there is a volume group {} on {} already", kind.name, volume.device));
        }
        if (ours && !volume.volume_group.empty()) {
            result = volume.volume_group == kind.name
                         ? satisfied()
                         : conflict(std::format("{} belongs to volume group {}", kind.device,
                                                volume.volume_group));
        }
    }
    return result;
}

Result<std::optional<LvState>> find_volume(Run& run, const action::CreateLogicalVolume& kind) {
    BEDPLATE_ASSIGN(const auto volumes, logical_volumes(run.context.commands, kind.device));
    const auto found = std::ranges::find_if(volumes, [&](const LvState& volume) {
        return volume.volume_group == kind.volume_group && volume.name == kind.name;
    });
    return found == volumes.end() ? std::nullopt : std::optional(*found);
}

Result<Observation> observe_volume(Run& run, const action::CreateLogicalVolume& kind) {
    BEDPLATE_ASSIGN(const auto volume, find_volume(run, kind));
    if (!volume) {
        return needed();
    }
    if (volume->size != kind.size) {
        return conflict(std::format("{}/{} has {}, planned are {}", kind.volume_group, kind.name,
                                    to_exact_text(volume->size), to_exact_text(kind.size)));
    }
    return volume->active ? satisfied() : needed();
}

// A volume that is there but switched off (a run before a restart made it) is only switched on.
Result<void> apply_volume(Run& run, const action::CreateLogicalVolume& kind, const Action& action) {
    BEDPLATE_ASSIGN(const auto volume, find_volume(run, kind));
    if (!volume) {
        return apply_changed(run, action);
    }
    const std::string name = std::format("{}/{}", kind.volume_group, kind.name);
    BEDPLATE_TRY(run_checked(run.context.commands, {.argv = {"lvchange", "--devices", kind.device, "--yes",
                                                             "--activate", "y", name}}));
    return {};
}

}  // namespace

Steps steps(const action::CreatePhysicalVolume& kind, const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_TRY(run.disks.prove(action, kind.device));
                BEDPLATE_ASSIGN(const auto volume, volume_on(run, kind.device));
                return volume ? satisfied() : needed();
            },
            .apply = [&] { return apply_changed(run, action); }};
}

Steps steps(const action::CreateVolumeGroup& kind, const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_TRY(run.disks.prove(action, kind.device));
                return observe_group(run, kind);
            },
            .apply = [&] { return apply_changed(run, action); }};
}

Steps steps(const action::CreateLogicalVolume& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_volume(run, kind); },
            .apply = [&] { return apply_volume(run, kind, action); },
            .verify = [&]() -> Result<void> {
                const std::string node = std::format("/dev/{}/{}", kind.volume_group, kind.name);
                BEDPLATE_TRY(run.disks.prove(action, node));
                BEDPLATE_ASSIGN(const Observation now, observe_volume(run, kind));
                return now.state == Observation::State::satisfied
                           ? Result<void>{}
                           : fail("lvm.verify", std::format("{} is not there after it was made", node), node);
            }};
}

}  // namespace bedplate
