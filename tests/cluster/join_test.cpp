// SPDX-License-Identifier: GPL-3.0-or-later
// Joins against a real etcd and a real sshd, without a virtual machine.
#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/base64.hpp"
#include "registry/join_client.hpp"
#include "tests/cluster/servers.hpp"

using namespace bedplate;
using namespace bedplate::jointest;

namespace {

template <typename T>
std::string code_of(const Result<T>& result) {
    return result ? "" : result.error().code;
}

JoinClient client(const SeedHost& seed, const std::string& name) {
    return {.work = seed.folder() / ("client-" + name), .user = seed.user()};
}

SeedService service(Connection& connection, const SeedHost& seed) {
    auto places = read_seed_places(connection.real.get().files, seed.folder() / "seed.json");
    REQUIRE(places);
    return {connection.real.get(), connection.registry, *places};
}

/// Ids, host names and attempts of all members; fails the test where an id is there twice.
std::set<std::uint32_t> unique_ids(const SeedHost& seed, std::size_t members) {
    Connection connection(seed);
    const auto list = connection.registry.list_members();
    REQUIRE(list);
    std::set<std::uint32_t> ids;
    for (const auto& member : *list) {
        CHECK(ids.insert(member.id).second);
    }
    CHECK(list->size() == members);
    return ids;
}

/// Run `count` threads that start together.
template <typename Work>
void at_once(std::uint32_t count, const Work& work) {
    std::atomic<bool> go{false};
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            while (!go) {
                std::this_thread::yield();
            }
            work(i);
        });
    }
    go = true;
}

}  // namespace

TEST_CASE("a node joins over ssh, and the same attempt gets the same answer") {
    SeedHost seed;
    seed.start_sshd();
    const auto ticket = seed.make_ticket(1);
    RealPlatform real;
    const auto checked = client(seed, "a").ask(real.get(), ticket, request(1, JoinRequest::Verb::check));
    INFO((checked ? "" : checked.error().to_text()));
    REQUIRE(checked);
    CHECK_FALSE(checked->grant);
    // The key is pinned under a name of its own: ssh would look for another one on port 22 than on this port.
    CHECK(real.get().files.read(seed.folder() / "client-a/known_hosts") ==
          "seed " + ticket.seeds[0].host_key + "\n");

    const auto joined = client(seed, "a").ask(real.get(), ticket, request(1, JoinRequest::Verb::join));
    INFO((joined ? "" : joined.error().to_text()));
    REQUIRE(joined);
    REQUIRE(joined->grant);
    CHECK(joined->grant->node.id == 2);
    CHECK(joined->grant->node.control);
    CHECK(joined->grant->members.size() == 2);
    CHECK(joined->grant->corosync_version == 2);
    CHECK(joined->grant->secrets.at("corosync").reveal() == "secret of corosync.key\n");
    CHECK(joined->grant->secrets.contains("ca_key"));

    const auto again = client(seed, "a").ask(real.get(), ticket, request(1, JoinRequest::Verb::join));
    REQUIRE(again);
    CHECK(to_text(*again->grant) == to_text(*joined->grant));

    // The ticket was for one node: another one finds it used up.
    CHECK(code_of(client(seed, "b").ask(real.get(), ticket, request(2, JoinRequest::Verb::join))) ==
          "join.ticket-used");
    CHECK_FALSE(real.get().files.exists(seed.folder() / "client-a/key"));
    unique_ids(seed, 2);
}

TEST_CASE("a certificate of a grant is good for the names that the seed gave, whatever the request said") {
    SeedHost seed;
    Connection connection(seed);
    const auto ticket = seed.make_ticket(1);
    const auto answer =
        service(connection, seed).answer(ticket.id, to_json(request(3, JoinRequest::Verb::join)).dump());
    REQUIRE(answer.grant);
    const auto text =
        run_checked(connection.real.get().commands,
                    {.argv = {"openssl", "x509", "-noout", "-text"}, .input = answer.grant->certificate});
    REQUIRE(text);
    CHECK(text->find("CN=node3") != std::string::npos);
    CHECK(text->find("DNS:node3-mig") != std::string::npos);
    CHECK(text->find("IP Address:10.1.0.14") != std::string::npos);
    CHECK(text->find("CA:FALSE") != std::string::npos);
}

TEST_CASE("a seed with another host key gets nothing") {
    SeedHost seed;
    seed.start_sshd();
    auto ticket = seed.make_ticket(1);
    ticket.seeds[0].host_key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    RealPlatform real;
    CHECK(code_of(client(seed, "a").ask(real.get(), ticket, request(1, JoinRequest::Verb::join))) ==
          "join.host-key");
    unique_ids(seed, 1);
}

