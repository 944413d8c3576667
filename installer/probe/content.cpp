// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/content.hpp"

#include <algorithm>
#include <span>

#include "base/text.hpp"

namespace bedplate {
namespace {

/// The primary volume descriptor stands in sector 16 of 2048 bytes (ECMA-119, 8.4): the standard's name at
/// byte 1, the volume id at byte 40.
std::string iso_label_of(BlockDevice& device) {
    constexpr Bytes descriptor = kib(32);
    constexpr std::size_t read_size = 4096;
    if (device.size() < descriptor + Bytes{read_size}) {
        return {};
    }
    std::string block(read_size, '\0');
    if (!device.read(descriptor, std::as_writable_bytes(std::span(block))) || block.substr(1, 5) != "CD001") {
        return {};
    }
    return std::string(trim(std::string_view(block).substr(40, 32)));
}

/// Device of the partition with this number, as lsblk shows it.
std::string device_of_partition(const BlockNode& disk, std::uint32_t number) {
    for (const BlockNode& child : disk.children) {
        const auto digits = child.kname.find_last_not_of("0123456789") + 1;
        if (child.type == "part" &&
            (child.partn ? std::optional<std::uint64_t>(*child.partn)
                         : parse_unsigned(std::string_view(child.kname).substr(digits))) == number) {
            return child.path;
        }
    }
    return {};
}

std::optional<std::uint32_t> number_of(const BlockNode& part) {
    const auto digits = part.kname.find_last_not_of("0123456789") + 1;
    const auto number = part.partn ? std::optional<std::uint64_t>(*part.partn)
                                   : parse_unsigned(std::string_view(part.kname).substr(digits));
    return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

/// On partitions that are an OSD, or nothing that anybody knows: with its first label wiped, an OSD looks
/// empty to every tool and still has four more.
void read_partition_labels(Sources& sources, BlockDevice& device, const BlockNode& disk,
                           DiskContent& content) {
    for (const BlockNode& child : disk.children) {
        const auto number = number_of(child);
        if (child.type != "part" || !number || !child.start ||
            !(child.fstype.empty() || child.fstype == "ceph_bluestore")) {
            continue;
        }
        auto labels = sources.accept(read_bluestore_labels(device, *child.start, child.size))
                          .value_or(std::vector<BluestoreLabel>{});
        if (!labels.empty()) {
            content.partition_labels[*number] = std::move(labels);
        }
    }
}

std::optional<RunRecord> read_run_record(BlockDevice& device) {
    const Bytes block = device.logical_block_size();
    if (device.size() < mib(1)) {
        return std::nullopt;
    }
    std::string text(block.value, '\0');
    // Most disks have none, and one that cannot be read here says so elsewhere.
    if (!device.read(run_record_offset(block), std::as_writable_bytes(std::span(text)))) {
        return std::nullopt;
    }
    return decode_run_record(text);
}

}  // namespace

DiskContent read_content(Sources& sources, const BlockNode& disk) {
    DiskContent content;
    if (disk.size == Bytes{}) {
        return content;
    }
    if (const auto text = sources.output({"wipefs", "-J", "--no-act", disk.path})) {
        content.signatures = sources.accept(parse_wipefs(*text)).value_or(std::vector<Signature>{});
    }
    const auto device = sources.open(disk.path);
    if (!device) {
        return content;
    }
    content.iso_label = iso_label_of(*device);
    content.osd_labels =
        sources.accept(read_bluestore_labels(*device)).value_or(std::vector<BluestoreLabel>{});
    read_partition_labels(sources, *device, disk, content);
    content.interrupted = read_run_record(*device);
    content.gpt = sources.accept(read_gpt(*device)).value_or(std::nullopt);
    if (content.gpt) {
        const GptEntry* esp = content.gpt->find(marked_partition_name);
        content.mark = read_mark(sources, *device, *content.gpt, disk.path,
                                 esp == nullptr ? std::string() : device_of_partition(disk, esp->number));
    }
    return content;
}

}  // namespace bedplate
