// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/iso_reader.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace bedplate::image {

namespace {

constexpr std::uint64_t sector = 2048;
/// More than any medium of ours has; keeps damaged directories from going on for ever.
constexpr std::size_t max_files = 10000;
constexpr std::size_t max_depth = 16;
constexpr std::uint64_t max_directory = std::uint64_t{4} << 20U;

std::unexpected<Error> format_error(const File& image, std::string_view what) {
    return refuse("iso.format", std::format("{}: {}", image.path().string(), what), image.path().string(),
                  "this is not an image that `bedplate image build` made, or it is damaged");
}

std::uint32_t little32(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

/// UCS-2, big-endian. Our names are ASCII; anything else becomes '?', which no file of ours has.
std::string joliet_name(std::string_view bytes) {
    std::string name;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const bool ascii = bytes[i] == 0 && static_cast<unsigned char>(bytes[i + 1]) < 0x80;
        name += ascii ? bytes[i + 1] : '?';
    }
    return name.substr(0, name.find(';'));
}

Result<std::string> read_at(const File& image, Bytes offset, std::uint64_t size) {
    std::string data(size, '\0');
    BEDPLATE_TRY(image.read(offset, std::as_writable_bytes(std::span(data))));
    return data;
}

/// One record of a directory (ECMA-119 9.1).
struct Record {
    std::string name;
    Extent extent;
    bool directory = false;
    bool continued = false;  ///< the file goes on in another extent
};

Result<std::vector<Record>> read_records(const File& image, Extent where) {
    if (where.size.value > max_directory) {
        return format_error(image, "a directory is impossibly large");
    }
    BEDPLATE_ASSIGN(const auto data, read_at(image, where.offset, where.size.value));
    std::vector<Record> records;
    for (std::size_t at = 0; at < data.size();) {
        const auto length = static_cast<unsigned char>(data[at]);
        if (length == 0) {
            // Records do not cross sectors; the rest of this one is empty.
            at = (at / sector + 1) * sector;
            continue;
        }
        const std::string_view record = std::string_view(data).substr(at, length);
        at += length;
        if (record.size() < 34 || 33U + static_cast<unsigned char>(record[32]) > record.size()) {
            return format_error(image, "a directory record is damaged");
        }
        const auto name_length = static_cast<unsigned char>(record[32]);
        if (name_length == 1) {
            continue;  // "." and ".."
        }
        const auto flags = static_cast<unsigned char>(record[25]);
        records.push_back({.name = joliet_name(record.substr(33, name_length)),
                           .extent = {Bytes{little32(record, 2) * sector}, Bytes{little32(record, 10)}},
                           .directory = (flags & 0x02U) != 0,
                           .continued = (flags & 0x80U) != 0});
    }
    return records;
}

Result<void> walk(const File& image, Extent directory, const std::string& prefix, std::size_t depth,
                  std::map<std::string, Extent>& files) {
    if (depth > max_depth) {
        return format_error(image, "its directories are nested too deeply");
    }
    BEDPLATE_ASSIGN(const auto records, read_records(image, directory));
    for (const auto& record : records) {
        const std::string path = prefix + record.name;
        if (record.directory) {
            BEDPLATE_TRY(walk(image, record.extent, path + "/", depth + 1, files));
            continue;
        }
        if (record.continued || files.size() >= max_files || !files.emplace(path, record.extent).second) {
            return format_error(image, std::format("the directory entry of {} is not one of ours", path));
        }
    }
    return {};
}

bool is_joliet(std::string_view descriptor) {
    // Volume descriptor type 2 with one of the three UCS-2 escape sequences.
    const auto escape = descriptor.substr(88, 3);
    return descriptor[0] == 2 && (escape == "%/@" || escape == "%/C" || escape == "%/E");
}

}  // namespace

Result<IsoDirectory> IsoDirectory::read(const File& image) {
    IsoDirectory iso;
    // Volume descriptors begin at sector 16; the set ends with type 255.
    for (std::uint64_t index = 16; index < 32; ++index) {
        auto descriptor = read_at(image, Bytes{index * sector}, sector);
        if (!descriptor || descriptor->substr(1, 5) != "CD001") {
            return format_error(image, "there is no ISO 9660 file system in it");
        }
        if ((*descriptor)[0] == 1) {
            iso.volume_ = std::string(trim(std::string_view(*descriptor).substr(40, 32)));
        }
        if (static_cast<unsigned char>((*descriptor)[0]) == 255) {
            break;
        }
        if (is_joliet(*descriptor)) {
            const std::string_view root = std::string_view(*descriptor).substr(156, 34);
            const Extent where{Bytes{little32(root, 2) * sector}, Bytes{little32(root, 10)}};
            BEDPLATE_TRY(walk(image, where, "", 0, iso.files_));
            return iso;
        }
    }
    return format_error(image, "it has no Joliet directory");
}

Result<Extent> IsoDirectory::find(const std::string& path) const {
    const auto found = files_.find(path);
    if (found == files_.end()) {
        return fail("iso.no-file", std::format("there is no {} on the medium", path), path,
                    "this is not an image that `bedplate image build` made, or it is incomplete");
    }
    return found->second;
}

Result<std::string> IsoDirectory::read_file(const File& image, const std::string& path) const {
    BEDPLATE_ASSIGN(const auto extent, find(path));
    if (extent.size > mib(16)) {
        return fail("iso.file-too-large", std::format("{} is too large to be read at once", path), path);
    }
    return read_at(image, extent.offset, extent.size.value);
}

}  // namespace bedplate::image
