// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/report.hpp"
#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/network_model.hpp"

namespace bedplate {

/// Names for all ports but the BMC's own. A port that is called nicN already keeps its name; the others get
/// the free numbers in PCI order, so that the order in which the kernel found them does not matter.
/// Findings: nic.not-pinned, nic.duplicate-mac.
[[nodiscard]] std::vector<PinnedPort> pin_ports(const Inventory& inventory, bool by_slot, Report& findings);

/// The members of every bond of the profile that carries something (`used`); sets PinnedPort::bond. Errors
/// (refused), each with every port and why it was or was not chosen: nic.none, nic.count, nic.two-bonds,
/// nic.unequal-speeds (802.3ad only, the others get a finding), network.nic-mtu. Findings: nic.no-link.
[[nodiscard]] Result<void> choose_members(const Inventory& inventory, const Profile& profile,
                                          const std::vector<std::string>& used,
                                          std::vector<PinnedPort>& ports, Report& findings);

/// "eno1, tg3, 0000:04:00.0, 52:54:00:00:00:01, no link"
[[nodiscard]] std::string describe(const Nic& nic);

}  // namespace bedplate
