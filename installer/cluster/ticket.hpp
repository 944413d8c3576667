// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace bedplate {

/// Where a joining node knocks: address, port, and the host key that it has to show ("ssh-ed25519 AAAA...").
struct Seed {
    std::string address;
    std::uint16_t port = 22;
    std::string host_key;
};

/// A join ticket, as it is carried to a new node. Secret: it holds a private key.
struct Ticket {
    std::string id;       ///< 16 hex digits
    std::string cluster;  ///< name, for people
    std::string fsid;     ///< which cluster, for machines
    std::vector<Seed> seeds;
    Secret key;  ///< the one-time private key, in OpenSSH's form
};

/// "bedplate-ticket-v1.<base64 of JSON>.<16 hex digits of its SHA-256>": one line without blanks, so that it
/// survives a copy by hand and a cut-off one is told from a wrong one.
[[nodiscard]] Secret to_text(const Ticket& ticket);
/// Blanks and line breaks inside are passed over. No error repeats any part of the ticket. Errors:
/// ticket.syntax (not a ticket), ticket.damaged (cut off or changed).
[[nodiscard]] Result<Ticket> parse_ticket(std::string_view text);
/// Errors: ticket.cluster where it is for another cluster than the one that the answers name.
[[nodiscard]] Result<void> check_ticket(const Ticket& ticket, std::string_view cluster);

/// The same as the registry keeps it: the public half only.
struct TicketRecord {
    std::string id;
    std::string public_key;                 ///< "ssh-ed25519 AAAA..."
    std::string fingerprint;                ///< "SHA256:..." of it
    std::int64_t created = 0, expires = 0;  ///< seconds since 1970, by the seeds' clock alone
    std::uint32_t uses = 1, used = 0, bad_tries = 0;
    std::vector<std::string> service_tags;  ///< empty: any machine
    bool revoked = false;
};

[[nodiscard]] Json to_json(const TicketRecord& record);
/// Errors: ticket.record.
[[nodiscard]] Result<TicketRecord> ticket_record_from_json(const Json& json);

inline constexpr std::chrono::minutes ticket_default_ttl{60};
inline constexpr std::chrono::hours ticket_max_ttl{24};
inline constexpr std::uint32_t ticket_max_bad_tries = 10;

/// The line of authorized_keys(5) that lets a holder of the ticket do one thing only.
[[nodiscard]] std::string authorized_keys_line(const TicketRecord& record, std::string_view command);

}  // namespace bedplate
