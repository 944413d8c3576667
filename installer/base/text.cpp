// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace bedplate {

namespace {

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Index just behind the UTF-8 character that starts at `at`; stray bytes count as characters.
std::size_t next_character(std::string_view text, std::size_t at) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) {
        ++at;
    }
    return at;
}

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: three rows of the usual table.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

bool is_plain_in_shell(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-+=./:,@%").contains(c);
}

std::string quote_word(std::string_view word) {
    if (!word.empty() && std::ranges::all_of(word, is_plain_in_shell)) {
        return std::string(word);
    }
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    for (auto end = text.find(separator); end != std::string_view::npos; end = text.find(separator, start)) {
        parts.emplace_back(text.substr(start, end - start));
        start = end + 1;
    }
    parts.emplace_back(text.substr(start));
    return parts;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) {
            text += separator;
        }
        text += parts[i];
    }
    return text;
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

bool glob_match(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    // Where the last '*' stands and how much of the text it has swallowed: going back only to the last one
    // keeps this linear in pattern times text, whatever the pattern.
    std::optional<std::size_t> star;
    std::size_t swallowed = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            swallowed = t;
        } else if (p < pattern.size() && pattern[p] == '?') {
            ++p;
            t = next_character(text, t);
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star) {
            p = *star + 1;
            swallowed = next_character(text, swallowed);
            t = swallowed;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates) {
    // A third of the letters may be wrong; of a short word one.
    const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
    const std::string lower = to_lower(word);
    std::optional<std::string> best;
    std::size_t best_distance = limit + 1;
    for (const auto& candidate : candidates) {
        const std::size_t distance = edit_distance(lower, to_lower(candidate));
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string quote_command(std::span<const std::string> argv) {
    std::string text;
    for (const auto& word : argv) {
        if (!text.empty()) {
            text += ' ';
        }
        text += quote_word(word);
    }
    return text;
}

std::string elide(std::string_view text, std::size_t max) {
    std::vector<std::size_t> starts;
    for (std::size_t at = 0; at < text.size(); at = next_character(text, at)) {
        starts.push_back(at);
    }
    if (starts.size() <= max) {
        return std::string(text);
    }
    constexpr std::string_view dots = "...";
    if (max <= dots.size()) {
        return std::string(dots.substr(0, max));
    }
    const std::size_t tail = (max - dots.size()) / 2;
    const std::size_t head = max - dots.size() - tail;
    std::string cut(text.substr(0, starts[head]));
    cut += dots;
    if (tail > 0) {
        cut += text.substr(starts[starts.size() - tail]);
    }
    return cut;
}

}  // namespace bedplate
