// SPDX-License-Identifier: GPL-3.0-or-later
// How findings and text of a cluster's size write numbers down.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <format>
#include <string>
#include <vector>

#include "plan/size.hpp"

namespace bedplate {

inline std::string mib_text(std::uint64_t mebibytes) {
    return to_binary_text(mib(mebibytes));
}

/// "200 GiB", "96 virtual CPUs", "9000 a second".
inline std::string amount_text(const SizeDimension& dimension, std::uint64_t amount) {
    return dimension.unit == "MiB" ? mib_text(amount) : std::format("{} {}", amount, dimension.unit);
}

/// Index of the largest value; `values` must not be empty.
inline std::size_t largest_of(const std::vector<std::uint64_t>& values) {
    return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

}  // namespace bedplate
