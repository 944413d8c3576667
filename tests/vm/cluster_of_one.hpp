// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "server.hpp"

namespace bedplate::vm {

/// Installs a machine with a system disk and one disk for Ceph, which shall create a cluster.
void install_creator(Server& server);

/// The answer of Ceph's monitors to one command. They are asked by `bedplate-ceph`, since the `ceph` tool
/// takes seconds of an emulated processor to start (docs/decisions/0092).
[[nodiscard]] Json ask_ceph(const GuestSsh& ssh, std::string_view prefix, Json arguments = Json::object());

/// What Ceph may say of a cluster that is whole (docs/cluster.md): the codes of the checks that it reports.
/// A module of the manager that failed is reported as well, and not among them.
void check_health(const GuestSsh& ssh);

/// One monitor, a manager whose modules are loaded, one OSD (and never a second one that an interruption left
/// behind), etcd, Pacemaker, nothing failed.
void check_cluster_of_one(const GuestSsh& ssh);

/// A disk of a virtual machine through libvirt, as a colleague would make one.
void check_pool(const GuestSsh& ssh);

}  // namespace bedplate::vm
