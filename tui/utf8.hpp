// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bedplate::tui {

/// The characters of a UTF-8 text; what is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::u32string to_characters(std::string_view utf8);
[[nodiscard]] std::string to_utf8(char32_t character);
[[nodiscard]] std::string to_utf8(std::u32string_view characters);

/// Columns that a character takes on a terminal: 0 (combining), 1, or 2 (East Asian wide, UAX #11).
[[nodiscard]] int width_of(char32_t character);
[[nodiscard]] int width_of(std::string_view utf8);

/// `text` cut to at most `columns`; where something is lost, the last of them is '~'.
[[nodiscard]] std::string cut(std::string_view text, int columns);

/// Lines of at most `columns`, broken at blanks where there are any (and between wide characters); line
/// breaks in the text stay.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, int columns);

}  // namespace bedplate::tui
