// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "plan/network_model.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// One thing that was tried. `code` is the error's where it did not hold.
struct NetworkCheck {
    enum class Outcome { held, doubtful, failed } outcome = Outcome::held;
    std::string code;    ///< "network.lacp": stable
    std::string detail;  ///< port, VLAN and what was seen
};

struct NetworkProof {
    static constexpr std::string_view schema = "bedplate/network-proof/v1";
    std::vector<NetworkCheck> checks;

    [[nodiscard]] bool holds() const;
    /// All failures in one error with the code of the first. Call it only where !holds().
    [[nodiscard]] Error to_error() const;
};
[[nodiscard]] Json to_json(const NetworkProof& proof);

/// Switch every port on and wait until those that get link have it, all at the same time and
/// `most` long at most: a port that is off shows no link and hears no LLDP. Ports of the BMC are left alone.
/// Also starts the LLDP daemon, so that it listens while other things are looked at. Never fails: what could
/// not be switched on shows no link.
void bring_ports_up(Platform& platform, std::chrono::milliseconds most = std::chrono::seconds(6));

/// Bring the node's network up in the installer, exactly as planned (the same files of systemd-networkd,
/// below /run), and try it: link, LACP partners, own addresses that somebody has (RFC 5227), gateways or
/// other nodes in each VLAN, packets of full size, the switches' names. `note` is told of each step. What
/// does not hold is in the result; an error means that the network could not be set up at all.
///
/// Codes of failures: network.no-link, network.lacp, network.probe, network.address-taken,
/// network.address-missing, network.unreachable, network.mtu, network.wrong-switch. Leaves the network as it
/// is for what follows.
[[nodiscard]] Result<NetworkProof> prove_network(Platform& platform, const NetworkLayout& layout,
                                                 const std::function<void(const std::string&)>& note);

}  // namespace bedplate
