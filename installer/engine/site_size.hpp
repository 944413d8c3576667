// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/size.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// Judge the cluster that a site describes. An inventory stands for the node entry that it matches, with the
/// profile that the node would get. A node without one is taken to be like the site's `load.node`, else like
/// the smallest of the inventories. A site without nodes is reckoned with as many of these as it needs. Pure.
/// Errors (refused): size.no-load, size.unknown-nodes (lists them), those of compose (but site.no-node: then
/// the inventory is a sample), of profile_for and of sized_node.
[[nodiscard]] Result<ClusterSize> size_of_site(const Site& site, const std::vector<Inventory>& inventories,
                                               const std::vector<Profile>& profiles);

}  // namespace bedplate
