// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace bedplate {

/// The segments as a bar of exactly `width` characters in ASCII: "[ESP|root        |var   |free]". Cells are
/// as wide as the segments are large, but each can be seen; names are cut to their cells. Where there are
/// too many segments for one character each, the last cell stands for the rest.
[[nodiscard]] std::string bar(const std::vector<Segment>& segments, std::size_t width);

}  // namespace bedplate
