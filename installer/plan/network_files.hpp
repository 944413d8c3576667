// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>

#include "plan/network_model.hpp"

namespace bedplate {

/// Where networkd of an installed node looks; the installer uses /run/systemd/network.
inline constexpr std::string_view network_folder = "/etc/systemd/network";

/// `without`: everything comes up as it will, but no address is used yet (the proof asks first whether
/// somebody has it).
enum class Addresses { with, without };

/// .link, .netdev and .network files of systemd-networkd (systemd.link(5), systemd.netdev(5),
/// systemd.network(5)): path -> text. With bridges of Open vSwitch the VLANs are made by add_open_vswitch(),
/// and only their addresses stand here; `in_installer` leaves Open vSwitch out and puts the VLANs onto the
/// bond, which is the same on the wire.
[[nodiscard]] std::map<std::string, std::string> network_files(const NetworkLayout& layout,
                                                               Addresses addresses,
                                                               std::string_view folder = network_folder,
                                                               bool in_installer = false);

/// The unit that makes the bridges of Open vSwitch, where there are any.
void add_open_vswitch(const NetworkLayout& layout, std::map<std::string, std::string>& files,
                      std::map<std::string, std::string>& links);

/// "200" or "200-299"
[[nodiscard]] std::string to_text(const VlanRange& range);

}  // namespace bedplate
