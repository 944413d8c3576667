// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "engine/documents.hpp"
#include "inventory/inventory.hpp"
#include "platform/platform.hpp"
#include "profile/profile.hpp"
#include "registry/join_client.hpp"

namespace bedplate {

/// The ticket that came with the medium (`ticket` in its site area, or on a stick) as it was given, if there
/// is one. Errors: those of reading.
[[nodiscard]] Result<std::optional<Secret>> ticket_text(const FileSystem& files,
                                                        const DocumentPlaces& places);

/// Ask the cluster, before anything is written to a disk, whether this machine may join as `node`: ticket,
/// version, clock, quorum, and nobody else with its name, UUID or addresses. The ticket lasts for the
/// installation from then on. Returns what the cluster says of itself, for the log. Errors: those of
/// JoinClient::ask, with the seed's reason.
[[nodiscard]] Result<std::string> check_before_join(Platform& platform, const Ticket& ticket,
                                                    const NodeSpec& node, const Inventory& inventory,
                                                    const JoinClient& client = {});

}  // namespace bedplate
