// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/disk_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <format>

namespace bedplate {
namespace {

using Block = std::vector<std::byte>;

// Offsets of UEFI table 5.5 (header) and 5.6 (entry).
constexpr std::string_view signature = "EFI PART";
constexpr std::size_t at_header_size = 12, at_header_crc = 16, at_backup_lba = 32, at_disk_guid = 56,
                      at_entries_lba = 72, at_entry_count = 80, at_entry_size = 84, at_entries_crc = 88;
constexpr std::size_t at_type = 0, at_guid = 16, at_first = 32, at_last = 40, at_name = 56, name_units = 36;
constexpr std::size_t least_header = 92, least_entry = 128;
// 128 entries are usual; the specification sets no limit, but memory does.
constexpr std::uint32_t most_entries = 1024;

template <typename Integer>
Integer get(std::span<const std::byte> data, std::size_t at) {
    Integer value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
        value = static_cast<Integer>(value | (static_cast<Integer>(data[at + i]) << (8 * i)));
    }
    return value;
}

template <typename Integer>
void put(std::span<std::byte> data, std::size_t at, Integer value) {
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
        data[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xffU);
    }
}

// The first three fields of a GUID are little-endian on disk and big-endian in its text.
std::array<std::uint8_t, 16> swapped(const std::array<std::uint8_t, 16>& bytes) {
    constexpr std::array<std::size_t, 16> order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    std::array<std::uint8_t, 16> result{};
    std::ranges::transform(order, result.begin(), [&](std::size_t i) { return bytes[i]; });
    return result;
}

Guid get_guid(std::span<const std::byte> data, std::size_t at) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), data.data() + at, bytes.size());
    return Guid(swapped(bytes));
}

void put_guid(std::span<std::byte> data, std::size_t at, const Guid& guid) {
    const auto bytes = swapped(guid.bytes());
    std::memcpy(data.data() + at, bytes.data(), bytes.size());
}

std::string get_name(std::span<const std::byte> entry) {
    std::string name;
    for (std::size_t i = 0; i < name_units; ++i) {
        const auto unit = get<std::uint16_t>(entry, at_name + 2 * i);
        if (unit == 0) {
            break;
        }
        name += unit < 0x80 ? static_cast<char>(unit) : '?';
    }
    return name;
}

struct Copy {
    Bytes header_at, entries_at, entries_size;
    Block header, entries;
};

// One copy of the table; nullopt unless both of its check sums are right.
Result<std::optional<Copy>> read_copy(BlockDevice& device, Lba lba) {
    const Bytes block = device.logical_block_size();
    Copy copy;
    copy.header_at = block * lba.value;
    copy.header.resize(block.value);
    BEDPLATE_TRY(device.read(copy.header_at, copy.header));
    Block header = copy.header;
    const auto header_size = get<std::uint32_t>(header, at_header_size);
    const auto count = get<std::uint32_t>(header, at_entry_count);
    const auto entry_size = get<std::uint32_t>(header, at_entry_size);
    const auto header_crc = get<std::uint32_t>(header, at_header_crc);
    put<std::uint32_t>(header, at_header_crc, 0);
    if (std::memcmp(header.data(), signature.data(), signature.size()) != 0 || header_size < least_header ||
        header_size > block.value || crc32(std::span(header).first(header_size)) != header_crc ||
        count > most_entries || entry_size < least_entry || entry_size > block.value) {
        return std::nullopt;
    }
    copy.entries_at = block * get<std::uint64_t>(header, at_entries_lba);
    copy.entries_size = Bytes{std::uint64_t{count} * entry_size}.ceil_to(block);
    if (copy.entries_at > device.size() || copy.entries_size > device.size() - copy.entries_at) {
        return std::nullopt;
    }
    copy.entries.resize(copy.entries_size.value);
    BEDPLATE_TRY(device.read(copy.entries_at, copy.entries));
    const auto used = std::span(copy.entries).first(std::size_t{count} * entry_size);
    if (crc32(used) != get<std::uint32_t>(header, at_entries_crc)) {
        return std::nullopt;
    }
    return copy;
}

struct BothCopies {
    Copy primary, backup;
};

Result<std::optional<BothCopies>> read_copies(BlockDevice& device) {
    BEDPLATE_ASSIGN(auto primary, read_copy(device, Lba{1}));
    if (!primary) {
        return std::nullopt;
    }
    const Lba backup_lba{get<std::uint64_t>(primary->header, at_backup_lba)};
    if (backup_lba.value < 2 || backup_lba.value >= device.size().value / device.logical_block_size().value) {
        return std::nullopt;
    }
    BEDPLATE_ASSIGN(auto backup, read_copy(device, backup_lba));
    if (!backup || backup->entries != primary->entries ||
        get_guid(backup->header, at_disk_guid) != get_guid(primary->header, at_disk_guid)) {
        return std::nullopt;
    }
    return BothCopies{.primary = std::move(*primary), .backup = std::move(*backup)};
}

