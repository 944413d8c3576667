// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <format>
#include <string>
#include <string_view>

#include "registry/registry.hpp"

namespace bedplate::firstboot {

/// A file of this node's own certificates: "ca.crt", "node.key".
[[nodiscard]] inline std::string pki_file(std::string_view name) {
    return std::format("{}/{}", node_pki, name);
}

}  // namespace bedplate::firstboot
