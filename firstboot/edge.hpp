// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "cluster/edge_files.hpp"
#include "engine/node_report.hpp"
#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

/// This node among those that may carry the edge's address; nothing: it is none of them, or the site has no
/// edge.
[[nodiscard]] Result<std::optional<EdgeNode>> own_edge_node(Platform& platform, const NodeSettings& settings);

/// For `bedplate node status`, on nodes that may carry the address: the proxies, their certificates, and
/// where the address is.
[[nodiscard]] Result<NodeCheck> check_edge(Platform& platform, const NodeSettings& settings);

}  // namespace bedplate::firstboot