TEST_CASE("the second seed is asked where the first cannot be reached, and nobody at all is said so") {
    SeedHost seed;
    seed.start_sshd();
    auto ticket = seed.make_ticket(1);
    const auto good = ticket.seeds[0];
    ticket.seeds = {{.address = "127.0.0.1", .port = 1, .host_key = good.host_key}, good};
    RealPlatform real;
    CHECK(client(seed, "a").ask(real.get(), ticket, request(1, JoinRequest::Verb::check)));
    ticket.seeds.pop_back();
    CHECK(code_of(client(seed, "a").ask(real.get(), ticket, request(1, JoinRequest::Verb::check))) ==
          "join.unreachable");
}

TEST_CASE("revoked, expired and foreign tickets are not let in by sshd") {
    SeedHost seed;
    seed.start_sshd();
    RealPlatform real;
    const auto ask = [&](const Ticket& ticket) {
        return code_of(client(seed, "a").ask(real.get(), ticket, request(1, JoinRequest::Verb::join)));
    };
    const auto revoked = seed.make_ticket(1);
    {
        Connection connection(seed);
        REQUIRE(connection.registry.revoke_ticket(revoked.id));
    }
    CHECK(ask(revoked) == "join.denied");
    CHECK(ask(seed.make_ticket(1, -5)) == "join.denied");
    auto swapped = seed.make_ticket(1);
    auto foreign = new_ticket(real.get(), seed.folder() / "work", {});
    REQUIRE(foreign);
    swapped.key = foreign->ticket.key;
    CHECK(ask(swapped) == "join.denied");
    unique_ids(seed, 1);
}

TEST_CASE("ten bad tries revoke a ticket") {
    SeedHost seed;
    Connection connection(seed);
    const auto ticket = seed.make_ticket(5, 3600, {"TAG1"});
    auto seeds = service(connection, seed);
    for (int i = 0; i < 10; ++i) {
        CHECK(seeds.answer(ticket.id, to_json(request(2, JoinRequest::Verb::join)).dump()).refusal->code ==
              "join.ticket-tag");
    }
    CHECK(seeds.answer(ticket.id, to_json(request(1, JoinRequest::Verb::join)).dump()).refusal->code ==
          "join.ticket-revoked");
    const auto record = connection.registry.ticket(ticket.id);
    CHECK((*record)->bad_tries >= 10);
    CHECK(seeds.authorized_keys((*record)->fingerprint)->empty());
}

TEST_CASE("the pre-join check keeps the ticket alive for the installation, for a day at most") {
    SeedHost seed;
    Connection connection(seed);
    const auto ticket = seed.make_ticket(1, 60);
    const auto before = (*connection.registry.ticket(ticket.id))->expires;
    CHECK_FALSE(service(connection, seed)
                    .answer(ticket.id, to_json(request(1, JoinRequest::Verb::check)).dump())
                    .refusal);
    const auto after = (*connection.registry.ticket(ticket.id))->expires;
    CHECK(after >= before + 3500);
    CHECK(after <= before - 60 + 24 * 3600);
}

TEST_CASE("1,000 tampered, expired, replayed and revoked tickets are rejected, a part of them through sshd") {
    SeedHost seed;
    seed.start_sshd();
    Connection connection(seed);
    RealPlatform real;
    auto seeds = service(connection, seed);
    std::mt19937 random(20260101);
    std::map<std::string, int> rejected;
    const auto good = seed.make_ticket(1);
    const std::string text = to_text(good).reveal();

    // 600 changed anywhere: the check digits see it before anything is sent.
    for (int i = 0; i < 600; ++i) {
        std::string bad = text;
        const auto at = random() % bad.size();
        if (i % 3 == 0) {
            bad.resize(at);
        } else {
            bad[at] = static_cast<char>(bad[at] ^ (1U << (random() % 7)));
        }
        ++rejected[code_of(parse_ticket(bad))];
    }
    CHECK_FALSE(rejected.contains(""));

    // 60 with check digits that were mended: another key bit, through sshd.
    for (int i = 0; i < 60; ++i) {
        Ticket bad = good;
        std::string key = good.key.reveal();
        const auto first = key.find('\n') + 1;
        const auto at = first + random() % (key.rfind("\n-----END") - first);
        key[at] = key[at] == 'A' ? 'B' : 'A';
        bad.key = Secret(key);
        const auto carried = parse_ticket(to_text(bad).reveal());
        REQUIRE(carried);
        const auto answer = client(seed, "t").ask(real.get(), *carried, request(1, JoinRequest::Verb::join));
        if (key == good.key.reveal()) {
            continue;
        }
        // Bits of the comment and of the padding are no part of the secret: those tickets are still the
        // ticket.
        ++rejected[answer ? "same key" : answer.error().code];
    }

    // 100 expired, 100 revoked, 100 unknown, 100 replayed after use: judged by the seed and its registry.
    const auto used = seed.make_ticket(1);
    REQUIRE(seeds.answer(used.id, to_json(request(500, JoinRequest::Verb::join)).dump()).grant);
    std::string ticket = seed.make_ticket(1, -1).id;
    const auto revoked = seed.make_ticket(1);
    REQUIRE(connection.registry.revoke_ticket(revoked.id));
    for (std::uint32_t i = 0; i < 100; ++i) {
        const auto text_of = [&](std::uint32_t n) {
            return to_json(request(n, JoinRequest::Verb::join)).dump();
        };
        for (const auto& id : {ticket, revoked.id, std::string("0000000000000000"), used.id}) {
            const auto answer = seeds.answer(id, text_of(600 + i));
            REQUIRE(answer.refusal);
            CHECK_FALSE(answer.grant);
            ++rejected[answer.refusal->code];
        }
    }
    int total = 0;
    for (const auto& [code, count] : rejected) {
        WARN(code << ": " << count);
        total += code == "same key" ? 0 : count;
    }
    CHECK(total >= 1000);
    CHECK(rejected["join.ticket-expired"] == 100);
    // One node with `used`, at most one more with what was still the good ticket.
    Connection after(seed);
    CHECK(after.registry.list_members()->size() <= 3);
}

