// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/join_ticket.hpp"

#include <algorithm>
#include <format>
#include <optional>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace bedplate {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : bytes) {
        bits = (bits << 8U) | static_cast<unsigned char>(c);
        held += 8;
        while (held >= 6) {
            held -= 6;
            out += alphabet[(bits >> held) & 63U];
        }
    }
    if (held > 0) {
        out += alphabet[(bits << (6 - held)) & 63U];
    }
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text.substr(0, text.find_last_not_of('=') + 1)) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>((bits >> held) & 255U);
        }
    }
    return out;
}

std::string check_of(std::string_view body) {
    return sha256_hex(std::format("{}.{}", JoinTicket::prefix, body)).substr(0, 16);
}

std::unexpected<Error> damaged() {
    return refuse("ticket.damaged", "the ticket is incomplete or damaged", {},
                  "copy the whole line that 'bedplate ticket create' printed");
}

Result<JoinTicket> from_json(const Json& json) {
    try {
        JoinTicket ticket{.id = json.at("id"),
                          .cluster = json.at("cluster"),
                          .fsid = json.at("fsid"),
                          .seeds = {},
                          .key = Secret(json.at("key").get<std::string>())};
        for (const auto& seed : json.at("seeds")) {
            ticket.seeds.push_back({.address = seed.at("address"),
                                    .port = seed.at("port").get<std::uint16_t>(),
                                    .host_key = seed.at("host_key")});
        }
        return ticket.seeds.empty() || ticket.key.empty() ? damaged() : Result<JoinTicket>(std::move(ticket));
    } catch (const nlohmann::json::exception&) {
        return damaged();  // what the library says may quote the document, which holds a key
    }
}

}  // namespace

Result<JoinTicket> parse_join_ticket(std::string_view text) {
    std::string line;
    std::ranges::copy_if(text, std::back_inserter(line), [](char c) { return c > ' '; });
    const auto parts = split(line, '.');
    if (parts.front() != JoinTicket::prefix) {
        return refuse("ticket.syntax", "this is not a join ticket", {},
                      std::format("a ticket is one line that begins with '{}.'", JoinTicket::prefix));
    }
    if (parts.size() != 3 || check_of(parts[1]) != parts[2]) {
        return damaged();
    }
    const auto body = from_base64(parts[1]);
    const auto json = body ? parse_json(*body, "join ticket") : Result<Json>(damaged());
    return json ? from_json(*json) : damaged();
}

std::string to_text(const JoinTicket& ticket) {
    Json seeds = Json::array();
    for (const auto& seed : ticket.seeds) {
        seeds.push_back({{"address", seed.address}, {"port", seed.port}, {"host_key", seed.host_key}});
    }
    const Json json{{"id", ticket.id},
                    {"cluster", ticket.cluster},
                    {"fsid", ticket.fsid},
                    {"seeds", seeds},
                    {"key", ticket.key.reveal()}};
    const auto body = to_base64(json.dump(-1, ' ', false, Json::error_handler_t::replace));
    return std::format("{}.{}.{}", JoinTicket::prefix, body, check_of(body));
}

Result<void> check_join_ticket(const JoinTicket& ticket, std::string_view cluster) {
    if (!cluster.empty() && ticket.cluster != cluster) {
        return refuse("ticket.cluster", std::format("the ticket is for the cluster '{}'", ticket.cluster), {},
                      std::format("the cluster's name here is '{}'", cluster));
    }
    return {};
}

}  // namespace bedplate
