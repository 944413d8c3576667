// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "execute/execute.hpp"
#include "execute/target_disks.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// What a failed installation leaves behind on the disk's EFI system partition: a FAT file system without any
/// loader, with bedplate/node.json ("state": "failed") and bedplate/failure/ (journal.jsonl, error.txt,
/// error.json, plan.txt, inventory.json, dmesg.txt). Nothing secret is in any of them. Boot code for BIOS
/// goes.
///
/// Writes only if the disk holds the plan's own partition table, and must not be called once the disk boots.
/// `work` is a folder in RAM. `journal` is the journal's file. Errors: bundle.no-table, those of EspImage and
/// of writing.
[[nodiscard]] Result<void> write_failure_bundle(const Plan& plan, const Error& error, ExecuteContext& context,
                                                TargetDisks& disks, const std::filesystem::path& work);

}  // namespace bedplate
