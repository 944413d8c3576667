// SPDX-License-Identifier: GPL-3.0-or-later
#include "tui/key.hpp"

#include <algorithm>
#include <array>

#include "tui/utf8.hpp"

namespace bedplate::tui {

Result<Key> parse_key(std::string_view name) {
    using Code = Key::Code;
    static constexpr std::array<std::pair<std::string_view, Code>, 15> names{{
        {"Enter", Code::enter},
        {"Tab", Code::tab},
        {"BackTab", Code::back_tab},
        {"Up", Code::up},
        {"Down", Code::down},
        {"Left", Code::left},
        {"Right", Code::right},
        {"PageUp", Code::page_up},
        {"PageDown", Code::page_down},
        {"Home", Code::home},
        {"End", Code::end},
        {"Backspace", Code::backspace},
        {"Delete", Code::del},
        {"F1", Code::help},
        {"Other", Code::other},
    }};
    const auto* const found = std::ranges::find(names, name, &std::pair<std::string_view, Code>::first);
    if (found != names.end()) {
        return Key{.code = found->second};
    }
    if (name == "Space") {
        return Key::of(U' ');
    }
    if (name.starts_with("Ctrl-") && name.size() == 6) {
        return Key::ctrl(static_cast<char>(name[5] | 0x20));
    }
    const auto characters = to_characters(name);
    if (characters.size() == 1) {
        return Key::of(characters.front());
    }
    return fail("key.unknown", "no key is called so", std::string(name));
}

}  // namespace bedplate::tui
