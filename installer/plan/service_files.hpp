// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "plan/firewall.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// `logs` of /etc/bedplate/site.json, for first boot.
[[nodiscard]] Json logs_document(const LogSettings& logs);
/// `edge` of it, where the site has one.
[[nodiscard]] Json edge_document(const NodeEdge& edge);

/// What the firewall lets in besides open_ports() on a node that may carry the edge's address.
[[nodiscard]] std::vector<OpenPorts> edge_openings(const NodeSpec& node);

}  // namespace bedplate
