// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bedplate::image {

/// The DT_NEEDED entries of a 64-bit little-endian ELF file (System V ABI, chapter 5); none for anything
/// else, damaged files included.
[[nodiscard]] std::vector<std::string> needed_libraries(std::string_view content);

}  // namespace bedplate::image
