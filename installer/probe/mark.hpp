// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "inventory/inventory.hpp"
#include "probe/gpt.hpp"
#include "probe/sources.hpp"

namespace bedplate {

/// The name of the partition by which a disk of ours is known; the planner gives it.
inline constexpr std::string_view marked_partition_name = "bedplate-esp";

/// Cluster and host name of a disk whose mark is there but cannot be read; no name may look like this.
inline constexpr std::string_view unreadable_mark = "(unknown)";

/// /bedplate/node.json on the ESP (schema bedplate/mark/v1), as `seal` wrote it.
struct MarkFile {
    std::string cluster, hostname, plan_digest;
    FirmwareMode firmware = FirmwareMode::uefi;
    std::uint64_t generation = 0;
    bool failed = false;  ///< left with the log bundle of an installation that did not finish
};

/// Errors: json.syntax, mark.schema, mark.field.
[[nodiscard]] Result<MarkFile> parse_mark_file(std::string_view text);

/// What an earlier installation left on the disk; nullopt where its table has no partition of ours. It is
/// finished only if every step of `seal` can be seen: the ESP's boot sector, the mark on it, and for BIOS
/// GRUB's code in the first block. A mark that cannot be read makes it a finished node that is nobody's, so
/// that a fault of a tool never makes a node look unfinished. `esp` is the device of that partition, empty
/// where the kernel shows none.
[[nodiscard]] std::optional<InstallationMark> read_mark(Sources& sources, BlockDevice& disk, const Gpt& gpt,
                                                        const std::filesystem::path& disk_path,
                                                        const std::filesystem::path& esp);

}  // namespace bedplate
