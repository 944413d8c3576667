// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/gpt.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace bedplate {
namespace {

using Block = std::vector<std::byte>;

/// Larger tables are possible but nobody makes them, and the numbers in a header are not to be trusted.
constexpr std::uint32_t max_entries = 1024, max_entry_size = 4096;

std::uint64_t little_endian(std::span<const std::byte> data, std::size_t offset, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = value << 8U | std::to_integer<std::uint64_t>(data[offset + i]);
    }
    return value;
}

std::uint32_t u32(std::span<const std::byte> data, std::size_t offset) {
    return static_cast<std::uint32_t>(little_endian(data, offset, 4));
}

std::uint64_t u64(std::span<const std::byte> data, std::size_t offset) {
    return little_endian(data, offset, 8);
}

/// CRC-32 as in ISO 3309, which the UEFI specification names.
std::uint32_t crc32(std::span<const std::byte> data) {
    std::uint32_t crc = 0xffffffff;
    for (const std::byte byte : data) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ (0xedb88320U & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

/// On disk the first three groups of a GUID are little-endian.
Guid guid_at(std::span<const std::byte> data, std::size_t offset) {
    constexpr std::array<std::size_t, 16> order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = std::to_integer<std::uint8_t>(data[offset + order[i]]);
    }
    return Guid(bytes);
}

std::string name_at(std::span<const std::byte> data, std::size_t offset) {
    std::string name;
    for (std::size_t i = 0; i < 36; ++i) {
        const auto unit = little_endian(data, offset + 2 * i, 2);
        if (unit == 0) {
            break;
        }
        name += unit >= 0x20 && unit < 0x7f ? static_cast<char>(unit) : '?';
    }
    return name;
}

struct Header {
    Guid disk_guid;
    std::uint64_t entries_lba = 0;
    std::uint32_t entry_count = 0, entry_size = 0, entries_crc = 0;
};

std::optional<Header> header_in(Block block, std::uint64_t lba) {
    constexpr std::string_view magic = "EFI PART";
    const bool has_magic = std::ranges::equal(
        magic, std::span(block).first(magic.size()),
        [](char expected, std::byte byte) { return std::to_integer<char>(byte) == expected; });
    const std::uint32_t header_size = u32(block, 12);
    if (!has_magic || header_size < 92 || header_size > block.size() || u64(block, 24) != lba) {
        return std::nullopt;
    }
    const std::uint32_t expected = u32(block, 16);
    std::ranges::fill(std::span(block).subspan(16, 4), std::byte{0});
    if (crc32(std::span(block).first(header_size)) != expected) {
        return std::nullopt;
    }
    Header header{.disk_guid = guid_at(block, 56),
                  .entries_lba = u64(block, 72),
                  .entry_count = u32(block, 80),
                  .entry_size = u32(block, 84),
                  .entries_crc = u32(block, 88)};
    const bool sane = header.entry_count <= max_entries && header.entry_size >= 128 &&
                      header.entry_size <= max_entry_size && header.entry_size % 8 == 0;
    return sane ? std::optional(header) : std::nullopt;
}

std::vector<GptEntry> entries_in(std::span<const std::byte> table, const Header& header, Bytes block) {
    std::vector<GptEntry> entries;
    for (std::uint32_t i = 0; i < header.entry_count; ++i) {
        const auto entry = table.subspan(std::size_t{i} * header.entry_size, header.entry_size);
        const Guid type = guid_at(entry, 0);
        const std::uint64_t first = u64(entry, 32);
        const std::uint64_t last = u64(entry, 40);
        if (type == Guid{} || last < first) {
            continue;
        }
        entries.push_back({.number = i + 1,
                           .name = name_at(entry, 56),
                           .type = type,
                           .guid = guid_at(entry, 16),
                           .start = block * first,
                           .size = block * (last - first + 1)});
    }
    return entries;
}

Result<std::optional<Gpt>> read_table(BlockDevice& device, std::uint64_t header_lba) {
    const Bytes block_size = device.logical_block_size();
    Block block(block_size.value);
    BEDPLATE_TRY(device.read(block_size * header_lba, block));
    const auto header = header_in(block, header_lba);
    if (!header) {
        return std::nullopt;
    }
    Block table(std::size_t{header->entry_count} * header->entry_size);
    const std::uint64_t blocks = device.size().value / block_size.value;
    if (header->entries_lba >= blocks || (blocks - header->entries_lba) * block_size.value < table.size()) {
        return std::nullopt;
    }
    // Whole blocks are read, since a device may refuse less.
    table.resize(Bytes{table.size()}.ceil_to(block_size).value);
    BEDPLATE_TRY(device.read(block_size * header->entries_lba, table));
    const auto used = std::span(table).first(std::size_t{header->entry_count} * header->entry_size);
    if (crc32(used) != header->entries_crc) {
        return std::nullopt;
    }
    return Gpt{.disk_guid = header->disk_guid, .entries = entries_in(used, *header, block_size)};
}

}  // namespace

const GptEntry* Gpt::find(std::string_view name) const {
    const auto found = std::ranges::find(entries, name, &GptEntry::name);
    return found == entries.end() ? nullptr : &*found;
}

Result<std::optional<Gpt>> read_gpt(BlockDevice& device) {
    const std::uint64_t blocks = device.size().value / device.logical_block_size().value;
    if (blocks < 3) {
        return std::nullopt;
    }
    BEDPLATE_ASSIGN(auto primary, read_table(device, 1));
    if (primary) {
        return primary;
    }
    return read_table(device, blocks - 1);
}

}  // namespace bedplate
