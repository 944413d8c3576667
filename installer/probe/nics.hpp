// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <vector>

#include "inventory/inventory.hpp"
#include "inventory/ip_link.hpp"
#include "inventory/udev.hpp"
#include "probe/sources.hpp"

namespace bedplate {

/// A port of a network card: not a bond, a VLAN or a bridge, and not a virtual function of another port.
[[nodiscard]] bool is_network_port(const Sources& sources, const IpLink& link);

/// What ip, ethtool, sysfs and udev say about one port. An interface that is switched off does not know
/// whether it has link; nothing is switched on to find out.
[[nodiscard]] Nic nic_of(Sources& sources, const IpLink& link, const UdevDevice* udev,
                         const std::map<std::string, Lldp>& neighbours);

}  // namespace bedplate
