// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/boot_local.hpp"

#include <algorithm>

#include "execute/boot_entries.hpp"

namespace bedplate {

namespace {

/// As the plan names it; see plan/commands.cpp.
constexpr std::string_view entry_label = "Bedplate";

}  // namespace

bool wants_local_disk(const Error& error) {
    return error.code == "install.generation" || error.code == "site.boot-local";
}

Result<void> boot_local_disk_next(Platform& platform) {
    const auto text = run_checked(platform.commands, {.argv = {"efibootmgr"}});
    if (!text) {
        return fail("boot-local.none", "this firmware cannot be told what to start next", {},
                    "put the disk before the network in its boot order");
    }
    const auto entries = parse_boot_entries(*text).entries;
    const auto ours = std::ranges::find_if(
        entries, [](const BootEntry& entry) { return entry.label.starts_with(entry_label); });
    if (ours == entries.end()) {
        return fail("boot-local.none", "the firmware has no boot entry of this node", {},
                    "choose the disk in the firmware's boot menu");
    }
    BEDPLATE_TRY(
        run_checked(platform.commands, {.argv = {"efibootmgr", "--quiet", "--bootnext", ours->number}}));
    return {};
}

}  // namespace bedplate
