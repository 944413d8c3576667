// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/base64.hpp"

#include <cstdint>

namespace bedplate {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::unexpected<Error> broken(std::string_view what) {
    return fail("base64.syntax", std::string(what));
}

/// The value of the up to four characters of one group; padding counts as zero bits.
Result<std::uint32_t> group_value(std::string_view group, std::size_t padding) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto at = i < 4 - padding ? alphabet.find(group[i]) : 0;
        if (at == std::string_view::npos) {
            return broken("a character that does not belong to base64");
        }
        value = (value << 6U) | static_cast<std::uint32_t>(at);
    }
    if ((padding == 1 && (value & 0xffU) != 0) || (padding == 2 && (value & 0xffffU) != 0)) {
        return broken("bits that mean nothing are set");
    }
    return value;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            value = (value << 8U) | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += i <= count ? alphabet[(value >> (18U - 6U * i)) & 63U] : '=';
        }
    }
    return text;
}

Result<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return broken("not a whole number of groups of four");
    }
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const std::string_view group = text.substr(at, 4);
        std::size_t padding = 0;
        if (at + 4 == text.size()) {
            padding = group.ends_with("==") ? 2 : group.ends_with('=') ? 1 : 0;
        }
        BEDPLATE_ASSIGN(const std::uint32_t value, group_value(group, padding));
        for (std::size_t i = 0; i < 3 - padding; ++i) {
            bytes += static_cast<char>((value >> (16U - 8U * i)) & 0xffU);
        }
    }
    return bytes;
}

}  // namespace bedplate
