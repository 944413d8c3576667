// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace bedplate::guests {

/// Where libvirtd-tls.socket listens.
inline constexpr std::uint16_t libvirt_tls_port = 16514;

/// "qemu+tls://node2-mig/system" -> "node2-mig"; nothing for other ways to a libvirt.
[[nodiscard]] std::optional<std::string> host_of(const std::string& uri);

/// Whether somebody listens there: a TCP connection that comes about within `limit`, and is closed again.
/// libvirt's own attempt would last minutes where a machine has just died. Errors: libvirt.connect.
[[nodiscard]] Result<void> reach(const std::string& host, std::uint16_t port,
                                 std::chrono::milliseconds limit);

}  // namespace bedplate::guests
