// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "cluster/cluster.hpp"
#include "cluster/ticket.hpp"

namespace bedplate {

/// What a node sends to a seed: one JSON document on the standard input of `bedplate-accept`.
struct JoinRequest {
    static constexpr std::string_view schema = "bedplate/join-request/v1";
    /// check: before the first disk write; nothing is changed but the ticket's time. join: be a member.
    enum class Verb { check, join } verb = Verb::check;
    std::string attempt;    ///< made by the node once; the same attempt always gets the same answer
    std::string version;    ///< of Bedplate
    std::int64_t time = 0;  ///< the node's clock, seconds since 1970
    Member node;            ///< id, control, state, ticket: not the node's to say
    std::string csr;        ///< PEM, join only
};

[[nodiscard]] Json to_json(const JoinRequest& request);
/// Strict: a field too few, too many, too long or of another form is an error, since this comes from a
/// machine that nobody knows yet. Errors: join.request.
[[nodiscard]] Result<JoinRequest> join_request_from_text(std::string_view text);

/// What a member needs to be one. Secret as a whole: it holds the cluster's keys.
struct JoinGrant {
    ClusterIdentity identity;
    Member node;
    std::vector<Member> members;  ///< all, this one included
    std::uint64_t corosync_version = 0;
    std::string ca_certificate, certificate;  ///< PEM
    /// Files by name (see grant_secrets); ca_key and ceph_mon for control nodes only.
    std::map<std::string, Secret> secrets;
};

[[nodiscard]] Secret to_text(const JoinGrant& grant);

/// A seed's answer: a grant (join), nothing more (check), or the reason why not.
struct JoinAnswer {
    static constexpr std::string_view schema = "bedplate/join-answer/v1";
    std::optional<Error> refusal;
    std::string cluster, fsid;
    std::int64_t time = 0;
    std::optional<JoinGrant> grant;
};

[[nodiscard]] Secret to_text(const JoinAnswer& answer);
/// Errors: join.answer.
[[nodiscard]] Result<JoinAnswer> join_answer_from_text(std::string_view text);

/// What the registry says at the moment of the decision.
struct JoinView {
    std::string version;   ///< the seed's
    std::int64_t now = 0;  ///< the seed's clock
    bool quorate = true;
    std::optional<TicketRecord> ticket;
    std::optional<Member> by_name;                             ///< who has the host name
    std::optional<std::string> uuid_owner;                     ///< host name of who has the product UUID
    std::vector<std::pair<Ipv4, std::string>> address_owners;  ///< of the addresses asked for
    std::optional<Member> attempt_owner;                       ///< who the attempt was granted to
};

/// How far the clocks of node and seed may be apart: certificates and Ceph's monitors bear no more.
inline constexpr std::int64_t join_max_clock_offset = 300;

/// May this request be granted? Pure. A repetition of a granted attempt is fine whatever the ticket says,
/// except that it is revoked. Errors, all refused: join.ticket-unknown, join.ticket-revoked,
/// join.ticket-expired, join.ticket-used, join.ticket-tag, join.version, join.clock, join.no-quorum,
/// join.name-taken, join.uuid-taken, join.address-taken, join.attempt-taken.
[[nodiscard]] Result<void> judge(const JoinRequest& request, const JoinView& view);

/// Refusals that count against the ticket: whoever holds it tries things that no installer tries.
[[nodiscard]] bool is_bad_try(const Error& error);

}  // namespace bedplate