TEST_CASE("8 nodes join at once, 25 rounds: every id is there once") {
    SeedHost seed;
    constexpr std::uint32_t nodes = 8, rounds = 25;
    for (std::uint32_t round = 0; round < rounds; ++round) {
        const auto ticket = seed.make_ticket(nodes);
        std::atomic<int> granted{0};
        at_once(nodes, [&](std::uint32_t i) {
            Connection connection(seed);
            const auto got = connection.registry.allot(
                ticket.id, request(1 + round * nodes + i, JoinRequest::Verb::join), true, nullptr);
            granted += got ? 1 : 0;
        });
        CHECK(granted == static_cast<int>(nodes));
    }
    const auto ids = unique_ids(seed, 1 + nodes * rounds);
    CHECK(*ids.rbegin() == 1 + nodes * rounds);
}

TEST_CASE("a ticket for one node is used by exactly one of eight that try at once") {
    SeedHost seed;
    for (std::uint32_t round = 0; round < 10; ++round) {
        const auto ticket = seed.make_ticket(1);
        std::atomic<int> granted{0}, used{0};
        at_once(8, [&](std::uint32_t i) {
            Connection connection(seed);
            const auto got = connection.registry.allot(
                ticket.id, request(1 + round * 8 + i, JoinRequest::Verb::join), true, nullptr);
            granted += got ? 1 : 0;
            used += code_of(got) == "join.ticket-used" ? 1 : 0;
        });
        CHECK(granted == 1);
        CHECK(used == 7);
    }
    unique_ids(seed, 11);
}

TEST_CASE("two machines with the same name, UUID or address: one gets in, the other is told why") {
    SeedHost seed;
    const auto ticket = seed.make_ticket(20);
    const auto clash = [&](std::uint32_t n, const std::function<void(Member&)>& same) {
        std::map<std::string, int> codes;
        std::mutex mutex;
        at_once(2, [&](std::uint32_t i) {
            auto asked = request(n + i, JoinRequest::Verb::join);
            same(asked.node);
            Connection connection(seed);
            const auto got = connection.registry.allot(ticket.id, asked, true, nullptr);
            const std::scoped_lock lock(mutex);
            ++codes[code_of(got)];
        });
        return codes;
    };
    CHECK(clash(1, [](Member& node) { node.hostname = "twin"; }) ==
          std::map<std::string, int>{{"", 1}, {"join.name-taken", 1}});
    const std::string uuid = machine(99).product_uuid;
    CHECK(clash(3, [&](Member& node) { node.product_uuid = uuid; }) ==
          std::map<std::string, int>{{"", 1}, {"join.uuid-taken", 1}});
    CHECK(clash(5, [](Member& node) { node.storage = machine(99).storage; }) ==
          std::map<std::string, int>{{"", 1}, {"join.address-taken", 1}});
}

