// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/segments.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr Bytes smallest_gap = mib(1);

/// Holders and signatures of a disk that has no partitions: what stands on it as a whole.
std::string whole_disk_content(const Disk& disk) {
    std::vector<std::string> parts = disk.signatures;
    for (const Holder* holder : all_holders(disk)) {
        parts.push_back(std::string(trim(std::format("{} {}", to_string(holder->kind), holder->name))));
    }
    return join(parts, ", ");
}

std::string partition_content(const PartitionFacts& partition) {
    std::string content = partition.fstype.empty() ? "no known file system" : partition.fstype;
    if (!partition.label.empty()) {
        content += std::format(" '{}'", partition.label);
    }
    return content;
}

void add_gap(std::vector<Segment>& segments, Bytes from, Bytes to) {
    if (to >= from + smallest_gap) {
        segments.push_back({.label = "free", .start = from, .size = to - from, .content = ""});
    }
}

}  // namespace

std::vector<Segment> segments_now(const Disk& disk) {
    if (disk.size == Bytes{}) {
        return {};
    }
    if (disk.partitions.empty()) {
        const std::string content = whole_disk_content(disk);
        return {{.label = content.empty() ? "empty" : "whole disk",
                 .start = {},
                 .size = disk.size,
                 .content = content}};
    }
    std::vector<PartitionFacts> partitions = disk.partitions;
    std::ranges::sort(partitions, {}, &PartitionFacts::start);
    std::vector<Segment> segments;
    // What is in front of the first partition is the table itself, not space.
    Bytes end = std::min(partitions.front().start, mib(1));
    for (const PartitionFacts& partition : partitions) {
        add_gap(segments, end, partition.start);
        segments.push_back({.label = std::format("{}", partition.number),
                            .start = partition.start,
                            .size = partition.size,
                            .content = partition_content(partition)});
        end = std::max(end, partition.start + partition.size);
    }
    // Nor is the copy of it at the end.
    add_gap(segments, end, disk.size - std::min(disk.size, mib(1)));
    return segments;
}

std::vector<Segment> segments_planned(const DiskLayout& layout) {
    std::vector<Segment> segments;
    const auto add = [&](std::uint32_t number, std::string label, std::string content) {
        const action::PlannedPartition& partition = layout.partition(number);
        segments.push_back({.label = std::move(label),
                            .start = layout.start_of(partition),
                            .size = layout.size_of(partition),
                            .content = std::move(content)});
    };
    add(bios_boot_number, "BIOS", "BIOS boot partition");
    add(esp_number, "ESP", "vfat on /boot/efi");
    add(boot_number, "boot", "ext4 on /boot");
    Bytes at = layout.volumes_start;
    for (const PlannedVolume& volume : layout.volumes) {
        const std::string content =
            volume.mount_path.empty()
                ? std::format("swap (LVM {})", layout.volume_group)
                : std::format("ext4 on {} (LVM {})", volume.mount_path, layout.volume_group);
        segments.push_back({.label = volume.name, .start = at, .size = volume.size, .content = content});
        at += volume.size;
    }
    if (layout.volumes_free != Bytes{}) {
        segments.push_back(
            {.label = "free",
             .start = at,
             .size = layout.volumes_free,
             .content = std::format("for growth and snapshots (LVM {})", layout.volume_group)});
    }
    return segments;
}

std::vector<Segment> segments_of_fast(Bytes size, const std::string& volume_group) {
    return {{.label = "fast",
             .start = mib(1),
             .size = size - mib(2),
             .content = std::format("RAID10 member (LVM {})", volume_group)}};
}

std::vector<Segment> segments_of_osd(const PlannedOsd& osd) {
    return {{.label = "OSD",
             .start = {},
             .size = osd.data_size,
             .content =
                 std::format("BlueStore{}, class {}", osd.dmcrypt ? ", encrypted" : "", osd.device_class)}};
}

std::vector<Segment> segments_of_databases(Bytes size, const std::vector<const PlannedOsd*>& osds) {
    std::vector<Segment> segments;
    Bytes at = mib(1);
    for (const PlannedOsd* osd : osds) {
        segments.push_back({.label = "db",
                            .start = at,
                            .size = osd->db_size,
                            .content = std::format("block.db of the OSD on {}", osd->data.to_text())});
        at += osd->db_size;
    }
    add_gap(segments, at, size);
    return segments;
}

}  // namespace bedplate
