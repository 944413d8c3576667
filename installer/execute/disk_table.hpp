// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/identifiers.hpp"
#include "base/result.hpp"
#include "plan/plan.hpp"
#include "platform/block_devices.hpp"

namespace bedplate {

/// A GUID partition table as the executor writes and compares it: exact blocks, exact GUIDs
/// (UEFI specification 2.11, section 5.3).
struct DiskTable {
    Guid disk_guid;
    std::vector<action::PlannedPartition> partitions;  ///< used entries, by number
};

/// The table whose header is at LBA 1, if header and entries have correct check sums and the copy at the end
/// of the disk says the same; nullopt otherwise. Errors: those of reading.
[[nodiscard]] Result<std::optional<DiskTable>> read_disk_table(BlockDevice& device);

/// What differs between the table on a disk and the planned one, as a clause; nullopt: nothing.
[[nodiscard]] std::optional<std::string> table_difference(const DiskTable& table,
                                                          const action::WritePartitionTable& planned);

/// Put the disk's GUID and those of the partitions (by number) into both copies of the table on `device` and
/// recompute all check sums: libparted draws random ones and has no call to set them.
/// Errors: gpt.invalid, those of reading and writing.
[[nodiscard]] Result<void> set_table_guids(BlockDevice& device, const Guid& disk,
                                           const std::map<std::uint32_t, Guid>& partitions);

/// CRC-32 as in the UEFI specification (ISO 3309, reflected, polynomial 0xedb88320).
[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> data);

/// A byte range of a table on disk.
struct TableRange {
    Bytes offset, size;
};
/// Where the table lies on a disk: backup entries, backup header, entries, header, protective MBR; this is
/// the order of writing, so that a cut in between leaves no table rather than half a one. Errors:
/// gpt.invalid, those of reading.
[[nodiscard]] Result<std::vector<TableRange>> table_ranges(BlockDevice& device);

}  // namespace bedplate