TEST_CASE("16 nodes join at once over the seeds' whole way, one after the other under the lock") {
    SeedHost seed;
    const auto ticket = seed.make_ticket(16);
    std::atomic<int> granted{0};
    std::mutex mutex;
    std::set<std::uint64_t> versions;
    std::string refusals;
    at_once(16, [&](std::uint32_t i) {
        Connection connection(seed);
        auto places = read_seed_places(connection.real.get().files, seed.folder() / "seed.json");
        SeedService seeds(connection.real.get(), connection.registry, *places);
        const auto answer = seeds.answer(ticket.id, to_json(request(1 + i, JoinRequest::Verb::join)).dump());
        const std::scoped_lock lock(mutex);
        granted += answer.grant ? 1 : 0;
        if (answer.grant) {
            versions.insert(answer.grant->corosync_version);
        } else {
            refusals += answer.refusal->to_text() + "\n";
        }
    });
    INFO(refusals);
    CHECK(granted == 16);
    CHECK(versions.size() == 16);
    unique_ids(seed, 17);
    Connection connection(seed);
    CHECK(corosync_plan(connection.registry)->members.size() == 17);
    const auto members = connection.registry.list_members().value();
    CHECK(std::ranges::count(members, true, &Member::control) == 5);
}

TEST_CASE(
    "a node that would cost the cluster its quorum is put off until enough of the others run corosync") {
    SeedHost seed;
    const auto ticket = seed.make_ticket(2);
    Connection connection(seed);
    auto seeds = service(connection, seed);
    const auto running = [&](const std::string& nodes) {
        REQUIRE(connection.real.get().files.write(seed.folder() / "running", nodes + "\n"));
    };
    const auto ask = [&](std::uint32_t n) {
        return seeds.answer(ticket.id, to_json(request(n, JoinRequest::Verb::join)).dump());
    };
    running("1");
    CHECK(ask(1).grant);  // two nodes need one
    const auto early = ask(2);
    REQUIRE(early.refusal);
    CHECK(early.refusal->code == "corosync.too-few");
    CHECK(corosync_plan(connection.registry)->members.size() == 2);
    running("2");
    CHECK(ask(2).grant);
    CHECK(corosync_plan(connection.registry)->members.size() == 3);
    unique_ids(seed, 3);
}

TEST_CASE("the registry's work for a join does not grow with the cluster") {
    SeedHost seed;
    const auto ticket = seed.make_ticket(200);
    Connection connection(seed);
    std::vector<std::size_t> work;
    for (std::uint32_t n = 1; n <= 100; ++n) {
        const auto before = connection.etcd.requests();
        REQUIRE(connection.registry.allot(ticket.id, request(n, JoinRequest::Verb::join), true, nullptr));
        work.push_back(connection.etcd.requests() - before);
    }
    CHECK(work.front() == 2);
    CHECK(std::ranges::all_of(work, [](std::size_t n) { return n == 2; }));
}

TEST_CASE("ids of nodes that were taken out are never given again, their names are") {
    SeedHost seed;
    const auto ticket = seed.make_ticket(5);
    Connection connection(seed);
    const auto first =
        connection.registry.allot(ticket.id, request(1, JoinRequest::Verb::join), true, nullptr);
    REQUIRE(first);
    REQUIRE(connection.registry.forget("node1"));
    auto again = request(1, JoinRequest::Verb::join);
    again.attempt = Guid::derive("attempt", "another").to_text();
    const auto second = connection.registry.allot(ticket.id, again, true, nullptr);
    REQUIRE(second);
    CHECK(second->node.hostname == "node1");
    CHECK(second->node.id == first->node.id + 1);
}

TEST_CASE("a seed that dies with the lock in hand holds nobody up for longer than the lease") {
    SeedHost seed;
    Connection dead(seed), living(seed);
    REQUIRE(dead.registry.lock("dead", std::chrono::seconds{5}));
    CHECK(code_of(living.registry.lock("living", std::chrono::seconds{1})) == "registry.locked");
    const auto begun = std::chrono::steady_clock::now();
    CHECK(living.registry.lock("living", std::chrono::seconds{60}));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{45});
}

TEST_CASE("an allotment under a lock that was lost is not made") {
    SeedHost seed;
    const auto ticket = seed.make_ticket(1);
    Connection connection(seed);
    auto lock = connection.registry.lock("me", std::chrono::seconds{5});
    REQUIRE(lock);
    REQUIRE(connection.registry.unlock(*lock));
    CHECK(code_of(connection.registry.allot(ticket.id, request(1, JoinRequest::Verb::join), true, &*lock)) ==
          "registry.lock-lost");
    unique_ids(seed, 1);
}

TEST_CASE("the registry's revision grows with what is written and what is removed, and with nothing else") {
    SeedHost seed;
    Connection connection(seed);
    const auto first = connection.etcd.revision();
    REQUIRE(first);
    CHECK(connection.etcd.revision().value() == *first);
    REQUIRE(connection.etcd.commit({.puts = {{"/bedplate/x", "1"}}}));
    const auto second = connection.etcd.revision();
    CHECK(second.value() > *first);
    REQUIRE(connection.etcd.commit({.removes = {"/bedplate/x"}}));
    CHECK(connection.etcd.revision().value() > second.value());
}
