// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "platform/platform.hpp"

namespace bedplate {

struct InstallerNetwork {
    /// Only there is the network ours to set up: elsewhere (a workstation, a node) nothing is done.
    std::filesystem::path installer_mark = "/usr/lib/systemd/system/bedplate-installer.target";
    std::filesystem::path configuration = "/run/systemd/network/90-bedplate-installer.network";
    std::filesystem::path state = "/run/systemd/netif/state";
    std::filesystem::path resolver = "/etc/resolv.conf";
    std::chrono::seconds patience{90};  ///< spanning tree and a BMC's shared port take their time
};

/// Bring one port up by DHCP for documents and payload that stand on a server: the port that the machine was
/// started over where the boot loader named it, else every Ethernet port, and the first address counts. Done
/// once; what the node's own network will be does not depend on it. Errors: network.none (no address in
/// time), those of systemctl.
[[nodiscard]] Result<void> bring_up_network(Platform& platform, const InstallerNetwork& places,
                                            const std::optional<std::string>& boot_mac,
                                            const std::function<void(const std::string&)>& note);

/// Take it down again and leave no trace, for whoever sets up the node's own network.
[[nodiscard]] Result<void> take_down_network(Platform& platform, const InstallerNetwork& places);

/// resolv.conf for the servers in the text of systemd-networkd's state file; empty where there is none.
[[nodiscard]] std::string resolver_configuration(std::string_view state);

}  // namespace bedplate
