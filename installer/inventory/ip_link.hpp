// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate {

/// One network interface of `ip -j -d link`.
struct IpLink {
    std::string name, address;
    std::string permanent_address;          ///< only where it differs from `address`
    std::string link_type;                  ///< "ether", "loopback", ...
    std::string kind;                       ///< "bond", "vlan", ...; empty for hardware
    std::string parent_bus, parent_device;  ///< "pci" "0000:04:00.0"; "virtio" "virtio2"; "usb" "1-14.3:1.0"
    bool up = false;                        ///< switched on
    bool carrier = false;                   ///< LOWER_UP; means nothing while the interface is switched off
    std::uint32_t max_mtu = 0;
};

/// iproute2 5.10 to 6.15. Errors: json.syntax, ip.syntax.
[[nodiscard]] Result<std::vector<IpLink>> parse_ip_link(std::string_view text);

}  // namespace bedplate
