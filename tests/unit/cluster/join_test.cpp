// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/join.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;

namespace {

constexpr std::int64_t now = 1'700'000'000;

JoinRequest request() {
    Member node = example::member(4);
    node.state = Member::State::joining;
    node.id = 0;
    node.control = false;
    return {.verb = JoinRequest::Verb::join,
            .attempt = "11111111-2222-4333-8444-555555555555",
            .version = "1.2.3",
            .time = now,
            .node = node,
            .csr = "-----BEGIN CERTIFICATE REQUEST-----\n"};
}

JoinView view() {
    return {.version = "1.2.9",
            .now = now,
            .ticket = TicketRecord{.id = "t", .created = now - 60, .expires = now + 60, .uses = 1}};
}

std::string code(const JoinRequest& asked, const JoinView& seen) {
    const auto verdict = judge(asked, seen);
    return verdict ? "" : verdict.error().code;
}

}  // namespace

TEST_CASE("a node that nothing speaks against is granted") {
    CHECK(code(request(), view()).empty());
}

TEST_CASE("each reason against a join has its own name") {
    auto asked = request();
    auto seen = view();
    std::string expected;
    SECTION("no such ticket") {
        seen.ticket.reset();
        expected = "join.ticket-unknown";
    }
    SECTION("revoked") {
        seen.ticket->revoked = true;
        expected = "join.ticket-revoked";
    }
    SECTION("expired, at the second") {
        seen.now = seen.ticket->expires;
        asked.time = seen.now;
        expected = "join.ticket-expired";
    }
    SECTION("used up") {
        seen.ticket->used = 1;
        expected = "join.ticket-used";
    }
    SECTION("for another machine") {
        seen.ticket->service_tags = {"OTHER"};
        expected = "join.ticket-tag";
    }
    SECTION("no quorum") {
        seen.quorate = false;
        expected = "join.no-quorum";
    }
    SECTION("another version") {
        seen.version = "1.3.0";
        expected = "join.version";
    }
    SECTION("an hour late") {
        asked.time -= 3600;
        expected = "join.clock";
    }
    SECTION("an hour early") {
        asked.time += 3600;
        expected = "join.clock";
    }
    SECTION("host name taken") {
        seen.by_name = example::member(4);
        expected = "join.name-taken";
    }
    SECTION("UUID taken") {
        seen.uuid_owner = "node9";
        expected = "join.uuid-taken";
    }
    SECTION("address taken") {
        seen.address_owners = {{asked.node.management, "node9"}};
        expected = "join.address-taken";
    }
    SECTION("somebody else's attempt") {
        seen.attempt_owner = example::member(5);
        expected = "join.attempt-taken";
    }
    CHECK(code(asked, seen) == expected);
    CHECK(judge(asked, seen).error().kind == ErrorKind::refused);
}

TEST_CASE("a repeated attempt is granted again although its ticket is used up and its name taken") {
    auto seen = view();
    seen.ticket->used = 1;
    seen.attempt_owner = request().node;
    seen.by_name = request().node;
    CHECK(code(request(), seen).empty());
    seen.ticket->revoked = true;
    CHECK(code(request(), seen) == "join.ticket-revoked");
}

TEST_CASE("a ticket for the machine's service tag lets it in") {
    auto seen = view();
    seen.ticket->service_tags = {"X", "BPL0004"};
    CHECK(code(request(), seen).empty());
}

