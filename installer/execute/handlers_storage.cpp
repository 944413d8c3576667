// SPDX-License-Identifier: GPL-3.0-or-later
// Partition table, file systems, swap.
#include <algorithm>
#include <cctype>
#include <format>

#include "base/text.hpp"
#include "execute/disk_table.hpp"
#include "execute/handlers.hpp"
#include "execute/partition_writer.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

// sysfs counts in 512-byte units whatever the disk's block size is.
constexpr Bytes sysfs_unit{512};
constexpr std::chrono::seconds node_limit{30};

std::string partition_link(const action::PlannedPartition& partition) {
    return "/dev/disk/by-partuuid/" + partition.guid.to_text();
}

Result<Bytes> sysfs_bytes(Run& run, const std::string& name, std::string_view attribute) {
    BEDPLATE_ASSIGN(const std::string text,
                    run.context.files.read(std::filesystem::path("/sys/class/block") / name / attribute));
    const auto units = parse_unsigned(trim(text));
    if (!units) {
        return fail("partition.kernel", std::format("{} of {} is '{}'", attribute, name, trim(text)));
    }
    return sysfs_unit * *units;
}

// The kernel sees the partition where it was planned.
Result<bool> kernel_agrees(Run& run, const Action& action, const action::PlannedPartition& partition,
                           Bytes block) {
    const std::string link = partition_link(partition);
    if (!run.context.files.exists(link)) {
        return false;
    }
    BEDPLATE_TRY(run.disks.prove(action, link));
    BEDPLATE_ASSIGN(const std::string name, run.disks.kernel_name(link));
    BEDPLATE_ASSIGN(const Bytes start, sysfs_bytes(run, name, "start"));
    BEDPLATE_ASSIGN(const Bytes size, sysfs_bytes(run, name, "size"));
    return start == block * partition.first.value &&
           size == block * (partition.last.value - partition.first.value + 1);
}

Result<Observation> observe_table(Run& run, const action::WritePartitionTable& kind, const Action& action) {
    BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::read));
    if (device->logical_block_size() != kind.logical_block_size) {
        return conflict(std::format("the disk has logical blocks of {} bytes, the plan is for {}",
                                    device->logical_block_size().value, kind.logical_block_size.value));
    }
    BEDPLATE_ASSIGN(const auto table, read_disk_table(*device));
    if (!table || table_difference(*table, kind) || run.is_touched(action)) {
        return needed();
    }
    // A run that was cut off right after writing may not have told the kernel: then the table is written
    // again.
    for (const action::PlannedPartition& partition : kind.partitions) {
        BEDPLATE_ASSIGN(const bool seen, kernel_agrees(run, action, partition, kind.logical_block_size));
        if (!seen) {
            return needed();
        }
    }
    return satisfied();
}

Result<void> apply_table(Run& run, const action::WritePartitionTable& kind, const Action& action) {
    run.touch(action);
    BEDPLATE_ASSIGN(const std::string path, run.disk_path(action));
    {
        // No lock is held on the disk afterwards: udev must be free to look at it.
        BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::write));
        BEDPLATE_ASSIGN(const auto table, read_disk_table(*device));
        if (!table || table_difference(*table, kind)) {
            BEDPLATE_TRY(clear_partition_ends(*device, kind));
        }
        BEDPLATE_TRY(write_partition_table(*device, kind, run.work));
    }
    return reread_new_partitions(run, path);
}

Result<void> verify_table(Run& run, const action::WritePartitionTable& kind, const Action& action) {
    {
        BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::read));
        BEDPLATE_ASSIGN(const auto table, read_disk_table(*device));
        if (!table) {
            return fail("partition.table", "the disk holds no valid partition table after it was written");
        }
        if (const auto difference = table_difference(*table, kind)) {
            return fail("partition.table", "the table on the disk is not the planned one: " + *difference);
        }
    }
    for (const action::PlannedPartition& partition : kind.partitions) {
        BEDPLATE_TRY(wait_until(
            run.context.clock, node_limit,
            [&] { return kernel_agrees(run, action, partition, kind.logical_block_size); },
            "partition.kernel",
            std::format("the kernel does not show partition {} ({}) where it was written", partition.number,
                        partition.name)));
    }
    return {};
}

bool same_text(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, [](char a, char b) { return std::tolower(a) == std::tolower(b); });
}

Result<bool> carries(Run& run, const std::string& device, std::string_view type, const Guid& uuid,
                     std::string_view label) {
    BEDPLATE_ASSIGN(const auto signature, signature_of(run.context.commands, device));
    return signature && signature->type == type && same_text(signature->uuid, uuid.to_text()) &&
           signature->label == label;
}

// What both kinds of formatting have in common.
Steps format_steps(const std::string& device, std::string type, const Guid& uuid, const std::string& label,
                   const Action& action, Run& run) {
    return {.observe = [=, &action, &run]() -> Result<Observation> {
                BEDPLATE_TRY(run.disks.prove(action, device));
                BEDPLATE_ASSIGN(const bool there, carries(run, device, type, uuid, label));
                // A file system from before this run's own changes may be the ghost of an older one at the
                // same place.
                return there && !run.is_touched(action) ? satisfied() : needed();
            },
            .apply = [&action, &run]() -> Result<void> {
                run.touch(action);
                return run.run_commands(action);
            },
            .verify = [=, &run]() -> Result<void> {
                BEDPLATE_ASSIGN(const bool there, carries(run, device, type, uuid, label));
                return there ? Result<void>{}
                             : fail("format.verify",
                                    std::format("{} does not carry {} '{}' with UUID {} after it was made",
                                                device, type, label, uuid.to_text()),
                                    device);
            }};
}

}  // namespace

Steps steps(const action::WritePartitionTable& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_table(run, kind, action); },
            .apply = [&] { return apply_table(run, kind, action); },
            .verify = [&] { return verify_table(run, kind, action); }};
}

Steps steps(const action::MakeFileSystem& kind, const Action& action, Run& run) {
    return format_steps(kind.device, kind.type, kind.uuid, kind.label, action, run);
}

Steps steps(const action::MakeSwap& kind, const Action& action, Run& run) {
    return format_steps(kind.device, "swap", kind.uuid, kind.label, action, run);
}

}  // namespace bedplate
