// SPDX-License-Identifier: GPL-3.0-or-later
// Making a disk blank.
#include <algorithm>
#include <array>
#include <format>

#include "execute/handlers.hpp"
#include "execute/storage_state.hpp"

namespace bedplate {
namespace {

constexpr Bytes end_size = mib(1);
// BlueStore of Squid and later keeps copies of its label at these offsets; wipefs knows only the first.
constexpr std::array<Bytes, 4> bluestore_labels{gib(1), gib(10), gib(100), gib(1000)};
constexpr Bytes bluestore_label_size = kib(4);

Result<void> zero(BlockDevice& device, Bytes offset, Bytes size) {
    if (offset + size > device.size()) {
        return {};
    }
    const std::vector<std::byte> zeros(size.value);
    return device.write(offset, zeros);
}

Result<bool> is_zero(BlockDevice& device, Bytes offset, Bytes size) {
    std::vector<std::byte> data(size.value);
    BEDPLATE_TRY(device.read(offset, data));
    return std::ranges::all_of(data, [](std::byte byte) { return byte == std::byte{0}; });
}

// Nothing that anybody could recognise: libblkid sees nothing and both ends of the disk are zero.
Result<bool> is_blank(Run& run, const Action& action) {
    BEDPLATE_ASSIGN(const std::string path, run.disk_path(action));
    BEDPLATE_ASSIGN(const auto signature, signature_of(run.context.commands, path));
    if (signature) {
        return false;
    }
    BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::read));
    const Bytes size = std::min(end_size, device->size());
    BEDPLATE_ASSIGN(const bool start, is_zero(*device, Bytes{0}, size));
    BEDPLATE_ASSIGN(const bool end, is_zero(*device, device->size() - size, size));
    return start && end;
}

Result<void> wipe(Run& run, const Action& action) {
    run.storage_changed = true;
    BEDPLATE_ASSIGN(const std::string path, run.disk_path(action));
    // The exclusive open fails while anything on the disk is mounted, activated or assembled.
    BEDPLATE_TRY(run.disks.open(*action.device, BlockAccess::write));
    BEDPLATE_TRY(run.run_commands(action));
    {
        BEDPLATE_ASSIGN(const auto device, run.disks.open(*action.device, BlockAccess::write));
        const Bytes size = std::min(end_size, device->size());
        for (const Bytes offset : bluestore_labels) {
            BEDPLATE_TRY(zero(*device, offset, bluestore_label_size));
        }
        BEDPLATE_TRY(zero(*device, device->size() - size, size));
        BEDPLATE_TRY(zero(*device, Bytes{0}, size));
        BEDPLATE_TRY(device->flush());
    }
    return reread_partition_table(run, path);
}

// The group's devices that do not lie on the action's disk.
Result<std::vector<std::string>> foreign_devices(Run& run, const Action& action,
                                                 const std::vector<PvState>& volumes,
                                                 const std::string& group) {
    BEDPLATE_ASSIGN(const Disk* disk, run.disks.disk_of(*action.device));
    std::vector<std::string> foreign;
    for (const PvState& volume : volumes) {
        if (volume.volume_group != group || !volume.device.starts_with('/')) {
            continue;
        }
        BEDPLATE_ASSIGN(const std::string name, run.disks.kernel_name(volume.device));
        BEDPLATE_ASSIGN(const auto disks, run.disks.disks_below(name));
        if (std::ranges::any_of(disks, [&](const std::string& below) { return below != disk->name; })) {
            foreign.push_back(volume.device);
        }
    }
    return foreign;
}

Result<Observation> observe_group(Run& run, const Action& action, const std::string& group) {
    BEDPLATE_ASSIGN(const bool own, is_own_unfinished(run, action));
    if (own) {
        return satisfied();
    }
    BEDPLATE_ASSIGN(const auto volumes, physical_volumes(run.context.commands));
    BEDPLATE_ASSIGN(const auto foreign, foreign_devices(run, action, volumes, group));
    if (!foreign.empty()) {
        return conflict(std::format("volume group {} also lies on {}, which is not part of the plan", group,
                                    foreign.front()));
    }
    BEDPLATE_ASSIGN(const auto logical, logical_volumes(run.context.commands));
    const bool active = std::ranges::any_of(
        logical, [&](const LvState& volume) { return volume.volume_group == group && volume.active; });
    return active ? needed() : satisfied();
}

}  // namespace

Steps steps(const action::DeactivateVolumeGroup& kind, const Action& action, Run& run) {
    return {.observe = [&] { return observe_group(run, action, kind.name); },
            .apply = [&] { return run.run_commands(action); }};
}

Steps steps(const action::WipeDisk& /*kind*/, const Action& action, Run& run) {
    return {.observe = [&]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool own, is_own_unfinished(run, action));
                if (own) {
                    return satisfied();
                }
                BEDPLATE_ASSIGN(const bool blank, is_blank(run, action));
                return blank ? satisfied() : needed();
            },
            .apply = [&] { return wipe(run, action); },
            .verify = [&]() -> Result<void> {
                BEDPLATE_ASSIGN(const bool blank, is_blank(run, action));
                return blank ? Result<void>{}
                             : fail("disk.not-blank", "the disk still holds something after it was wiped");
            }};
}

}  // namespace bedplate
