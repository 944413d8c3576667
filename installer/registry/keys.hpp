// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <format>
#include <string>
#include <string_view>

namespace bedplate {

/// Where the registry keeps things in etcd: "/bedplate/KIND" or "/bedplate/KIND/NAME" (Registry lists them).
[[nodiscard]] inline std::string registry_key(std::string_view kind, std::string_view name = {}) {
    return name.empty() ? std::format("/bedplate/{}", kind) : std::format("/bedplate/{}/{}", kind, name);
}

}  // namespace bedplate
