// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>

#include "base/result.hpp"
#include "engine/service.hpp"

namespace bedplate::cli {

/// Where screens find the engine.
inline constexpr const char* engine_socket = "/run/bedplate/engine.sock";

/// Serve `installation` to screens on a unix socket (mode 0600) until SIGTERM or SIGINT: one JSON object a
/// line in both directions (docs/screens/protocol.md). `connect` gets the service before it starts, to hang
/// it below the installation's events. Errors: engine.socket, engine.running (another engine holds it).
[[nodiscard]] Result<void> serve(const std::filesystem::path& socket,
                                 const std::function<Installation&(Service&)>& connect);

}  // namespace bedplate::cli
