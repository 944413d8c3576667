// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/ticket.hpp"
#include "platform/platform.hpp"

namespace bedplate {

struct TicketOptions {
    std::uint32_t uses = 1;
    std::chrono::seconds ttl = ticket_default_ttl;
    std::vector<std::string> service_tags;
};

/// A ticket without cluster and seeds, and its record.
struct NewTicket {
    Ticket ticket;
    TicketRecord record;
};

/// A new key pair (Ed25519, by ssh-keygen in `work`, a folder in RAM; nothing stays there). Errors:
/// command.*.
[[nodiscard]] Result<NewTicket> new_ticket(Platform& platform, const std::filesystem::path& work,
                                           const TicketOptions& options);

}  // namespace bedplate
