// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace bedplate {

/// Labels, serial numbers and names on somebody's disk are anybody's bytes, and tools pass them on. One of
/// them must not keep a machine from being looked at.

/// `text` with U+FFFD in the place of each byte that is not UTF-8.
[[nodiscard]] std::string as_utf8(std::string_view text);

/// JSON that a tool printed; bytes that are not UTF-8 are replaced. Errors: those of parse_json.
[[nodiscard]] Result<Json> parse_tool_json(std::string_view text, std::string_view origin);

/// Text for people and files, indented by two, whatever bytes the value holds.
[[nodiscard]] std::string pretty(const Json& value);

}  // namespace bedplate
