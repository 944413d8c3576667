// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/layout.hpp"

#include <algorithm>
#include <format>
#include <numeric>

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr Bytes alignment = mib(1);
constexpr Bytes bios_boot_size = mib(1);
constexpr Bytes extent_size = mib(4);
/// LVM's label and metadata area in front of the first extent (pvcreate --dataalignment 1m).
constexpr Bytes physical_volume_header = mib(1);
/// 128 entries of 128 bytes (UEFI specification 5.3.1).
constexpr Bytes gpt_entries = kib(16);
/// Partition types of the Discoverable Partitions Specification and of md.
constexpr std::string_view raid_type = "a19d880f-05fc-4d3b-a006-743f0f84911e";
constexpr std::string_view luks_type = "ca7d7ccb-63ed-4c53-861c-1742536059cc";
/// Less than this is no tier for anything.
constexpr Bytes smallest_fast_disk = gib(1);
/// Above this, sums of a layout could leave 64 bits; no disk is near it.
constexpr Bytes absurd{1ULL << 60U};

std::vector<PlannedVolume> volumes_of(const Layout& layout) {
    const PlannedVolume all[] = {
        {.name = "root", .mount_path = "/", .size = layout.root},
        {.name = "var", .mount_path = "/var", .size = layout.var},
        {.name = "log", .mount_path = "/var/log", .size = layout.log},
        {.name = "ceph", .mount_path = "/var/lib/ceph", .size = layout.ceph},
        {.name = "swap", .mount_path = "", .size = layout.swap},
    };
    std::vector<PlannedVolume> wanted;
    for (const PlannedVolume& volume : all) {
        if (volume.size != Bytes{}) {
            wanted.push_back(volume);
            wanted.back().size = volume.size.ceil_to(extent_size);
        }
    }
    return wanted;
}

Result<void> check_block_size(Bytes block, const std::string& where) {
    if (block == Bytes{512} || block == kib(1) || block == kib(2) || block == kib(4)) {
        return {};
    }
    return refuse("disk.block-size",
                  std::format("a disk with logical blocks of {} bytes can not be used", block.value), where,
                  "disks with blocks of 512 to 4096 bytes are supported");
}

/// FAT32 needs at least 65525 clusters of a block each, and room for two tables of them.
Result<void> check_layout(const Layout& layout, Bytes block) {
    for (const auto& [name, size] : {std::pair{"root", layout.root}, std::pair{"boot", layout.boot}}) {
        if (size == Bytes{}) {
            return refuse("layout.missing", std::format("the layout has no {} of any size", name),
                          std::format("layout.{}", name), "give it a size in the profile");
        }
    }
    const Bytes minimum = block == Bytes{512} ? mib(64) : mib(65 * block.value / 1024);
    if (layout.esp < minimum) {
        return refuse("layout.esp-too-small",
                      std::format("an EFI system partition of {} can not be FAT32 on blocks of {} bytes",
                                  to_binary_text(layout.esp), block.value),
                      "layout.esp", std::format("give it {} or more", to_exact_text(minimum)));
    }
    const Bytes sizes[] = {layout.esp, layout.boot, layout.root, layout.var,
                           layout.log, layout.ceph, layout.swap};
    if (std::ranges::any_of(sizes, [](Bytes size) { return size > absurd; })) {
        return refuse("disk.too-small", "the layout asks for more than any disk has", "layout");
    }
    return {};
}

/// Blocks that the backup GPT takes at the end of the disk: its entries and its header.
std::uint64_t backup_gpt_blocks(Bytes block) {
    return gpt_entries.ceil_to(block).value / block.value + 1;
}

/// First MiB, the fixed partitions and the smallest physical volume that holds the volumes.
Bytes end_of_smallest(const Layout& layout, const Below& below, Bytes volumes) {
    return alignment + bios_boot_size + layout.esp.ceil_to(alignment) + layout.boot.ceil_to(alignment) +
           below.overhead() + physical_volume_header + volumes;
}

std::unexpected<Error> too_small(const Layout& layout, const std::vector<PlannedVolume>& volumes,
                                 Bytes needed, Bytes available, const std::string& where) {
    std::vector<std::string> parts{"ESP " + to_binary_text(layout.esp),
                                   "boot " + to_binary_text(layout.boot)};
    for (const PlannedVolume& volume : volumes) {
        parts.push_back(std::format("{} {}", volume.name, to_binary_text(volume.size)));
    }
    return refuse(
        "disk.too-small",
        std::format("the layout ({}) needs {} bytes ({}), the disk has {} bytes ({}): {} bytes are missing",
                    join(parts, ", "), needed.value, to_binary_text(needed), available.value,
                    to_binary_text(available), (needed - available).value),
        where,
        std::format("a disk of {} bytes or more would be enough, or {} less in the profile's layout",
                    needed.value, to_binary_text((needed - available).ceil_to(extent_size))));
}

