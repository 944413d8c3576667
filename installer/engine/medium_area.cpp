// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/medium_area.hpp"

#include <algorithm>
#include <charconv>
#include <format>

namespace bedplate {

namespace {

constexpr std::size_t header_size = 110;
constexpr std::string_view magic = "070701";

std::size_t padded(std::size_t size) {
    return (size + 3) / 4 * 4;
}

std::unexpected<Error> damaged(std::string_view what) {
    return fail("site-area.damaged", std::format("the medium's site area is damaged: {}", what), {},
                "personalize the image again");
}

/// The n-th of the header's thirteen fields of eight hex digits.
std::size_t field(std::string_view header, std::size_t n) {
    std::size_t value = 0;
    const char* begin = header.data() + magic.size() + 8 * n;
    std::from_chars(begin, begin + 8, value, 16);
    return value;
}

}  // namespace

Result<std::map<std::string, std::string>> read_newc(std::string_view archive) {
    constexpr std::size_t mode = 1;
    constexpr std::size_t file_size = 6;
    constexpr std::size_t name_size = 11;
    constexpr std::size_t type_mask = 0170000;
    constexpr std::size_t regular = 0100000;
    std::map<std::string, std::string> files;
    for (std::size_t at = 0;;) {
        const auto header = archive.substr(std::min(at, archive.size()), header_size);
        if (header.size() < header_size || !header.starts_with(magic)) {
            return damaged("an archive header is missing");
        }
        const std::size_t name_at = at + header_size;
        const std::size_t content_at = at + padded(header_size + field(header, name_size));
        const std::size_t end = content_at + field(header, file_size);
        if (field(header, name_size) == 0 || end < content_at || end > archive.size()) {
            return damaged("a file in it has no end");
        }
        const auto name = std::string(archive.substr(name_at, field(header, name_size) - 1));
        if (name == "TRAILER!!!") {
            return files;
        }
        if ((field(header, mode) & type_mask) == regular) {
            files[name] = std::string(archive.substr(content_at, end - content_at));
        }
        at = padded(end);
    }
}

Result<bool> unpack_medium_area(Platform& platform, const MediumPlaces& places,
                                const DocumentPlaces& documents) {
    BEDPLATE_ASSIGN(const auto medium, find_medium(platform, places));
    BEDPLATE_ASSIGN(const auto area, platform.files.read(medium.root / medium.manifest.site_area, mib(16)));
    if (area.empty() || area.front() == '\0') {
        return false;
    }
    BEDPLATE_ASSIGN(const auto files, read_newc(area));
    for (const auto& [path, text] : files) {
        if (!path.starts_with("bedplate/") || path.contains("..")) {
            return damaged("it holds a file that is not ours");
        }
        BEDPLATE_TRY(platform.files.write(documents.medium_area / path, text, 0600));
    }
    return !files.empty();
}

}  // namespace bedplate
