// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>

#include "plan/network_files.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// The planned bonds, bridges and VLANs below /run/systemd/network, without addresses; whatever an earlier
/// try left is removed. Errors: command.*, file.write.
[[nodiscard]] Result<void> set_up_network(Platform& platform, const NetworkLayout& layout);
/// The same with addresses and routes.
[[nodiscard]] Result<void> use_addresses(Platform& platform, const NetworkLayout& layout);

[[nodiscard]] bool has_carrier(const FileSystem& files, const std::string& name);
/// Whether `holds` became true in time; asks five times a second.
[[nodiscard]] bool wait_until(Clock& clock, std::chrono::milliseconds most,
                              const std::function<bool()>& holds);

}  // namespace bedplate