Result<BothCopies> need_copies(BlockDevice& device) {
    BEDPLATE_ASSIGN(auto copies, read_copies(device));
    if (!copies) {
        return fail("gpt.invalid", "there is no valid partition table with a valid copy");
    }
    return std::move(*copies);
}

void seal_copy(Copy& copy) {
    const auto count = get<std::uint32_t>(copy.header, at_entry_count);
    const auto entry_size = get<std::uint32_t>(copy.header, at_entry_size);
    put(std::span(copy.header), at_entries_crc,
        crc32(std::span(copy.entries).first(std::size_t{count} * entry_size)));
    put<std::uint32_t>(copy.header, at_header_crc, 0);
    const auto header_size = get<std::uint32_t>(copy.header, at_header_size);
    put(std::span(copy.header), at_header_crc, crc32(std::span(copy.header).first(header_size)));
}

}  // namespace

std::uint32_t crc32(std::span<const std::byte> data) {
    std::uint32_t crc = 0xffffffff;
    for (const std::byte byte : data) {
        crc ^= static_cast<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
        }
    }
    return ~crc;
}

Result<std::optional<DiskTable>> read_disk_table(BlockDevice& device) {
    BEDPLATE_ASSIGN(const auto copies, read_copies(device));
    if (!copies) {
        return std::nullopt;
    }
    const Copy& copy = copies->primary;
    DiskTable table{.disk_guid = get_guid(copy.header, at_disk_guid), .partitions = {}};
    const auto count = get<std::uint32_t>(copy.header, at_entry_count);
    const auto entry_size = get<std::uint32_t>(copy.header, at_entry_size);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto entry = std::span(copy.entries).subspan(std::size_t{i} * entry_size, entry_size);
        if (get_guid(entry, at_type) == Guid()) {
            continue;
        }
        table.partitions.push_back({.number = i + 1,
                                    .name = get_name(entry),
                                    .type = get_guid(entry, at_type),
                                    .guid = get_guid(entry, at_guid),
                                    .first = Lba{get<std::uint64_t>(entry, at_first)},
                                    .last = Lba{get<std::uint64_t>(entry, at_last)}});
    }
    return table;
}

std::optional<std::string> table_difference(const DiskTable& table,
                                            const action::WritePartitionTable& planned) {
    if (table.disk_guid != planned.disk_guid) {
        return std::format("the disk's GUID is {}, planned is {}", table.disk_guid.to_text(),
                           planned.disk_guid.to_text());
    }
    if (table.partitions.size() != planned.partitions.size()) {
        return std::format("there are {} partitions, planned are {}", table.partitions.size(),
                           planned.partitions.size());
    }
    for (const action::PlannedPartition& want : planned.partitions) {
        const auto have = std::ranges::find(table.partitions, want.number, &action::PlannedPartition::number);
        if (have == table.partitions.end() || have->name != want.name || have->type != want.type ||
            have->guid != want.guid || have->first != want.first || have->last != want.last) {
            return std::format("partition {} ({}) is not as planned", want.number, want.name);
        }
    }
    return std::nullopt;
}

Result<void> set_table_guids(BlockDevice& device, const Guid& disk,
                             const std::map<std::uint32_t, Guid>& partitions) {
    BEDPLATE_ASSIGN(BothCopies copies, need_copies(device));
    for (Copy* copy : {&copies.backup, &copies.primary}) {
        put_guid(copy->header, at_disk_guid, disk);
        const auto entry_size = get<std::uint32_t>(copy->header, at_entry_size);
        for (const auto& [number, guid] : partitions) {
            if (number == 0 || number > get<std::uint32_t>(copy->header, at_entry_count)) {
                return fail("gpt.invalid", std::format("the table has no entry {}", number));
            }
            put_guid(copy->entries, std::size_t{number - 1} * entry_size + at_guid, guid);
        }
        seal_copy(*copy);
        BEDPLATE_TRY(device.write(copy->entries_at, copy->entries));
        BEDPLATE_TRY(device.write(copy->header_at, copy->header));
    }
    return {};
}

Result<std::vector<TableRange>> table_ranges(BlockDevice& device) {
    BEDPLATE_ASSIGN(const BothCopies copies, need_copies(device));
    const Bytes block = device.logical_block_size();
    return std::vector<TableRange>{{copies.backup.entries_at, copies.backup.entries_size},
                                   {copies.backup.header_at, block},
                                   {copies.primary.entries_at, copies.primary.entries_size},
                                   {copies.primary.header_at, block},
                                   {Bytes{0}, block}};
}

}  // namespace bedplate
