// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::vm {

/// One request that reached a disk, in the order in which they were made.
struct LoggedWrite {
    Bytes offset, size;  ///< on the disk; size 0: no data, a flush alone
    bool flush = false;  ///< everything before it is on stable storage once it is done
    bool fua = false;    ///< this request itself is
    bool discard = false;
    Bytes data;  ///< where its data begins in the log
};

/// A log of all writes to a disk, as QEMU's block filter `blklogwrites` and the device mapper's target
/// log-writes leave it (Documentation/admin-guide/device-mapper/log-writes.rst): a super block, then for each
/// request a header of one sector and its data.
class WriteLog {
public:
    /// Errors: log.open, log.format (no such log, entries that do not lie in the file).
    [[nodiscard]] static Result<WriteLog> open(const std::filesystem::path& file);

    [[nodiscard]] const std::vector<LoggedWrite>& entries() const { return entries_; }
    [[nodiscard]] Bytes sector_size() const { return sector_size_; }
    /// data.size() bytes of the entry's data from `skip` on. Errors: log.read.
    [[nodiscard]] Result<void> read(const LoggedWrite& entry, Bytes skip, std::span<std::byte> data) const;

private:
    explicit WriteLog(Descriptor file) : file_(std::move(file)) {}
    [[nodiscard]] Result<void> scan();

    Descriptor file_;
    Bytes sector_size_;
    std::vector<LoggedWrite> entries_;
};

/// Entries between two flushes are unordered among themselves. `first` to `last` (exclusive) of a log's
/// entries; the flush that ends them is entry last - 1, or the log ends there.
struct FlushWindow {
    std::size_t first = 0, last = 0;
};
[[nodiscard]] std::vector<FlushWindow> flush_windows(const WriteLog& log);

}  // namespace bedplate::vm
