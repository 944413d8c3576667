// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/yaml_tree.hpp"

namespace bedplate {

/// A byte sequence that has no place in a document.
struct BadCharacter {
    std::size_t offset = 0;
    bool encoding = false;    ///< not UTF-8 at all; otherwise a character that must not be there
    std::string description;  ///< "the control character U+0007"
};

/// The first byte sequence of `text` that is not UTF-8 (RFC 3629) or is a control character: C0 without tab
/// and line ends, DEL, C1, byte order marks, and the characters that reorder or break lines on a screen, with
/// which a document can look different from what it says.
[[nodiscard]] std::optional<BadCharacter> find_bad_character(std::string_view text);

/// Turns byte offsets of a text into lines and columns, in constant time: a hostile document is one line.
class LineIndex {
public:
    explicit LineIndex(std::string_view text);
    [[nodiscard]] YamlPlace at_offset(std::size_t offset) const;
    /// `line` and `byte_column` count from 0, as yaml-cpp's marks do.
    [[nodiscard]] YamlPlace at(std::size_t line, std::size_t byte_column) const;
    /// What stands there up to the end of the line.
    [[nodiscard]] std::string_view rest_of_line(std::size_t line, std::size_t byte_column) const;

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;              ///< of the lines
    std::vector<std::uint32_t> characters_until_;  ///< characters that begin before each byte, and the end
};

/// `text` begins with a quotation mark, and its counterpart is in it too: a doubled ' and an escaped " do not
/// count (YAML 1.2, 7.3).
[[nodiscard]] bool closes_its_quote(std::string_view text);

}  // namespace bedplate
