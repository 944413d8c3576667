// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>

#include "base/report.hpp"
#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/network_model.hpp"
#include "profile/profile.hpp"

namespace bedplate {

struct NetworkPlan {
    NetworkLayout layout;
    std::map<std::string, std::string> files;  ///< path on the node -> text
    std::map<std::string, std::string> links;  ///< path on the node -> where the symbolic link points
    std::string management;                    ///< the interface that has the management address
};

/// Names for every port, the bonds and VLANs that profile and site ask for, the bridges for virtual machines
/// and the firewall. What is doubtful (a port without link, a network without a bond) is reported.
/// Errors: those of check_networks() as findings; refused: network.management (no address or subnet for it),
/// network.two-bridges, network.two-untagged, network.untagged-mtu, network.name-taken, network.arp-monitor,
/// and those of choose_members().
[[nodiscard]] Result<NetworkPlan> plan_network(const Inventory& inventory, const Profile& profile,
                                               const NodeSpec& node, Report& findings);

}  // namespace bedplate
