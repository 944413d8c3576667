// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/fake_block_devices.hpp"

namespace bedplate {

inline void put(std::string& block, std::size_t offset, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        block[offset + i] = static_cast<char>(value >> (8 * i));
    }
}

/// CRC-32 by the bits of the polynomial as the standard writes it: reflected, not as the product does it.
inline std::uint32_t reference_crc(const std::string& data) {
    const auto reflect = [](std::uint32_t value, unsigned bits) {
        std::uint32_t result = 0;
        for (unsigned i = 0; i < bits; ++i) {
            result |= ((value >> i) & 1U) << (bits - 1 - i);
        }
        return result;
    };
    std::uint32_t crc = 0xffffffff;
    for (const char c : data) {
        crc ^= reflect(static_cast<unsigned char>(c), 8) << 24U;
        for (int i = 0; i < 8; ++i) {
            crc = (crc & 0x80000000U) != 0 ? (crc << 1U) ^ 0x04c11db7U : crc << 1U;
        }
    }
    return ~reflect(crc, 32);
}

struct BuiltPartition {
    std::string name;
    std::uint64_t first = 0, last = 0;  ///< logical blocks
};

/// A disk in memory with a GUID partition table at both ends, as the UEFI specification lays it out.
class DiskBuilder {
public:
    DiskBuilder(fakes::FakeBlockDevices& devices, std::string path, Bytes size, Bytes block = Bytes{512})
        : devices_(devices), path_(std::move(path)), size_(size), block_(block) {
        devices_.add_disk(path_, size, block);
    }

    void gpt(const std::vector<BuiltPartition>& partitions) {
        std::string table(128 * 128, '\0');
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            const std::size_t at = i * 128;
            put(table, at, 0xc12a7328, 4);
            put(table, at + 16, i + 1, 8);
            put(table, at + 32, partitions[i].first, 8);
            put(table, at + 40, partitions[i].last, 8);
            for (std::size_t c = 0; c < partitions[i].name.size(); ++c) {
                table[at + 56 + 2 * c] = partitions[i].name[c];
            }
        }
        const std::uint64_t last = size_.value / block_.value - 1;
        const std::uint64_t table_blocks = table.size() / block_.value;
        write_header(table, 1, last, 2);
        write_header(table, last, 1, last - table_blocks);
    }

    void poke(Bytes offset, std::string_view data) { devices_.poke(path_, offset, data); }

private:
    void write_header(const std::string& table, std::uint64_t here, std::uint64_t other,
                      std::uint64_t entries) {
        std::string header(92, '\0');
        header.replace(0, 8, "EFI PART");
        put(header, 8, 0x00010000, 4);
        put(header, 12, 92, 4);
        put(header, 24, here, 8);
        put(header, 32, other, 8);
        put(header, 56, 0x33221100, 4);
        put(header, 60, 0x5544, 2);
        put(header, 72, entries, 8);
        put(header, 80, 128, 4);
        put(header, 84, 128, 4);
        put(header, 88, reference_crc(table), 4);
        put(header, 16, reference_crc(header), 4);
        poke(block_ * here, header);
        poke(block_ * entries, table);
    }

    fakes::FakeBlockDevices& devices_;
    std::string path_;
    Bytes size_, block_;
};

}  // namespace bedplate
