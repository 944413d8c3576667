// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/join.hpp"

#include <algorithm>
#include <cstdlib>
#include <format>

#include "base/base64.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

std::unexpected<Error> malformed(std::string_view what) {
    return refuse("join.request", std::format("the join request is malformed: {}", what));
}

bool is_plain(std::string_view text, std::size_t max) {
    return text.size() <= max && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '.' || c == '_' || c == ' ' || c == '/';
           });
}

Result<JoinRequest::Verb> parse_verb(std::string_view text) {
    if (text == "check") {
        return JoinRequest::Verb::check;
    }
    if (text == "join") {
        return JoinRequest::Verb::join;
    }
    return malformed("no such verb");
}

/// Everything a hostile node could smuggle into a file that the seeds write.
Result<void> check_fields(const JoinRequest& request) {
    const Member& node = request.node;
    if (!parse_hostname(node.hostname) || !is_plain(node.domain, 253)) {
        return malformed("the host name is none");
    }
    if (!Guid::parse(request.attempt) || !Guid::parse(node.product_uuid)) {
        return malformed("attempt or product UUID is not a UUID");
    }
    if (!is_plain(node.service_tag, 64) || !is_plain(request.version, 64)) {
        return malformed("service tag or version holds characters that no such thing has");
    }
    if (request.csr.size() > 8192 || (request.verb == JoinRequest::Verb::join && request.csr.empty())) {
        return malformed("there is no usable certificate request");
    }
    return {};
}

Result<JoinRequest> read_request(const Json& json) {
    if (json.size() != 7 || json.at("schema") != JoinRequest::schema) {
        return malformed("it is not of the schema that this version knows");
    }
    JoinRequest request{.attempt = json.at("attempt"),
                        .version = json.at("version"),
                        .time = json.at("time"),
                        .csr = json.at("csr")};
    BEDPLATE_ASSIGN(request.verb, parse_verb(json.at("verb").get<std::string>()));
    const auto node = member_from_json(json.at("node"));
    if (!node) {
        return malformed(node.error().message);
    }
    request.node = *node;
    BEDPLATE_TRY(check_fields(request));
    return request;
}

std::unexpected<Error> taken(std::string code, std::string what, std::string_view owner) {
    return refuse(
        std::move(code), std::format("{} belongs to {} already", what, owner), {},
        std::format("give the new node another one, or take {0} out first: bedplate node remove {0}", owner));
}

Result<void> judge_ticket(const JoinRequest& request, const JoinView& view) {
    const TicketRecord& ticket = *view.ticket;
    if (view.now >= ticket.expires) {
        return refuse("join.ticket-expired", "the join ticket has expired", {},
                      "make a new one on a member: bedplate ticket create");
    }
    if (ticket.used >= ticket.uses) {
        return refuse("join.ticket-used", "the join ticket has been used up", {},
                      "make a new one on a member: bedplate ticket create");
    }
    const auto& tags = ticket.service_tags;
    if (!tags.empty() && std::ranges::find(tags, request.node.service_tag) == tags.end()) {
        return refuse("join.ticket-tag",
                      std::format("the join ticket is not for the machine with service tag '{}'",
                                  request.node.service_tag));
    }
    return {};
}

/// Versions "1.2.3": the first two parts have to agree, since files and protocol change with them.
std::string series(std::string_view version) {
    const auto parts = split(version, '.');
    return parts.size() < 2 ? std::string(version) : parts[0] + "." + parts[1];
}

Result<void> judge_node(const JoinRequest& request, const JoinView& view) {
    if (series(request.version) != series(view.version)) {
        return refuse("join.version",
                      std::format("the node has version {}, the cluster {}", request.version, view.version),
                      {}, "install the node from an image of the cluster's version");
    }
    if (std::abs(request.time - view.now) > join_max_clock_offset) {
        return refuse(
            "join.clock",
            std::format("the node's clock is {} s away from the cluster's", request.time - view.now), {},
            "set the machine's clock, or give the site a time server that it reaches");
    }
    if (view.by_name) {
        return taken("join.name-taken", std::format("the host name {}", request.node.hostname),
                     view.by_name->hostname);
    }
    if (view.uuid_owner) {
        return taken("join.uuid-taken", std::format("the product UUID {}", request.node.product_uuid),
                     *view.uuid_owner);
    }
    if (!view.address_owners.empty()) {
        const auto& [address, owner] = view.address_owners.front();
        return taken("join.address-taken", std::format("the address {}", address.to_text()), owner);
    }
    return {};
}

}  // namespace

Json to_json(const JoinRequest& request) {
    return Json{{"schema", JoinRequest::schema},
                {"verb", request.verb == JoinRequest::Verb::join ? "join" : "check"},
                {"attempt", request.attempt},
                {"version", request.version},
                {"time", request.time},
                {"node", to_json(request.node)},
                {"csr", request.csr}};
}

