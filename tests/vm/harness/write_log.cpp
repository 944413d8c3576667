// SPDX-License-Identifier: GPL-3.0-or-later
#include "write_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <format>
#include <string>

namespace bedplate::vm {
namespace {

// Super block: magic, version, number of entries, sector size. Entry: sector, sectors, flags, length of data.
// All little-endian, as is every machine that runs these tests.
static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t magic = 0x6a736677736872;
constexpr std::uint64_t version = 1;
constexpr std::uint64_t flush_flag = 1, fua_flag = 2, discard_flag = 4, mark_flag = 8;

struct SuperBlock {
    std::uint64_t magic, version, entries;
    std::uint32_t sector_size;
};

struct EntryHeader {
    std::uint64_t sector, sectors, flags, data_size;
};

template <typename T>
Result<T> read_as(int file, std::uint64_t offset) {
    std::array<char, sizeof(T)> bytes{};
    if (::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes.size())) {
        return fail("log.format", std::format("the log ends at byte {}", offset));
    }
    return std::bit_cast<T>(bytes);
}

}  // namespace

Result<WriteLog> WriteLog::open(const std::filesystem::path& file) {
    WriteLog log(Descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC)));
    if (!log.file_.is_open()) {
        return fail_errno("log.open", "open", file.string(), errno);
    }
    BEDPLATE_TRY(log.scan());
    return log;
}

Result<void> WriteLog::scan() {
    BEDPLATE_ASSIGN(const auto super, read_as<SuperBlock>(file_.get(), 0));
    if (super.magic != magic || super.version != version || super.sector_size < 512 ||
        !std::has_single_bit(super.sector_size)) {
        return fail("log.format", "this is no log of writes");
    }
    sector_size_ = Bytes{super.sector_size};
    const auto end = static_cast<std::uint64_t>(::lseek(file_.get(), 0, SEEK_END));
    std::uint64_t at = sector_size_.value;
    for (std::uint64_t i = 0; i < super.entries; ++i) {
        BEDPLATE_ASSIGN(const auto header, read_as<EntryHeader>(file_.get(), at));
        at += sector_size_.value;
        const bool discard = (header.flags & discard_flag) != 0;
        const std::uint64_t size = header.sectors * sector_size_.value;
        if ((header.flags & mark_flag) != 0) {
            at += header.data_size;
            continue;
        }
        entries_.push_back({.offset = sector_size_ * header.sector,
                            .size = Bytes{size},
                            .flush = (header.flags & flush_flag) != 0,
                            .fua = (header.flags & fua_flag) != 0,
                            .discard = discard,
                            .data = Bytes{at}});
        at += discard ? 0 : size;
        if (at > end) {
            return fail("log.format",
                        std::format("entry {} of {} reaches beyond the end of the log", i, super.entries));
        }
    }
    return {};
}

Result<void> WriteLog::read(const LoggedWrite& entry, Bytes skip, std::span<std::byte> data) const {
    const auto got =
        ::pread(file_.get(), data.data(), data.size(), static_cast<off_t>((entry.data + skip).value));
    if (got != static_cast<ssize_t>(data.size())) {
        return fail("log.read", std::format("cannot read {} bytes of the log", data.size()));
    }
    return {};
}

std::vector<FlushWindow> flush_windows(const WriteLog& log) {
    std::vector<FlushWindow> windows;
    std::size_t first = 0;
    for (std::size_t i = 0; i < log.entries().size(); ++i) {
        if (log.entries()[i].flush) {
            windows.push_back({.first = first, .last = i + 1});
            first = i + 1;
        }
    }
    if (first < log.entries().size()) {
        windows.push_back({.first = first, .last = log.entries().size()});
    }
    return windows;
}

}  // namespace bedplate::vm
