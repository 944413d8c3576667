// SPDX-License-Identifier: GPL-3.0-or-later
// Making a disk blank.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "execute/handlers.hpp"
#include "execute/remains.hpp"
#include "execute/storage_state.hpp"
#include "inventory/bluestore_label.hpp"
#include "inventory/run_record.hpp"

namespace bedplate {
namespace {

constexpr Bytes end_size = mib(1);
constexpr std::size_t boot_code_size = 440;
/// GPT type of an EFI system partition, as udev writes it.
constexpr std::string_view esp_type = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

Result<void> zero(BlockDevice& device, Bytes offset, Bytes size) {
    if (offset + size > device.size()) {
        return {};
    }
    const std::vector<std::byte> zeros(size.value);
    return device.write(offset, zeros);
}

// The first MiB except for the record of this run, where there is one.
Result<void> zero_start(BlockDevice& device, bool keep_record) {
    const Bytes size = std::min(end_size, device.size());
    const Bytes record = run_record_offset(device.logical_block_size());
    return zero(device, Bytes{0}, keep_record && record < size ? record : size);
}

// What is torn down must not be started from any more: the boot code and the first block of every EFI system
// partition go before anything else, and are gone for good before anything else goes.
Result<void> stop_booting(BlockDevice& device, const std::vector<PartitionFacts>& partitions) {
    const Bytes block = device.logical_block_size();
    std::vector<std::byte> first(block.value);
    BEDPLATE_TRY(device.read(Bytes{0}, first));
    std::ranges::fill(std::span(first).first(boot_code_size), std::byte{0});
    BEDPLATE_TRY(device.write(Bytes{0}, first));
    for (const PartitionFacts& partition : partitions) {
        if (partition.type == esp_type || partition.fstype == "vfat") {
            BEDPLATE_TRY(zero(device, partition.start, block));
        }
    }
    return device.flush();
}

// Not behind a RAID controller, which may take it for an order to clear its own disks.
bool can_discard(const Disk& disk) {
    return disk.rotational == false && disk.transport != Transport::raid && disk.transport != Transport::usb;
}

// The ends of the old partitions, where md 0.90 and 1.0, DDF and ZFS keep their labels: a new partition that
// ends at the same place would bring them back.
Result<void> zero_partition_ends(BlockDevice& device, const std::vector<PartitionFacts>& partitions) {
    for (const PartitionFacts& partition : partitions) {
        const Bytes end = partition.start + partition.size;
        if (partition.start < end_size || end > device.size()) {
            continue;
        }
        const Bytes size = std::min(end_size, partition.size);
        BEDPLATE_TRY(zero(device, partition.start, size));
        BEDPLATE_TRY(zero(device, end - size, size));
    }
    return {};
}

// All of it, also where only our own scans look: the discard alone promises nothing about what is read later.
Result<void> erase(Run& run, const action::WipeDisk& kind, const Action& action, BlockDevice& device) {
    BEDPLATE_ASSIGN(const Disk* disk, run.disks.disk_of(*action.device));
    const Bytes size = std::min(end_size, device.size());
    if (can_discard(*disk) && device.size() > end_size * 2) {
        BEDPLATE_TRY(device.discard(end_size, device.size() - end_size * 2));
    }
    for (const Bytes offset : bluestore_label_offsets) {
        BEDPLATE_TRY(offset == Bytes{0} ? Result<void>{} : zero(device, offset, bluestore_label_size));
    }
    BEDPLATE_TRY(zero_partition_ends(device, kind.partitions));
    BEDPLATE_TRY(zero(device, device.size() - size, size));
    BEDPLATE_TRY(zero_start(device, run.recorder.is_on(*action.device)));
    return device.flush();
}

// Of a table of which only the copy at the end is left the kernel shows no partitions: they have no nodes
// that wipefs could open. Their ends are overwritten by erase() all the same. The protective MBR goes before
// the table that it protects: wipefs takes it last, and after a power cut in between it would be somebody's
// table. Without it the disk is known as this node's by either copy of its own.
Result<void> erase_signatures(Run& run, const Action& action, const std::string& disk) {
    const auto is_disk = [&](const std::vector<std::string>& argv) { return argv.back() == disk; };
    BEDPLATE_TRY(run.run_commands(action, [&](const std::vector<std::string>& argv) {
        return !is_disk(argv) && run.context.files.exists(argv.back());
    }));
    {
        BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::write));
        BEDPLATE_TRY(zero(*device, Bytes{0}, device->logical_block_size()));
        BEDPLATE_TRY(device->flush());
    }
    return run.run_commands(action, is_disk);
}

