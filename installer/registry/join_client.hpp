// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "cluster/join.hpp"
#include "cluster/ticket.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// The joining node's end: one request over OpenSSH to the first seed that can be reached.
struct JoinClient {
    std::filesystem::path work =
        "/run/bedplate/join";  ///< in RAM: the ticket's key lies there while ssh runs
    std::string user = "bedplate-join";

    /// Seeds are asked in the ticket's order; a refusal is an answer, the next is only asked where one cannot
    /// be reached. Nothing is sent before the seed has shown the host key that the ticket pins. Errors:
    /// join.host-key, join.denied (the seed does not take the ticket: unknown, expired or revoked),
    /// join.unreachable (with each seed's reason), join.answer; a refusal of the seed with its own code.
    [[nodiscard]] Result<JoinAnswer> ask(Platform& platform, const Ticket& ticket,
                                         const JoinRequest& request) const;
};

/// Where an installed node finds the ticket that it was given.
inline constexpr std::string_view join_ticket_path = "/etc/bedplate/join-ticket";

}  // namespace bedplate
