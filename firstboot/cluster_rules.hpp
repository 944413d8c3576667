// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "firstboot/tools.hpp"
#include "registry/registry.hpp"

namespace bedplate::firstboot {

/// `bedplate node rules`: show the cluster's rules of high availability; with `commit` those in this node's
/// site.json take their place, and the control nodes give them to Pacemaker. Errors: registry.*.
[[nodiscard]] Result<void> manage_rules(Node& node, bool commit);

/// `bedplate node qdevice`: give corosync the quorum device that the rules name, or take it away. Errors
/// (refused): qdevice.none (the rules name no host), qdevice.certificates (this node has none yet), and those
/// of set_qdevice().
[[nodiscard]] Result<void> manage_qdevice(Node& node, bool remove, bool commit);

/// corosync-qdevice runs where the registry says that there is a device, and nowhere else. What every member
/// does when it follows.
[[nodiscard]] Result<void> follow_qdevice(Platform& platform, Registry& registry);

}  // namespace bedplate::firstboot
