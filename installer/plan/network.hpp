// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/report.hpp"
#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// A port and the name it gets for good.
struct PinnedPort {
    std::string name;        ///< "nic0"
    std::size_t nic = 0;     ///< index into Inventory::nics
    std::string match_line;  ///< of the [Match] section: "PermanentMACAddress=..."
};

struct NetworkPlan {
    std::vector<PinnedPort> ports;
    PinnedPort management;
    std::map<std::string, std::string> files;  ///< path on the node -> text
};

/// Names for every port, and the management address on one of them, all by systemd-networkd. The port is the
/// one that the selector of the profile's management bond picks: with link before without, then by PCI
/// address, then by name. What is doubtful (a port without link, a port that can not be pinned) is reported.
/// Errors (refused): network.management (no address or subnet for it), nic.none (lists every port and why).
[[nodiscard]] Result<NetworkPlan> plan_network(const Inventory& inventory, const Profile& profile,
                                               const NodeSpec& node, Report& findings);

}  // namespace bedplate
