// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/time_scale.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace bedplate {

double time_scale() {
    const char* variable = std::getenv("BEDPLATE_TIME_SCALE");
    if (variable == nullptr) {
        return 1;
    }
    const std::string_view text = variable;
    double factor = 1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && factor >= 1 && factor <= 100 ? factor : 1;
}

std::chrono::milliseconds scaled(std::chrono::milliseconds timeout) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(timeout * time_scale());
}

}  // namespace bedplate
