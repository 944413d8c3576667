// SPDX-License-Identifier: GPL-3.0-or-later
// What the cluster fenced, and who stays out for it.
#include "base/text.hpp"
#include "tests/unit/firstboot/fencing_bench.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;

namespace {

using State = FenceProof::State;

}  // namespace

TEST_CASE("fencings that the cluster did are written down once a minute") {
    Bench bench;
    bench.asks("node2", FenceTest::status);
    bench.fake.commands.on("stonith_admin --history *",
                           {.out = R"(<fence_event status="success" action="reboot" target="node2" )"
                                   R"(client="pacemaker-controld.8" completed="2026-01-02 03:04:05Z"/>)"});
    FencingFollower follower(bench.node);
    REQUIRE(follow(bench, follower));
    REQUIRE(follow(bench, follower));
    CHECK(bench.record("node2").fenced.size() == 1);
    CHECK(bench.fake.commands.count("stonith_admin --history *") == 1);
    bench.fake.clock.advance(std::chrono::seconds{61});
    REQUIRE(follow(bench, follower));
    CHECK(bench.fake.commands.count("stonith_admin --history *") == 2);
    CHECK(bench.record("node2").fenced.size() == 1);
}

TEST_CASE("a fencing has the time at which it was, whenever a control node comes to write it down") {
    Bench bench;
    bench.asks("node2", FenceTest::status);
    const auto told = [&](const std::string& completed) {
        bench.fake.commands.on("stonith_admin --history *",
                               {.out = R"(<fence_event status="success" action="reboot" target="node2" )"
                                       R"(client="pacemaker-controld.8" completed=")" +
                                       completed + "\"/>"});
    };
    FencingFollower follower(bench.node), other(bench.node);
    told("2026-01-01 00:00:05.100000Z");
    bench.fake.clock.advance(std::chrono::minutes{5});
    REQUIRE(follow(bench, follower));
    told("2026-01-01 01:00:06.700000 +01:00");
    bench.fake.clock.advance(std::chrono::minutes{5});
    REQUIRE(follow(bench, other));
    const auto record = bench.record("node2");
    REQUIRE(record.fenced.size() == 2);
    const auto now = bench.with_registry([](Registry& registry) { return registry.now(); });
    CHECK(times_fenced(record, {}, now) == 1);
    CHECK(record.fenced.begin()->second == 1767225605);  // the first of January, and five seconds
}

TEST_CASE("a node that was fenced again and again does not start Pacemaker, and does so once it is let in") {
    Bench bench("node2");
    CHECK(may_start_pacemaker(bench.node));
    const auto now = bench.with_registry([](Registry& registry) { return registry.now(); });
    for (const auto& [event, at] :
         {std::pair{"a", now - 600}, std::pair{"b", now - 300}, std::pair{"c", now}}) {
        bench.etcd.put(registry_key("fencing", std::string("node2/fenced/") + event), std::to_string(at));
    }
    CHECK_FALSE(may_start_pacemaker(bench.node));
    CHECK(bench.record("node2").held);
    bench.fake.clock.advance(std::chrono::hours{48});
    CHECK_FALSE(may_start_pacemaker(bench.node));  // it does not come back by itself

    bench.fake.commands.on("systemctl start pacemaker.service");
    FencingFollower follower(bench.node);
    REQUIRE(follow(bench, follower));
    CHECK(bench.fake.commands.count("systemctl start *") == 0);
    REQUIRE(manage_fencing(bench.node, {.hostname = "node2", .test = {}, .release = true, .commit = true}));
    REQUIRE(follow(bench, follower));
    CHECK(bench.fake.commands.count("systemctl start pacemaker.service") == 1);
    CHECK(may_start_pacemaker(bench.node));
}

TEST_CASE("a remote node is in standby before it is connected") {
    Bench bench;
    auto remote = example::member(17);
    remote.remote = true;
    remote.state = Member::State::standby;
    bench.etcd.put(registry_key("nodes", remote.hostname), to_json(remote).dump());
    CHECK(member_from_json(to_json(remote)).value() == remote);
    FencingFollower follower(bench.node);
    REQUIRE(follow(bench, follower));
    CHECK(bench.fake.commands.count("crm_attribute --node node17 *") == 0);  // it does not listen yet
    bench.with_registry([&](Registry& registry) {
        REQUIRE(FencingRegistry(registry).offer_remote("node17"));
        return 0;
    });
    std::vector<std::string> order;
    bench.fake.commands.on("cibadmin --modify *", [&](const Command& command) {
        if (command.input.contains("node17")) {
            order.emplace_back(command.input.contains("Stopped") ? "stopped" : "started");
        }
        return CommandResult{};
    });
    bench.fake.commands.on("crm_attribute --node node17 --name standby --update on", [&](const Command&) {
        order.emplace_back("standby");
        return CommandResult{};
    });
    REQUIRE(follow(bench, follower));
    REQUIRE(follow(bench, follower));
    CHECK(order == std::vector<std::string>{"stopped", "standby", "started"});
}

TEST_CASE("without a registry the node starts: a rack that lost its power comes back by itself") {
    fakes::FakePlatform fake;
    Node node{.platform = fake.platform, .settings = Bench::settings("node2")};
    CHECK(may_start_pacemaker(node));
    CHECK(fake.clock.elapsed() >= std::chrono::seconds{18});
    CHECK(fake.clock.elapsed() <= std::chrono::seconds{22});
}
