// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "execute/execute.hpp"
#include "execute/target_disks.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// What a failed installation leaves behind on every EFI system partition of the plan that can be written: a
/// FAT file system without any loader, with bedplate/node.json ("state": "failed") and bedplate/failure/
/// (journal.jsonl, commands.jsonl, error.txt, error.json, plan.txt, inventory.json, dmesg.txt). Nothing
/// secret is in any of them. Boot code for BIOS goes.
///
/// Writes only to disks that hold the plan's own partition table, and must not be called once a disk boots.
/// `work` is a folder in RAM. `hung`: a disk that is left alone; null where there is none. Done if at least
/// one was written; else the first error: bundle.no-table, those of EspImage and of writing.
[[nodiscard]] Result<void> write_failure_bundle(const Plan& plan, const Error& error, ExecuteContext& context,
                                                TargetDisks& disks, const std::filesystem::path& work,
                                                const Disk* hung);

}  // namespace bedplate
