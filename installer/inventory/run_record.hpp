// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/quantities.hpp"

namespace bedplate {

/// How far an installation has come: what the executor writes to the system disks before each action, and
/// what the next look at the machine finds there if the power went away.
struct RunRecord {
    std::string cluster, hostname;
    std::string plan_digest;  ///< the first 16 digits
    std::string action;       ///< id of the action that was begun
    std::uint32_t number = 0, total = 0;

    bool operator==(const RunRecord&) const = default;
    /// "stopped at action 14 of 31: format.mkfs.root".
    [[nodiscard]] std::string to_text() const;
};

/// The record is the last logical block before 1 MiB: behind the partition table, before every partition,
/// read by no firmware and by no boot loader (GRUB uses the BIOS boot partition on a GPT disk).
[[nodiscard]] Bytes run_record_offset(Bytes logical_block_size);

/// One block: a magic line, the fields one a line, a check sum, zeros. Texts that do not fit are cut.
[[nodiscard]] std::string encode_run_record(const RunRecord& record, Bytes logical_block_size);

/// nullopt: this block holds no record, or a damaged one.
[[nodiscard]] std::optional<RunRecord> decode_run_record(std::string_view block);

}  // namespace bedplate