Result<JoinRequest> join_request_from_text(std::string_view text) {
    constexpr std::size_t max_request = 64U * 1024;
    const auto json = parse_json(text, "join request", max_request);
    if (!json) {
        return malformed("it is not JSON of a sensible size");
    }
    try {
        return read_request(*json);
    } catch (const nlohmann::json::exception&) {
        return malformed("a field is missing or of another type");
    }
}

Secret to_text(const JoinGrant& grant) {
    Json members = Json::array();
    for (const auto& member : grant.members) {
        members.push_back(to_json(member));
    }
    Json secrets = Json::object();
    for (const auto& [name, secret] : grant.secrets) {
        secrets[name] = to_base64(secret.reveal());
    }
    const Json json{{"identity", to_json(grant.identity)},
                    {"node", to_json(grant.node)},
                    {"members", members},
                    {"corosync_version", grant.corosync_version},
                    {"ca_certificate", grant.ca_certificate},
                    {"certificate", grant.certificate},
                    {"secrets", secrets}};
    return Secret(json.dump());
}

namespace {

Result<JoinGrant> grant_from_json(const Json& json) {
    JoinGrant grant{.corosync_version = json.at("corosync_version"),
                    .ca_certificate = json.at("ca_certificate"),
                    .certificate = json.at("certificate")};
    BEDPLATE_ASSIGN(grant.identity, cluster_identity_from_json(json.at("identity")));
    BEDPLATE_ASSIGN(grant.node, member_from_json(json.at("node")));
    for (const Json& member : json.at("members")) {
        BEDPLATE_ASSIGN(grant.members.emplace_back(), member_from_json(member));
    }
    for (const auto& [name, value] : json.at("secrets").items()) {
        BEDPLATE_ASSIGN(auto bytes, from_base64(value.get<std::string>()));
        grant.secrets[name] = Secret(std::move(bytes));
    }
    return grant;
}

Result<JoinAnswer> read_answer(const Json& json) {
    if (json.at("schema") != JoinAnswer::schema) {
        return fail("join.answer", "the seed's answer is not of a schema that this version knows");
    }
    JoinAnswer answer{
        .cluster = json.at("cluster"), .fsid = json.at("fsid"), .time = json.at("time").get<std::int64_t>()};
    if (json.contains("refusal")) {
        const Json& refusal = json.at("refusal");
        answer.refusal = Error{.kind = ErrorKind::refused,
                               .code = refusal.at("code"),
                               .message = refusal.at("message"),
                               .hint = refusal.at("hint")};
    }
    if (json.contains("grant")) {
        BEDPLATE_ASSIGN(answer.grant, grant_from_json(json.at("grant")));
    }
    return answer;
}

}  // namespace

Secret to_text(const JoinAnswer& answer) {
    Json json{{"schema", JoinAnswer::schema},
              {"cluster", answer.cluster},
              {"fsid", answer.fsid},
              {"time", answer.time}};
    if (answer.refusal) {
        json["refusal"] = Json{{"code", answer.refusal->code},
                               {"message", answer.refusal->message},
                               {"hint", answer.refusal->hint}};
    }
    std::string text = json.dump();
    if (answer.grant) {
        // The grant is a secret as text; it is put in as such.
        text.pop_back();
        text += ",\"grant\":" + to_text(*answer.grant).reveal() + "}";
    }
    return Secret(text + "\n");
}

Result<JoinAnswer> join_answer_from_text(std::string_view text) {
    const auto json = parse_json(text, "the seed's answer");
    if (!json) {
        return fail("join.answer", "the seed's answer is not JSON");
    }
    try {
        return read_answer(*json);
    } catch (const nlohmann::json::exception&) {
        return fail("join.answer", "the seed's answer lacks a field");
    }
}

Result<void> judge(const JoinRequest& request, const JoinView& view) {
    if (!view.ticket) {
        return refuse("join.ticket-unknown", "the cluster knows no such join ticket");
    }
    if (view.ticket->revoked) {
        return refuse("join.ticket-revoked", "the join ticket has been revoked", {},
                      "make a new one on a member: bedplate ticket create");
    }
    if (view.attempt_owner) {
        if (view.attempt_owner->hostname != request.node.hostname ||
            view.attempt_owner->product_uuid != request.node.product_uuid) {
            return refuse("join.attempt-taken", "this attempt was granted to another node");
        }
        return {};
    }
    BEDPLATE_TRY(judge_ticket(request, view));
    if (!view.quorate) {
        return refuse("join.no-quorum", "the cluster has no quorum", {}, "mend the cluster first");
    }
    return judge_node(request, view);
}

bool is_bad_try(const Error& error) {
    return error.code == "join.request" || error.code == "join.ticket-tag" ||
           error.code == "join.ticket-used" || error.code == "join.attempt-taken";
}

}  // namespace bedplate
