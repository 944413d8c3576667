// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "server.hpp"

namespace bedplate::vm {

/// Installs a machine with a system disk and one disk for Ceph, which shall create a cluster.
void install_creator(Server& server);

/// What Ceph may say of a cluster that is whole (docs/cluster.md): the codes of the checks that it reports.
void check_health(const GuestSsh& ssh);

/// One monitor, a manager whose modules are loaded, one OSD (and never a second one that an interruption left
/// behind), etcd, Pacemaker, nothing failed.
void check_cluster_of_one(const GuestSsh& ssh);

/// A disk of a virtual machine through libvirt, as a colleague would make one.
void check_pool(const GuestSsh& ssh);

}  // namespace bedplate::vm
