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
    content.gpt = sources.accept(read_gpt(*device)).value_or(std::nullopt);
    if (content.gpt) {
        const GptEntry* esp = content.gpt->find(marked_partition_name);
        content.mark = read_mark(sources, *device, *content.gpt, disk.path,
                                 esp == nullptr ? std::string() : device_of_partition(disk, esp->number));
    }
    return content;
}

}  // namespace bedplate
