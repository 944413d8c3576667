// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cluster/cluster.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// What this node is made of, as its kernel counts it, and which of its own services take from that. Errors:
/// those of reading and parsing /proc.
[[nodiscard]] Result<NodeMachine> read_machine(Platform& platform, const NodeSettings& settings,
                                               bool control);

}  // namespace bedplate::firstboot
