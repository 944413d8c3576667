// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bedplate {

[[nodiscard]] std::string_view trim(std::string_view text);

/// ASCII letters only; the other bytes stay as they are.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

/// A decimal unsigned integer, nothing else in the text; nullopt otherwise or on overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);

/// Shell-style glob with '*' and '?' over the whole text, case-sensitive.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

/// The candidate nearest to `word` by edit distance, if it is near enough to be a typing error.
[[nodiscard]] std::optional<std::string> did_you_mean(std::string_view word,
                                                      std::span<const std::string> candidates);

/// `argv` as a person would type it: words with special characters in single quotes. Only for showing.
[[nodiscard]] std::string quote_command(std::span<const std::string> argv);

/// `text` cut to `max` characters with "..." in the middle where it is longer.
[[nodiscard]] std::string elide(std::string_view text, std::size_t max);

}  // namespace bedplate
