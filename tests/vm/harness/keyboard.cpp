// SPDX-License-Identifier: GPL-3.0-or-later
// Key presses through QMP, each when the guest has read the one before.
#include <format>
#include <map>
#include <thread>
#include <vector>

#include "platform/time_scale.hpp"
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

/// QEMU's trace of the keyboard goes to its log: a line for each byte that the guest reads.
std::uint64_t Vm::keyboard_reads() {
    keyboard_log_.clear();  // of the end that was met last time
    while (true) {
        const auto place = keyboard_log_.tellg();
        std::string line;
        std::getline(keyboard_log_, line);
        if (keyboard_log_.eof()) {  // a line that is not whole yet
            keyboard_log_.clear();
            keyboard_log_.seekg(place);
            return keyboard_reads_;
        }
        keyboard_reads_ += line.contains("ps2_read_data") ? 1 : 0;
    }
}

Result<void> Vm::press(char c) {
    const auto codes = key_codes(c);
    if (codes.empty()) {
        return fail("vm.key", std::format("the keyboard has no key for '{}'", c));
    }
    Json keys = Json::array();
    for (const auto& code : codes) {
        keys.push_back({{"type", "qcode"}, {"data", code}});
    }
    // One byte when a key goes down, one when it comes up.
    const auto wanted = keyboard_reads() + 2 * codes.size();
    BEDPLATE_TRY(qmp_->execute("send-key", {{"keys", keys}, {"hold-time", 20}}));
    const auto deadline = std::chrono::steady_clock::now() + scaled(std::chrono::seconds{20});
    while (keyboard_reads() < wanted) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return fail("vm.key", std::format("the guest does not read '{}' from its keyboard", c));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return {};
}

Result<void> Vm::type_keys(std::string_view text) {
    if (!keyboard_log_.is_open()) {
        BEDPLATE_TRY(qmp_->execute("trace-event-set-state", {{"name", "ps2_read_data"}, {"enable", true}}));
        keyboard_log_.open(qemu_log_);
    }
    for (const char c : text) {
        BEDPLATE_TRY(press(c));
    }
    return {};
}

}  // namespace bedplate::vm
