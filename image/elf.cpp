// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/elf.hpp"

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <optional>

namespace bedplate::image {

namespace {

template <typename T>
std::optional<T> read_at(std::string_view content, std::uint64_t offset) {
    if (offset > content.size() || content.size() - offset < sizeof(T)) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, content.data() + offset, sizeof(T));
    return value;
}

std::string string_at(std::string_view content, std::uint64_t offset) {
    if (offset >= content.size()) {
        return {};
    }
    content.remove_prefix(offset);
    return std::string(content.substr(0, content.find('\0')));
}

/// Sections rather than segments: their offsets are file offsets, no address has to be translated.
std::vector<std::string> from_section(std::string_view content, const Elf64_Shdr& dynamic,
                                      const Elf64_Shdr& strings) {
    std::vector<std::string> needed;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic.sh_size; at += sizeof(Elf64_Dyn)) {
        const auto entry = read_at<Elf64_Dyn>(content, dynamic.sh_offset + at);
        if (!entry || entry->d_tag == DT_NULL) {
            break;
        }
        if (entry->d_tag == DT_NEEDED) {
            needed.push_back(string_at(content, strings.sh_offset + entry->d_un.d_val));
        }
    }
    return needed;
}

}  // namespace

std::vector<std::string> needed_libraries(std::string_view content) {
    const auto header = read_at<Elf64_Ehdr>(content, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) {
        return {};
    }
    for (std::uint64_t i = 0; i < header->e_shnum; ++i) {
        const auto section = read_at<Elf64_Shdr>(content, header->e_shoff + i * sizeof(Elf64_Shdr));
        if (!section || section->sh_type != SHT_DYNAMIC) {
            continue;
        }
        const auto strings =
            read_at<Elf64_Shdr>(content, header->e_shoff + section->sh_link * sizeof(Elf64_Shdr));
        return strings ? from_section(content, *section, *strings) : std::vector<std::string>{};
    }
    return {};
}

}  // namespace bedplate::image
