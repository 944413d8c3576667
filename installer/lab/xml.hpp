// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.hpp"
#include "guests/xml.hpp"

namespace bedplate::lab {

using guests::add;
using guests::Attributes;
using guests::to_text;

/// The element of the port with this MAC address in a domain's description, its cable pulled or plugged.
/// Errors: libvirt.port (there is no such port).
[[nodiscard]] Result<std::string> port_xml(const std::string& domain, const std::string& mac, bool up);

}  // namespace bedplate::lab
