// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bedplate {

/// RFC 4648 section 4, with padding, on one line.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// The bytes again. Strict: nothing but whole groups of the alphabet, padding where it belongs and unused
/// bits zero, so that two different texts never mean the same bytes. Errors: base64.syntax.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

}  // namespace bedplate
