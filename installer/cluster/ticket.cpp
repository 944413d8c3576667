// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/ticket.hpp"

#include <algorithm>
#include <format>
#include <iterator>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

constexpr std::string_view ticket_prefix = "bedplate-ticket-v1";
constexpr std::size_t check_digits = 16;

std::string check_of(std::string_view body) {
    return sha256_hex(std::format("{}.{}", ticket_prefix, body)).substr(0, check_digits);
}

std::unexpected<Error> damaged(std::string_view what) {
    return fail("ticket.damaged", std::format("the join ticket is damaged: {}", what), {},
                "copy the whole line that 'bedplate ticket create' printed");
}

Result<Ticket> ticket_from_json(const Json& json) {
    try {
        Ticket ticket{.id = json.at("id"),
                      .cluster = json.at("cluster"),
                      .fsid = json.at("fsid"),
                      .key = Secret(json.at("key").get<std::string>())};
        for (const Json& seed : json.at("seeds")) {
            ticket.seeds.push_back({.address = seed.at("address"),
                                    .port = seed.at("port").get<std::uint16_t>(),
                                    .host_key = seed.at("host_key")});
        }
        if (ticket.seeds.empty()) {
            return damaged("it names no seed");
        }
        return ticket;
    } catch (const nlohmann::json::exception&) {
        // What the library says may quote the document, which holds a key.
        return damaged("a field is missing or of another type");
    }
}

}  // namespace

Secret to_text(const Ticket& ticket) {
    Json seeds = Json::array();
    for (const auto& seed : ticket.seeds) {
        seeds.push_back(Json{{"address", seed.address}, {"port", seed.port}, {"host_key", seed.host_key}});
    }
    const Json document{{"id", ticket.id},
                        {"cluster", ticket.cluster},
                        {"fsid", ticket.fsid},
                        {"seeds", seeds},
                        {"key", ticket.key.reveal()}};
    const std::string body = to_base64(document.dump());
    return Secret(std::format("{}.{}.{}", ticket_prefix, body, check_of(body)));
}

Result<Ticket> parse_ticket(std::string_view text) {
    // Terminals and mail programs break long lines.
    std::string line;
    std::ranges::copy_if(text, std::back_inserter(line), [](char c) { return c > ' '; });
    const auto parts = split(line, '.');
    if (parts[0] != ticket_prefix) {
        return fail("ticket.syntax", "this is not a join ticket", {},
                    std::format("a ticket is one line that begins with '{}.'", ticket_prefix));
    }
    if (parts.size() != 3) {
        return damaged("it is cut off");
    }
    if (check_of(parts[1]) != parts[2]) {
        return damaged("its check digits do not fit");
    }
    const auto body = from_base64(parts[1]);
    if (!body) {
        return damaged("it is not base64");
    }
    const auto json = parse_json(*body, "join ticket");
    if (!json) {
        return damaged("it holds no document");
    }
    return ticket_from_json(*json);
}

Result<void> check_ticket(const Ticket& ticket, std::string_view cluster) {
    if (!cluster.empty() && ticket.cluster != cluster) {
        return refuse("ticket.cluster", std::format("the ticket is for the cluster '{}'", ticket.cluster), {},
                      std::format("the cluster's name here is '{}'", cluster));
    }
    return {};
}

Json to_json(const TicketRecord& record) {
    return Json{
        {"id", record.id},           {"public_key", record.public_key}, {"fingerprint", record.fingerprint},
        {"created", record.created}, {"expires", record.expires},       {"uses", record.uses},
        {"used", record.used},       {"bad_tries", record.bad_tries},   {"service_tags", record.service_tags},
        {"revoked", record.revoked}};
}

Result<TicketRecord> ticket_record_from_json(const Json& json) {
    try {
        return TicketRecord{.id = json.at("id"),
                            .public_key = json.at("public_key"),
                            .fingerprint = json.at("fingerprint"),
                            .created = json.at("created"),
                            .expires = json.at("expires"),
                            .uses = json.at("uses"),
                            .used = json.at("used"),
                            .bad_tries = json.at("bad_tries"),
                            .service_tags = json.at("service_tags").get<std::vector<std::string>>(),
                            .revoked = json.at("revoked")};
    } catch (const nlohmann::json::exception& e) {
        return fail("ticket.record", std::format("a ticket's record cannot be read: {}", e.what()));
    }
}

std::string authorized_keys_line(const TicketRecord& record, std::string_view command) {
    // sshd(8), AUTHORIZED_KEYS FILE FORMAT: a "Z" makes it UTC.
    const auto expires = std::chrono::sys_seconds{std::chrono::seconds{record.expires}};
    return std::format("restrict,expiry-time=\"{:%Y%m%d%H%M%S}Z\",command=\"{}\" {}\n", expires, command,
                       record.public_key);
}

}  // namespace bedplate
