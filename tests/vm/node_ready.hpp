// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

#include "harness/guest_ssh.hpp"

namespace bedplate::vm {

/// What `bedplate node status` holds against the node after so long; empty: it is ready.
[[nodiscard]] std::string not_ready(const GuestSsh& ssh, std::chrono::minutes limit);

}  // namespace bedplate::vm
