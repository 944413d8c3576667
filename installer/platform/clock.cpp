// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/clock.hpp"

#include <format>

namespace bedplate {

std::string to_rfc3339(std::chrono::system_clock::time_point time) {
    return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace bedplate
