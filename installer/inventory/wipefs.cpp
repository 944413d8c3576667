// SPDX-License-Identifier: GPL-3.0-or-later
#include "inventory/wipefs.hpp"

#include <charconv>

#include "base/foreign_text.hpp"
#include "base/text.hpp"
#include "inventory/json_fields.hpp"

namespace bedplate {
namespace {

/// "0x1fe".
std::optional<std::uint64_t> parse_hex(std::string_view text) {
    std::uint64_t value = 0;
    if (!text.starts_with("0x")) {
        return std::nullopt;
    }
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + 2, end, value, 16);
    return error == std::errc{} && rest == end ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<std::vector<Signature>> parse_wipefs(std::string_view text) {
    std::vector<Signature> signatures;
    if (trim(text).empty()) {
        return signatures;
    }
    BEDPLATE_ASSIGN(const Json json, parse_tool_json(text, "wipefs"));
    for (const Json& each : array_field(json, "signatures")) {
        const auto offset = parse_hex(text_field(each, "offset"));
        if (!offset) {
            return fail("wipefs.syntax", "a signature without an offset", "wipefs -J --no-act");
        }
        signatures.push_back({.type = text_field(each, "type"),
                              .label = text_field(each, "label"),
                              .uuid = text_field(each, "uuid"),
                              .offset = Bytes{*offset}});
    }
    return signatures;
}

}  // namespace bedplate
