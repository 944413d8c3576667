// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace bedplate::vm {

/// Writes logs as QEMU does, by hand.
class LogBuilder {
public:
    explicit LogBuilder(std::uint32_t sector_size) : sector_size_(sector_size) {}

    LogBuilder& write(std::uint64_t sector, const std::string& data, std::uint64_t flags = 0) {
        header(sector, data.size() / sector_size_, flags);
        body_ += data;
        return *this;
    }
    LogBuilder& flush() {
        header(0, 0, 1);
        return *this;
    }
    LogBuilder& discard(std::uint64_t sector, std::uint64_t sectors) {
        header(sector, sectors, 4);
        return *this;
    }
    void save(const std::filesystem::path& file) const {
        std::string super = number(0x6a736677736872) + number(1) + number(entries_) + number(sector_size_);
        super.resize(sector_size_);
        std::ofstream(file, std::ios::binary) << super << body_;
    }

private:
    static std::string number(std::uint64_t value) {
        std::string bytes;
        for (int i = 0; i < 8; ++i) {
            bytes += static_cast<char>(value >> (8 * i) & 0xffU);
        }
        return bytes;
    }
    void header(std::uint64_t sector, std::uint64_t sectors, std::uint64_t flags) {
        std::string entry = number(sector) + number(sectors) + number(flags) + number(0);
        entry.resize(sector_size_);
        body_ += entry;
        ++entries_;
    }

    std::uint32_t sector_size_;
    std::uint64_t entries_ = 0;
    std::string body_;
};

}  // namespace bedplate::vm
