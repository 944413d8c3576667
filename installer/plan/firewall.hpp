// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "plan/network_model.hpp"

namespace bedplate {

/// A service that other machines may reach, and over which networks (docs/ports.md).
struct OpenPorts {
    std::string what;                ///< "corosync"
    std::string protocol;            ///< "tcp", "udp"; or the number of one without ports
    std::vector<std::string> ports;  ///< "22", "6800-7568"; empty: the protocol has none
    std::vector<std::string> roles;  ///< networks that carry it
    bool from_subnet_only = true;    ///< only hosts of that network itself
};

/// Everything that is let in, as docs/ports.md lists it. A test holds the two together.
[[nodiscard]] const std::vector<OpenPorts>& open_ports();

/// The network that carries `role` on this node: its own, or the one that takes its place where the site has
/// none (Ceph's cluster network falls back to the public one, everything else to management). nullptr: none.
[[nodiscard]] const PlannedInterface* carrier_of(const NetworkLayout& layout, const std::string& role);

/// /etc/nftables.conf: what neither open_ports() nor `more` lists is dropped, IPv6 with it.
[[nodiscard]] std::string firewall(const NetworkLayout& layout, const std::vector<OpenPorts>& more = {});

}  // namespace bedplate
