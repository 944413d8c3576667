// SPDX-License-Identifier: GPL-3.0-or-later
// Arrays of the kernel's own RAID (md), by mdadm.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

std::string md_attribute(Run& run, const std::string& kernel_name, std::string_view name) {
    const auto text =
        run.context.files.read(std::filesystem::path("/sys/class/block") / kernel_name / "md" / name);
    return text ? std::string(trim(*text)) : std::string();
}

// An array that this plan's own UUID names: an earlier run of this very plan made it and it still runs.
Result<Observation> observe_array(Run& run, const action::CreateArray& kind, const Action& action) {
    const std::string device = array_device(kind.uuid);
    if (!run.context.files.exists(device)) {
        return needed();
    }
    BEDPLATE_TRY(run.disks.prove(action, device));
    BEDPLATE_ASSIGN(const std::string name, run.disks.kernel_name(device));
    const std::string level = md_attribute(run, name, "level");
    const std::string disks = md_attribute(run, name, "raid_disks");
    if (level != kind.level || disks != std::to_string(kind.members.size())) {
        return conflict(std::format("{} is {} over {} devices, planned is {} over {}", device, level, disks,
                                    kind.level, kind.members.size()));
    }
    const std::string degraded = md_attribute(run, name, "degraded");
    if (!degraded.empty() && degraded != "0") {
        return conflict(std::format("{} of the devices of {} are missing or failed", degraded, device));
    }
    return satisfied();
}

Result<void> apply_array(Run& run, const action::CreateArray& kind, const Action& action) {
    for (const std::string& member : kind.members) {
        BEDPLATE_TRY(run.disks.prove(action, member));
    }
    run.touch(action);
    return run.run_commands(action);
}

}  // namespace

Steps steps(const action::CreateArray& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_array(run, kind, action); },
            .apply = [&] { return apply_array(run, kind, action); },
            .verify = [&]() -> Result<void> {
                BEDPLATE_TRY(run.context.blocks.wait_for(array_device(kind.uuid)));
                BEDPLATE_ASSIGN(const Observation now, observe_array(run, kind, action));
                return now.state == Observation::State::satisfied
                           ? Result<void>{}
                           : fail("md.verify",
                                  std::format("array {} is not as planned after it was made{}{}", kind.name,
                                              now.reason.empty() ? "" : ": ", now.reason),
                                  array_device(kind.uuid));
            }};
}

}  // namespace bedplate
