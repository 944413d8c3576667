// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bedplate {

/// Keeps the order in which fields were written, so that what a person reads follows the design.
using Json = nlohmann::ordered_json;

/// Parse JSON text of at most `max_bytes`; `origin` (a file name or command) stands in the error.
/// Errors: json.too-large, json.syntax (with byte position).
[[nodiscard]] Result<Json> parse_json(std::string_view text, std::string_view origin,
                                      std::size_t max_bytes = 64U * 1024 * 1024);

/// Compact text with a stable field order: what digests are computed over.
[[nodiscard]] std::string canonical(const Json& value);

}  // namespace bedplate
