// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "cluster/removal.hpp"
#include "firstboot/runner.hpp"
#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

/// What may_remove() has to know, asked for on this node, which needs client.admin (a control node). Errors:
/// node.no-member, registry.*, command.*.
[[nodiscard]] Result<RemovalFacts> removal_facts(Node& node, const std::string& name, bool purge);

/// Taking a node out of the cluster, from this one: each step looks first, so that what was cut off is taken
/// up by doing it again. `node` has to outlive them.
[[nodiscard]] std::vector<Step> removal_steps(Node& node, const RemovalFacts& facts);

/// The part of the node that goes, which it does itself when the registry says that it is leaving: everything
/// of the cluster is stopped and stays off, and it says so there. Errors: command.*, registry.*.
[[nodiscard]] Result<void> leave(Node& node);

}  // namespace bedplate::firstboot