Result<void> wipe(Run& run, const action::WipeDisk& kind, const Action& action) {
    run.touch(action);
    BEDPLATE_ASSIGN(const std::string path, run.disk_path(action));
    {
        // The exclusive open fails while anything on the disk is mounted, activated or assembled.
        BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::write));
        BEDPLATE_TRY(stop_booting(*device, kind.partitions));
    }
    BEDPLATE_TRY(erase_signatures(run, action, path));
    {
        BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::write));
        BEDPLATE_TRY(erase(run, kind, action, *device));
    }
    return reread_partition_table(run, path);
}

// Two groups may have one name; by the UUID there is only one.
template <typename State>
bool is_of(const State& state, const action::DeactivateVolumeGroup& group) {
    return group.uuid.empty() ? state.volume_group == group.name : state.group_uuid == group.uuid;
}

// The group's devices that do not lie on the action's disks.
Result<std::vector<std::string>> foreign_devices(Run& run, const Action& action,
                                                 const std::vector<PvState>& volumes,
                                                 const action::DeactivateVolumeGroup& group) {
    std::vector<std::string> foreign;
    for (const PvState& volume : volumes) {
        if (!is_of(volume, group) || !volume.device.starts_with('/')) {
            continue;
        }
        BEDPLATE_ASSIGN(const auto below, run.disks.foreign_below(action, volume.device));
        if (!below.empty()) {
            foreign.push_back(volume.device);
        }
    }
    return foreign;
}

bool is_active(const std::vector<LvState>& volumes, const action::DeactivateVolumeGroup& group) {
    return std::ranges::any_of(volumes,
                               [&](const LvState& volume) { return is_of(volume, group) && volume.active; });
}

Result<Observation> observe_group(Run& run, const Action& action,
                                  const action::DeactivateVolumeGroup& group) {
    BEDPLATE_ASSIGN(const bool own, is_own_unfinished(run, action));
    if (own) {
        return satisfied();
    }
    // One question about all disks, not two: with many of them each takes its time, and every group asks.
    BEDPLATE_ASSIGN(const LvmState lvm, lvm_state(run.context.commands));
    BEDPLATE_ASSIGN(const auto foreign, foreign_devices(run, action, lvm.physical, group));
    if (!foreign.empty()) {
        return conflict(std::format("volume group {} also lies on {}, which is not part of the plan",
                                    group.name, foreign.front()));
    }
    return is_active(lvm.logical, group) ? needed() : satisfied();
}

Result<void> verify_group(Run& run, const Action& action, const action::DeactivateVolumeGroup& group) {
    BEDPLATE_ASSIGN(const auto volumes, logical_volumes(run.context.commands));
    return is_active(volumes, group)
               ? fail("action.not-done", std::format("volume group {} is still active", group.name),
                      action.id)
               : Result<void>{};
}

}  // namespace

Steps steps(const action::DeactivateVolumeGroup& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_group(run, action, kind); },
            .apply = [&] { return run.run_commands(action); },
            .verify = [&] { return verify_group(run, action, kind); }};
}

Steps steps(const action::WipeDisk& kind, const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool own, is_own_unfinished(run, action));
                if (own) {
                    return satisfied();
                }
                BEDPLATE_ASSIGN(const bool blank, is_blank(run, action));
                return blank ? satisfied() : needed();
            },
            .apply = [&] { return wipe(run, kind, action); },
            .verify = [&]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto remains, remains_on(run, action));
                return remains.empty()
                           ? Result<void>{}
                           : fail("disk.not-blank",
                                  "the disk still holds something after it was wiped: " + join(remains, "; "),
                                  action.device->to_text());
            }};
}

}  // namespace bedplate
