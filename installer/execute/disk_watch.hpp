// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/inventory.hpp"
#include "platform/file_system.hpp"

namespace bedplate {

/// What the kernel counts for a disk (Documentation/block/stat.rst): requests that ended (reads, writes,
/// discards, flushes) and requests that are under way.
struct DiskActivity {
    std::uint64_t completed = 0, in_flight = 0;
};
/// /sys/block/<disk>/stat; nullopt where it is something else.
[[nodiscard]] std::optional<DiskActivity> parse_disk_stat(std::string_view text);

/// /sys/block/<disk>/inflight: reads and writes under way, together; nullopt where it is something else.
/// Debian's 6.12.118 shows 0 of them in `stat` while a dozen are under way.
[[nodiscard]] std::optional<std::uint64_t> parse_disk_inflight(std::string_view text);

/// How long a disk with work to do may take before it counts as one that does not answer.
struct HangLimits {
    std::chrono::milliseconds silent;  ///< without one request that ended
    std::chrono::milliseconds slow;    ///< the window in which at least `requests` have to end
    std::uint64_t requests = 0;
};

/// Judges one disk from samples.
class HangDetector {
public:
    explicit HangDetector(HangLimits limits) : limits_(limits) {}
    /// True: the disk hangs. `flushing`: somebody waits for it, even if no request is under way.
    [[nodiscard]] bool observe(std::chrono::steady_clock::time_point now, const DiskActivity& activity,
                               bool flushing);

private:
    struct Sample {
        std::chrono::steady_clock::time_point time;
        std::uint64_t completed = 0;
    };
    HangLimits limits_;
    std::deque<Sample> busy_;  ///< without a break, back to one limit ago
};

/// Watches the disks of a plan while something else may be stuck on them. Only sysfs is read, which answers
/// whatever a disk does.
class DiskWatch {
public:
    struct Subject {
        const Disk* disk = nullptr;
        bool system = false;  ///< holds the target's file systems
    };
    DiskWatch(const FileSystem& files, const std::vector<Subject>& disks, HangLimits limits);
    /// The first disk that hangs, if any. `flushing`: somebody waits for the system disks.
    [[nodiscard]] const Disk* hung(std::chrono::steady_clock::time_point now, bool flushing);

private:
    struct Watched {
        Subject subject;
        HangDetector detector;
    };
    const FileSystem& files_;
    std::vector<Watched> watched_;
};

}  // namespace bedplate
