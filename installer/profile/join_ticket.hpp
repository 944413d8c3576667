// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace bedplate {

/// What lets a node into a cluster: where to knock, whom to trust, and a key that opens once.
struct JoinTicket {
    /// A ticket as people carry it: "bedplate-ticket-v1.<base64 of JSON>.<16 hex digits of its SHA-256>".
    static constexpr std::string_view prefix = "bedplate-ticket-v1";

    struct Seed {
        std::string address;
        std::uint16_t port = 22;
        std::string host_key;
        bool operator==(const Seed&) const = default;
    };
    std::string id, cluster, fsid;
    std::vector<Seed> seeds;
    Secret key;  ///< the one-time private key
};

/// Blanks and line breaks inside are passed over, since terminals break long lines. No error repeats any part
/// of the ticket. Errors: ticket.syntax (no ticket at all), ticket.damaged (cut off or changed).
[[nodiscard]] Result<JoinTicket> parse_join_ticket(std::string_view text);

/// The inverse; what a cluster node hands out.
[[nodiscard]] std::string to_text(const JoinTicket& ticket);

/// Errors: ticket.cluster where it is for another cluster than the one that the answers name.
[[nodiscard]] Result<void> check_join_ticket(const JoinTicket& ticket, std::string_view cluster);

}  // namespace bedplate
