// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

/// More files of the site area (see manifest.hpp), both secret as a whole.
namespace bedplate::site_area {

/// One line: the bearer token for bedplate.site= and bedplate.report=.
inline constexpr std::string_view token = "bedplate/token";
/// A join ticket, as `bedplate ticket create` prints it.
inline constexpr std::string_view ticket = "bedplate/ticket";

}  // namespace bedplate::site_area