action::PlannedPartition make_partition(std::uint32_t number, std::string_view role, std::string_view type,
                                        const PlanIds& ids) {
    return {.number = number,
            .name = std::format("bedplate-{}", role),
            .type = Guid::parse(type).value(),
            .guid = ids.partition(role),
            .first = {},
            .last = {}};
}

std::vector<action::PlannedPartition> place(const Layout& layout, const Below& below, Bytes end, Bytes block,
                                            const PlanIds& ids) {
    const std::string_view boot_type = below.array ? raid_type : partition_type::linux_boot;
    const std::string_view plain_type = below.crypt ? luks_type : partition_type::lvm;
    std::vector<action::PlannedPartition> partitions{
        make_partition(bios_boot_number, "bios", partition_type::bios_boot, ids),
        make_partition(esp_number, "esp", partition_type::esp, ids),
        make_partition(boot_number, "boot", boot_type, ids),
        make_partition(lvm_number, "lvm", below.array ? raid_type : plain_type, ids)};
    const Bytes sizes[] = {bios_boot_size, layout.esp.ceil_to(alignment), layout.boot.ceil_to(alignment)};
    Bytes at = alignment;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        const Bytes stop = i < std::size(sizes) ? at + sizes[i] : end;
        partitions[i].first = {at.value / block.value};
        partitions[i].last = {stop.value / block.value - 1};
        at = stop;
    }
    return partitions;
}

}  // namespace

const action::PlannedPartition& DiskLayout::partition(std::uint32_t number) const {
    return partitions.at(number - 1);
}

Bytes DiskLayout::start_of(const action::PlannedPartition& partition) const {
    return logical_block_size * partition.first.value;
}

Bytes DiskLayout::size_of(const action::PlannedPartition& partition) const {
    return logical_block_size * (partition.last.value - partition.first.value + 1);
}

Result<DiskLayout> lay_out(const Layout& layout, Bytes size, Bytes logical_block_size, const Below& below,
                           const PlanIds& ids, const std::string& where) {
    const Bytes block = logical_block_size;
    BEDPLATE_TRY(check_block_size(block, where));
    BEDPLATE_TRY(check_layout(layout, block));

    std::vector<PlannedVolume> volumes = volumes_of(layout);
    const Bytes in_volumes =
        std::accumulate(volumes.begin(), volumes.end(), Bytes{},
                        [](Bytes sum, const PlannedVolume& volume) { return sum + volume.size; });
    const Bytes backup_gpt = block * backup_gpt_blocks(block);
    const Bytes needed = end_of_smallest(layout, below, in_volumes) + backup_gpt;
    const Bytes available = size.floor_to(block);
    if (available < needed) {
        return too_small(layout, volumes, needed, available, where);
    }

    DiskLayout result;
    result.logical_block_size = block;
    result.partitions = place(layout, below, (available - backup_gpt).floor_to(alignment), block, ids);
    result.volume_group = layout.volume_group;
    result.volumes = std::move(volumes);
    const action::PlannedPartition& lvm = result.partition(lvm_number);
    const Bytes in_front = below.overhead() + physical_volume_header;
    result.volumes_start = result.start_of(lvm) + in_front;
    result.volumes_free = (result.size_of(lvm) - in_front).floor_to(extent_size) - in_volumes;
    return result;
}

Result<std::vector<action::PlannedPartition>> lay_out_fast(Bytes size, Bytes logical_block_size,
                                                           const PlanIds& ids, const std::string& where) {
    const Bytes block = logical_block_size;
    BEDPLATE_TRY(check_block_size(block, where));
    const Bytes backup_gpt = block * backup_gpt_blocks(block);
    if (size < smallest_fast_disk) {
        return refuse("disk.too-small",
                      std::format("a disk of the fast tier has {} at least, this one has {}",
                                  to_binary_text(smallest_fast_disk), to_binary_text(size)),
                      where, "let the selector of disks.fast leave it out (min_size)");
    }
    action::PlannedPartition partition = make_partition(fast_number, "fast", raid_type, ids);
    partition.first = {alignment.value / block.value};
    partition.last = {(size.floor_to(block) - backup_gpt).floor_to(alignment).value / block.value - 1};
    return std::vector{partition};
}

}  // namespace bedplate
