// SPDX-License-Identifier: GPL-3.0-or-later
// Key presses through QMP, one by one: the guest's keyboard controller drops what comes too fast.
#include <format>
#include <map>
#include <thread>
#include <vector>

#include "vm.hpp"

namespace bedplate::vm {

namespace {

/// The names of QEMU's QKeyCode for one character.
std::vector<std::string> key_codes(char c) {
    static const std::map<char, std::vector<std::string>> others{
        {'\n', {"ret"}},
        {'\t', {"tab"}},
        {' ', {"spc"}},
        {'.', {"dot"}},
        {',', {"comma"}},
        {'/', {"slash"}},
        {'-', {"minus"}},
        {'=', {"equal"}},
        {';', {"semicolon"}},
        {'\'', {"apostrophe"}},
        {'?', {"shift", "slash"}},
        {'+', {"shift", "equal"}},
        {'_', {"shift", "minus"}},
        {'@', {"shift", "2"}},
        {':', {"shift", "semicolon"}},
        {'!', {"shift", "1"}},
    };
    if (const auto found = others.find(c); found != others.end()) {
        return found->second;
    }
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        return {std::string(1, c)};
    }
    if (c >= 'A' && c <= 'Z') {
        return {"shift", std::string(1, static_cast<char>(c | 0x20))};
    }
    if (c > 0 && c <= 26) {
        return {"ctrl", std::string(1, static_cast<char>('a' + c - 1))};
    }
    return {};
}

}  // namespace

Result<void> Vm::type_keys(std::string_view text) {
    for (const char c : text) {
        const auto codes = key_codes(c);
        if (codes.empty()) {
            return fail("vm.key", std::format("the keyboard has no key for '{}'", c));
        }
        Json keys = Json::array();
        for (const auto& code : codes) {
            keys.push_back({{"type", "qcode"}, {"data", code}});
        }
        BEDPLATE_TRY(qmp_->execute("send-key", {{"keys", keys}, {"hold-time", 30}}));
        std::this_thread::sleep_for(std::chrono::milliseconds{70});
    }
    return {};
}

}  // namespace bedplate::vm