TEST_CASE("requests survive the way, and what is not one is refused") {
    const std::string text = to_json(request()).dump();
    const auto back = join_request_from_text(text);
    REQUIRE(back);
    CHECK(back->node == request().node);
    CHECK(back->attempt == request().attempt);

    const auto broken = [&](const std::string& path, const Json& value) {
        Json json = to_json(request());
        json[Json::json_pointer(path)] = value;
        const auto result = join_request_from_text(json.dump());
        return result ? "" : result.error().code;
    };
    CHECK(broken("/node/hostname", "$(reboot)") == "join.request");
    CHECK(broken("/node/hostname", "a\nb") == "join.request");
    CHECK(broken("/node/domain", "x;y") == "join.request");
    CHECK(broken("/node/service_tag", "a'b") == "join.request");
    CHECK(broken("/node/addresses/management", "10.0.0.256") == "join.request");
    CHECK(broken("/attempt", "../../x") == "join.request");
    CHECK(broken("/verb", "own") == "join.request");
    CHECK(broken("/csr", std::string(9000, 'x')) == "join.request");
    CHECK(broken("/more", 1) == "join.request");
    CHECK(join_request_from_text(text.substr(0, text.size() / 2)).error().code == "join.request");
    CHECK(join_request_from_text(std::string(100'000, ' ')).error().code == "join.request");
}

TEST_CASE("an answer with a grant survives the way") {
    JoinAnswer answer{.cluster = "prod", .fsid = "f", .time = now};
    answer.grant = JoinGrant{.identity = example::identity(),
                             .node = example::member(2),
                             .members = example::members(2),
                             .corosync_version = 5,
                             .ca_certificate = "CA\n",
                             .certificate = "C\n",
                             .secrets = {{"corosync", Secret(std::string("\0\xff key", 6))}}};
    const auto back = join_answer_from_text(to_text(answer).reveal());
    REQUIRE(back);
    REQUIRE(back->grant);
    CHECK(back->grant->members == answer.grant->members);
    CHECK(back->grant->secrets == answer.grant->secrets);
    CHECK(back->grant->identity.fsid == answer.grant->identity.fsid);
}

TEST_CASE("a ticket survives the way, and one that was changed anywhere does not") {
    const Ticket ticket{.id = "0123456789abcdef",
                        .cluster = "prod",
                        .fsid = "3f1c2b1e-6d1e-4b5a-9b0e-0c7f6c1f0a11",
                        .seeds = {{"10.0.100.11", 22, "ssh-ed25519 AAAA"}},
                        .key = Secret("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END")};
    const std::string text = to_text(ticket).reveal();
    const auto back = parse_ticket(text + "\n");
    REQUIRE(back);
    CHECK(back->key == ticket.key);
    CHECK(back->seeds.at(0).host_key == "ssh-ed25519 AAAA");
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string bad = text;
        bad[i] = bad[i] == 'x' ? 'y' : 'x';
        CHECK_FALSE(parse_ticket(bad));
        CHECK_FALSE(parse_ticket(text.substr(0, i)));
    }
}

TEST_CASE("the line for sshd allows one command and ends in time") {
    const TicketRecord record{.public_key = "ssh-ed25519 AAAA", .expires = now};
    CHECK(authorized_keys_line(record, "accept --ticket 1") ==
          "restrict,expiry-time=\"20231114221320Z\",command=\"accept --ticket 1\" ssh-ed25519 AAAA\n");
}

TEST_CASE("base64 is the one of RFC 4648 and strict") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"ab", "YWI="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        CHECK(to_base64(bytes) == text);
        CHECK(from_base64(text).value() == bytes);
    }
    for (const auto* bad : {"Z", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm-_", "===="}) {
        INFO(bad);
        CHECK_FALSE(from_base64(bad));
    }
}

TEST_CASE("networks that a node does not have are stood in for by others") {
    const auto node = node_settings_from_json(example::node_json(), example::site_json()).value();
    CHECK(node.address("management")->to_text() == "10.0.100.11");
    CHECK(node.address("storage_public")->to_text() == "10.0.30.11");
    CHECK(node.address("storage_cluster")->to_text() == "10.0.30.11");
    CHECK(node.address("migration")->to_text() == "10.0.100.11");
    CHECK(node.address("ring0")->to_text() == "10.0.100.11");
    CHECK(node.address("ring1")->to_text() == "10.0.30.11");
    CHECK(node.osds.at(0).serial == "OSD1");
    CHECK(node.create);
}

TEST_CASE("a node knows the machines that the site wants, and what its bridges carry") {
    auto site = example::site_json();
    site["networks"]["service"]["guest_vlans"] = Json::array({Json::array({210, 219})});
    const VmSpec web{.name = "web", .disk = gib(10), .networks = {{.network = "service", .vlan = 210}}};
    site["vms"] = Json::array({to_json(web)});
    const auto node = node_settings_from_json(example::node_json(), site);
    REQUIRE(node);
    CHECK(node->vms == std::vector<VmSpec>{web});
    REQUIRE(node->networks.at("service").guest_vlans.size() == 1);
    CHECK(node->networks.at("service").guest_vlans[0].second == 219);
    site["vms"][0].erase("memory");
    CHECK(node_settings_from_json(example::node_json(), site).error().code == "vm.record");
}

TEST_CASE("a node document without a management address is an error") {
    auto site = example::site_json();
    site["networks"]["management"].erase("address");
    CHECK(node_settings_from_json(example::node_json(), site).error().code == "node.file");
    CHECK(node_settings_from_json(Json::object(), example::site_json()).error().code == "node.file");
}
