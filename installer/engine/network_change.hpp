// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "plan/network.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// What would become of the network's files on this node: path -> new text, nullopt: the file goes.
using NetworkFiles = std::map<std::string, std::optional<std::string>>;

/// The network of an installed node as its profile and a site document have it now. Its host name and, where
/// the site asks for none, its profile are those it was installed with. Errors: node.file, those of compose,
/// choose_profile and plan_network.
[[nodiscard]] Result<NetworkPlan> plan_node_network(Platform& platform, const Site& site,
                                                    const std::vector<Profile>& profiles, Report& findings);

/// The files that differ from what is on this node now.
[[nodiscard]] Result<NetworkFiles> network_difference(const FileSystem& files, const NetworkPlan& plan);

/// Put a change into force, to be taken back by itself unless confirm_network() comes within `patience`: the
/// files as they were are kept and a timer of systemd is armed *before* anything changes, so that neither a
/// lost ssh connection nor a restart leaves a node that nobody can reach. Errors: network.pending (another
/// change waits), network.armed (no timer: nothing was changed), those of the tools (then the timer takes it
/// back).
[[nodiscard]] Result<void> apply_network(Platform& platform, const NetworkFiles& changes,
                                         std::chrono::seconds patience);

/// Keep the change. Errors: network.nothing-pending.
[[nodiscard]] Result<void> confirm_network(Platform& platform);

/// Put the files back as they were, and with `live` the running network too; nothing pending is fine.
/// Returns whether there was something to take back.
[[nodiscard]] Result<bool> roll_back_network(Platform& platform, bool live);

}  // namespace bedplate
