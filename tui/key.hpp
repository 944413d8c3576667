// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace bedplate::tui {

/// One key press, whatever the terminal sent for it.
struct Key {
    enum class Code : std::uint8_t {
        character,  ///< `ch`
        ctrl,       ///< Ctrl with the letter `ch` ('a'..'z')
        enter,
        tab,
        back_tab,
        up,
        down,
        left,
        right,
        page_up,
        page_down,
        home,
        end,
        backspace,
        del,
        help,  ///< F1
        other,
    } code = Code::other;
    char32_t ch = 0;
    /// It came in the middle of a burst that no hand types: a line break in it is part of what was pasted.
    bool pasted = false;

    [[nodiscard]] static Key of(char32_t character) { return {.code = Code::character, .ch = character}; }
    [[nodiscard]] static Key ctrl(char letter) {
        return {.code = Code::ctrl, .ch = static_cast<char32_t>(letter)};
    }
    [[nodiscard]] bool is(char32_t character) const { return code == Code::character && ch == character; }
    [[nodiscard]] bool is_ctrl(char letter) const {
        return code == Code::ctrl && ch == static_cast<char32_t>(letter);
    }
    bool operator==(const Key&) const = default;
};

/// The key that a script calls so: "Enter", "Tab", "Ctrl-R", "a". Errors: key.unknown.
[[nodiscard]] Result<Key> parse_key(std::string_view name);

}  // namespace bedplate::tui
