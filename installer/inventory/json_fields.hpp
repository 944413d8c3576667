// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace bedplate {

// Reading the JSON of foreign tools. They differ between versions in whether a number or a flag is written as
// such or as a string ("rota": true, "1", 1), so these take every spelling; what is absent, null or of
// another kind is empty.

/// The field as text, without surrounding blanks.
[[nodiscard]] std::string text_field(const Json& object, const char* name);
[[nodiscard]] std::optional<std::uint64_t> number_field(const Json& object, const char* name);
[[nodiscard]] std::optional<bool> flag_field(const Json& object, const char* name);
/// The array in the field; an empty array where there is none.
[[nodiscard]] const Json& array_field(const Json& object, const char* name);

}  // namespace bedplate
