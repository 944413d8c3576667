// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/ticket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bedplate;

namespace {

Ticket ticket() {
    return {.id = "0123456789abcdef",
            .cluster = "prod",
            .fsid = "8b072025-ee98-43e7-8485-b897b6f695e2",
            .seeds = {{.address = "10.0.100.11", .port = 22, .host_key = "ssh-ed25519 AAAA"}},
            .key = Secret("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n")};
}

}  // namespace

TEST_CASE("a ticket comes back as it was made, however lines were broken") {
    auto text = to_text(ticket()).reveal();
    CHECK(text.starts_with("bedplate-ticket-v1."));
    for (std::size_t i = 60; i < text.size(); i += 62) {
        text.insert(i, "\r\n");
    }
    const auto read = parse_ticket("  " + text + "\n");
    REQUIRE(read);
    CHECK(read->id == ticket().id);
    CHECK(read->cluster == "prod");
    CHECK(read->seeds.front().host_key == ticket().seeds.front().host_key);
    CHECK(read->key == ticket().key);
}

TEST_CASE("a ticket that is cut short or bent at any place is refused, and never repeated") {
    const auto whole = to_text(ticket()).reveal();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto read = parse_ticket(whole.substr(0, length));
        REQUIRE(!read);
        CHECK(!read.error().to_text().contains("eyJ"));
    }
    auto bent = whole;
    bent[40] = bent[40] == 'A' ? 'B' : 'A';
    CHECK(parse_ticket(bent).error().code == "ticket.damaged");
    CHECK(parse_ticket("hello").error().code == "ticket.syntax");
    CHECK(parse_ticket("").error().code == "ticket.syntax");
}

TEST_CASE("a ticket is for one cluster") {
    CHECK(check_ticket(ticket(), "prod"));
    CHECK(check_ticket(ticket(), ""));
    CHECK(check_ticket(ticket(), "lab").error().code == "ticket.cluster");
}
