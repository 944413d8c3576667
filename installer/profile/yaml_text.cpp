// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/yaml_text.hpp"

#include <algorithm>
#include <cstdint>
#include <format>

namespace bedplate {

namespace {

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

struct Decoded {
    std::uint32_t code_point = 0;
    std::size_t length = 0;  ///< 0: not UTF-8
};

/// One character, without the forms that RFC 3629 section 3 forbids: overlong, surrogates, above U+10FFFF.
Decoded decode(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80U) {
        return {first, 1};
    }
    const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
    if (first < 0xC2U || first > 0xF4U || text.size() < length) {
        return {};
    }
    std::uint32_t code_point = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i])) {
            return {};
        }
        code_point = (code_point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code_point >= 0xD800U && code_point <= 0xDFFFU;
    if (code_point < smallest[length] || surrogate || code_point > 0x10FFFFU) {
        return {};
    }
    return {code_point, length};
}

bool is_forbidden(std::uint32_t c) {
    if (c < 0x20U) {
        return c != '\t' && c != '\n';
    }
    const auto within = [c](std::uint32_t first, std::uint32_t last) { return c >= first && c <= last; };
    return within(0x7F, 0x9F) || within(0x2028, 0x202E) || within(0x2066, 0x2069) || c == 0x200EU ||
           c == 0x200FU || c == 0xFEFFU || c == 0xFFFEU || c == 0xFFFFU;
}

}  // namespace

std::optional<BadCharacter> find_bad_character(std::string_view text) {
    std::size_t offset = 0;
    while (offset < text.size()) {
        const std::string_view rest = text.substr(offset);
        const Decoded character = decode(rest);
        if (character.length == 0) {
            return BadCharacter{offset, true,
                                std::format("the byte 0x{:02x}, which is not UTF-8",
                                            static_cast<unsigned char>(rest.front()))};
        }
        const bool line_end = rest.starts_with("\r\n");
        if (is_forbidden(character.code_point) && !line_end) {
            return BadCharacter{offset, false,
                                std::format("the control character U+{:04X}", character.code_point)};
        }
        offset += character.length;
    }
    return std::nullopt;
}

LineIndex::LineIndex(std::string_view text) : text_(text), starts_{0} {
    characters_until_.reserve(text.size() + 1);
    std::uint32_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        characters_until_.push_back(characters);
        characters += is_continuation(text[i]) ? 0U : 1U;
        if (text[i] == '\n') {
            starts_.push_back(i + 1);
        }
    }
    characters_until_.push_back(characters);
}

YamlPlace LineIndex::at_offset(std::size_t offset) const {
    const auto next = std::ranges::upper_bound(starts_, offset);
    const auto line = static_cast<std::size_t>(next - starts_.begin()) - 1;
    return at(line, offset - starts_[line]);
}

YamlPlace LineIndex::at(std::size_t line, std::size_t byte_column) const {
    if (line >= starts_.size()) {
        return {starts_.size(), 1};
    }
    const std::size_t offset = std::min(starts_[line] + byte_column, text_.size());
    return {line + 1, characters_until_[offset] - characters_until_[starts_[line]] + 1};
}

std::string_view LineIndex::rest_of_line(std::size_t line, std::size_t byte_column) const {
    if (line >= starts_.size()) {
        return {};
    }
    const std::size_t end = line + 1 < starts_.size() ? starts_[line + 1] - 1 : text_.size();
    const std::size_t begin = std::min(starts_[line] + byte_column, end);
    return text_.substr(begin, end - begin);
}

bool closes_its_quote(std::string_view text) {
    const char quote = text.front();
    for (std::size_t i = 1; i < text.size(); ++i) {
        const bool doubled = quote == '\'' && text.substr(i).starts_with("''");
        const bool escape = quote == '"' && text[i] == '\\';
        if (doubled || escape) {
            ++i;
        } else if (text[i] == quote) {
            return true;
        }
    }
    return false;
}

}  // namespace bedplate
