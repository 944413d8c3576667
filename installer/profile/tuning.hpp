// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"

namespace bedplate {

/// What carries a value of the node's kernel from the plan to the kernel.
enum class TuningMeans {
    kernel_argument,
    module_option,
    sysctl,
    tmpfiles,
    udev,
    link,
    fstab,
    generator,
    unit
};

/// How the kernel's own file shows the value.
enum class TuningReading {
    text,      ///< as it is, blanks aside
    at_least,  ///< a number; a larger one does as well
    selected,  ///< the word in brackets: "always [madvise] never"
    on_off,    ///< 1 or Y, 0 or N
    own,       ///< in no single file: the program that looks knows how
};

/// One value that Bedplate sets on every node. The one list of them is tuning_items(); docs/tuning.md has the
/// same, and a test compares them.
struct TuningItem {
    std::string_view name;  ///< "vm.swappiness"; stable: profiles and reports name it
    TuningMeans means = TuningMeans::sysctl;
    TuningReading reading = TuningReading::text;
    std::string_view file;    ///< where the kernel shows it, '*' for many; empty with `own`
    std::string_view reason;  ///< one sentence
};

/// In the order in which they are shown.
[[nodiscard]] std::span<const TuningItem> tuning_items();
[[nodiscard]] const TuningItem* find_tuning_item(std::string_view name);
/// The names of all, for rules that take one of them.
[[nodiscard]] std::vector<std::string> tuning_names();
/// "kernel argument", "sysctl.d", "udev rule", ...
[[nodiscard]] std::string_view to_string(TuningMeans means);

enum class CompressedSwap { none, zswap, zram };

/// What a profile says of the host's kernel (`tuning`). The defaults hold for every node; what depends on the
/// machine (processors, memory, swap) is only decided by the plan.
struct TuningProfile {
    std::string governor = "performance";
    std::optional<bool> numa_balancing;  ///< absent: where there is more than one NUMA node
    std::string scheduler_nvme = "none", scheduler_ssd = "mq-deadline", scheduler_hdd = "mq-deadline",
                scheduler_virtual = "none";
    Bytes read_ahead = mib(1);  ///< of rotating disks
    std::uint32_t swappiness = 10;
    std::optional<Bytes> min_free;  ///< absent: 1 % of the memory, 2 GiB at most
    std::optional<Bytes> dirty;     ///< absent: 10 % of the memory, 1 GiB at most
    std::string tcp_congestion = "cubic";
    Bytes socket_buffer = mib(16);
    bool largest_rings = true;  ///< ring buffers of the ports as large as the hardware has them
    bool all_channels = false;  ///< as many queues as the hardware has; else as the driver chooses
    std::optional<bool> ksm;    ///< absent: where memory is promised more than once
    std::optional<CompressedSwap> compressed_swap;  ///< absent: zswap where there is a swap volume
    bool multipath = false;
    std::vector<std::string> leave;     ///< names of values that are not touched
    std::vector<std::string> required;  ///< names of values without which the node is not ready
};

}  // namespace bedplate
