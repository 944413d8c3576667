// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

/// One look at the registry by a member: the list of members and everything that is rendered from it (hosts,
/// ceph.conf, corosync.conf, Prometheus' targets) is brought up to date on this node, and corosync's new file
/// is acknowledged. Nothing changed costs three requests. Errors: registry.*, file.*.
[[nodiscard]] Result<void> follow_once(Node& node);

}  // namespace bedplate::firstboot
