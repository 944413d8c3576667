// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "cluster/cluster.hpp"

namespace bedplate {

/// The names and addresses that a node's certificate is good for.
[[nodiscard]] std::vector<std::string> certificate_names(const Member& member);
[[nodiscard]] std::vector<std::string> certificate_addresses(const Member& member);

}  // namespace bedplate
