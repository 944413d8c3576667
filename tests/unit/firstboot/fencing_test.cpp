// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/fencing.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "firstboot/steps.hpp"
#include "registry/keys.hpp"
#include "tests/support/fake_etcd.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;

namespace {

using State = FenceProof::State;

/// A member of a cluster with a registry, seen from one of its nodes.
struct Bench {
    fakes::FakePlatform fake;
    fakes::FakeEtcd etcd{fake.http};
    Node node;

    explicit Bench(const std::string& hostname = "node1", std::uint32_t count = 3)
        : node{.platform = fake.platform, .settings = settings(hostname)} {
        fake.files.add_file(registry_access_path, R"({"endpoints": ["https://etcd:2379"], "ca": "", )"
                                                  R"("certificate": "", "key": ""})");
        fake.files.add_file("/proc/sys/kernel/random/boot_id", "boot-1\n");
        fake.files.add_file("/proc/sys/kernel/random/uuid", "request-of-" + hostname + "\n");
        fake.files.add_file("/proc/cpuinfo", "processor : 0\nmodel name : x\nprocessor : 1\n");
        fake.files.add_file("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
        fake.files.add_file(bmc_path, R"({"user": "root", "password": "canary-horse"})");
        Membership membership{.all = example::members(count)};
        membership.self = *std::ranges::find(membership.all, hostname, &Member::hostname);
        fake.files.add_file(members_path, to_text(membership));
        for (const auto& member : membership.all) {
            etcd.put(registry_key("nodes", member.hostname), to_json(member).dump());
        }
        etcd.put(registry_key("next"), R"({"id": 9, "nodes": 3, "control": 3})");
        fake.commands.on("crm_mon *", [](const Command&) {
            CommandResult result;
            for (const auto* name : {"node1", "node2", "node3"}) {
                result.out += std::string("<node name=\"") + name + "\" online=\"true\" standby=\"false\">";
            }
            return result;
        });
        fake.commands.on("cibadmin *", {.out = "<cib/>"});
        fake.commands.on("crm_attribute *");
        fake.commands.on("crm_attribute * cpu --query *", {.out = "3\n"});
        fake.commands.on("crm_attribute * hv_memory --query *", {.out = "1843\n"});
        fake.commands.on("fence_ipmilan", {.out = "Status: ON\n"});
        fake.commands.on("fence_ipmilan -o metadata", {.out = "<resource-agent/>\n"});
        fake.commands.on("stonith_admin *", {.out = "<pacemaker-result/>"});
    }

    static NodeSettings settings(const std::string& hostname) {
        Json json = example::node_json();
        json["hostname"] = hostname;
        json["cluster_action"] = hostname == "node1" ? "create" : "join";
        json["fencing"] = {{"agent", "fence_ipmilan"}, {"via", "bmc"},  {"watchdog", false},
                           {"address", "10.0.9.1"},    {"port", 6231U}, {"cipher", 3U}};
        return node_settings_from_json(json, example::site_json()).value();
    }

    template <typename Work>
    auto with_registry(const Work& work) {
        Etcd client(fake.http, {"https://etcd:2379"});
        Registry registry(client, fake.clock);
        return work(registry);
    }

    FencingRecord record(const std::string& hostname) {
        return with_registry(
            [&](Registry& registry) { return FencingRegistry(registry).record(hostname).value(); });
    }

    /// A node that has published how it is switched off, and asks.
    void asks(const std::string& hostname, FenceTest test, const std::string& boot = "boot-9") {
        with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            REQUIRE(fencing.publish(hostname, device()));
            REQUIRE(fencing.ask(hostname, {.id = "r1", .test = test, .boot_id = boot, .at = 0}));
            return 0;
        });
    }

    /// Every member has the files of what is published now.
    void all_have_files() {
        with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            const auto digest = devices_digest(fencing.list().value());
            for (const auto* name : {"node1", "node2", "node3"}) {
                REQUIRE(fencing.acknowledge(name, digest));
            }
            return 0;
        });
    }

    void answer(const std::string& asking) {
        with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            FenceFiles files(fake.platform, node.settings.hostname);
            REQUIRE(answer_request(node, fencing, files, asking, fencing.record(asking).value()));
            return 0;
        });
    }

    static FenceDevice device() {
        return {.agent = "fence_ipmilan",
                .address = "10.0.9.2",
                .port = 6232,
                .cipher = 3,
                .user = "root",
                .password = Secret("canary-horse")};
    }

    /// No command, its input included, and nothing that was said shows the password.
    void check_secrecy() const {
        for (const auto& command : fake.commands.commands()) {
            CHECK_FALSE(quote_command(command.argv).contains("canary"));
            CHECK_FALSE(command.input.contains("canary"));
        }
    }
};

Result<void> follow(Bench& bench, FencingFollower& follower) {
    return bench.with_registry([&](Registry& registry) -> Result<void> {
        BEDPLATE_ASSIGN(const auto members, registry.list_members());
        return follower.once(registry, members);
    });
}

const Step& step_named(const std::vector<Step>& steps, const std::string& id) {
    const auto found = std::ranges::find(steps, id, &Step::id);
    REQUIRE(found != steps.end());
    return *found;
}

}  // namespace

TEST_CASE("what opens the BMC comes from the node's file, and its absence is a refusal with the way on") {
    Bench bench;
    const auto device = own_device(bench.node).value();
    REQUIRE(device);
    CHECK(device->address == "10.0.9.1");
    CHECK(device->port == 6231U);
    CHECK(device->password == Secret("canary-horse"));
    for (const std::string text : {"{\"user\": \"canary\"", "{\"user\": 1, \"password\": \"canary\"}", "[]",
                                   "{\"user\": \"\", \"password\": \"canary\"}"}) {
        bench.fake.files.add_file(bmc_path, text);
        const auto read = own_device(bench.node);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "fence.no-credentials");
        CHECK(read.error().kind == ErrorKind::refused);
        CHECK_FALSE(read.error().to_text().contains("canary"));
    }
    bench.node.settings.fencing->address.clear();
    CHECK(own_device(bench.node).error().code == "fence.no-address");
    bench.node.settings.fencing.reset();
    CHECK_FALSE(own_device(bench.node).value());
}

TEST_CASE("passwords of all devices are files for root alone, and go when the device goes") {
    Bench bench;
    bench.asks("node2", FenceTest::status);
    FenceFiles files(bench.fake.platform, "node1");
    const auto keep = [&] {
        bench.with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            REQUIRE(files.keep(fencing, fencing.list().value()));
            return 0;
        });
    };
    keep();
    CHECK(bench.fake.files.read(fence_password_path("node2")).value() == "canary-horse\n");
    CHECK(bench.fake.files.mode_of(fence_password_path("node2")) == 0600);
    CHECK(bench.fake.files.mode_of(fence_ipmitool_path("node2")) == 0700);
    CHECK_FALSE(bench.etcd.get(registry_key("fencing-acks", "node1")).empty());
    const auto changes = bench.fake.files.changes().size();
    keep();
    CHECK(bench.fake.files.changes().size() == changes);
    bench.with_registry([&](Registry& registry) {
        REQUIRE(registry.forget("node2"));
        return 0;
    });
    keep();
    CHECK_FALSE(bench.fake.files.exists(fence_password_path("node2")));
}

TEST_CASE("agents are read before a member says that it has the devices, once for each set of them") {
    Bench bench;
    bench.asks("node2", FenceTest::status);
    bench.asks("node3", FenceTest::status);
    bool said_before = true;
    bench.fake.commands.on("fence_ipmilan -o metadata", [&](const Command&) -> Result<CommandResult> {
        said_before = !bench.etcd.get(registry_key("fencing-acks", "node1")).empty();
        return fail("command.timeout", "it takes its time");  // which is no reason to stop
    });
    FenceFiles files(bench.fake.platform, "node1");
    for (int twice = 0; twice < 2; ++twice) {
        bench.with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            REQUIRE(files.keep(fencing, fencing.list().value()));
            return 0;
        });
    }
    CHECK(bench.fake.commands.count("fence_ipmilan -o metadata") == 1);
    CHECK_FALSE(said_before);
    CHECK_FALSE(bench.etcd.get(registry_key("fencing-acks", "node1")).empty());
}

TEST_CASE("the agent is read before Pacemaker starts, since a restart has left nothing in memory") {
    Bench bench("node2");
    REQUIRE(may_start_pacemaker(bench.node));
    CHECK(bench.fake.commands.count("fence_ipmilan -o metadata") == 1);
}

TEST_CASE("a watchdog is set up once three nodes are full members, and given up below that") {
    Bench bench("node2", 2);
    bench.node.settings.fencing->watchdog = true;
    bench.fake.files.add_file("/sys/class/watchdog/watchdog0/identity", "iTCO_wdt\n");
    bench.fake.files.add_file("/etc/default/sbd", "# the package's own\n");
    bench.fake.commands.on("stat *", {.out = "root:root:644\n"});
    bench.fake.commands.on("systemctl enable sbd.service").on("systemctl disable sbd.service");
    const auto members_are = [&](std::uint32_t count, Member::State last) {
        Membership membership{.all = example::members(count)};
        membership.all.back().state = last;
        membership.self = membership.all[1];
        bench.fake.files.add_file(members_path, to_text(membership));
    };
    const auto steps = proof_steps(bench.node);
    const auto& watchdog = step_named(steps, "ha.watchdog").steps;
    CHECK(watchdog.observe().value().state == Observation::State::satisfied);
    members_are(3, Member::State::standby);
    CHECK(watchdog.observe().value().state == Observation::State::satisfied);
    members_are(3, Member::State::member);
    CHECK(watchdog.observe().value().state == Observation::State::needed);
    REQUIRE(watchdog.apply());
    CHECK(bench.fake.commands.count("systemctl enable sbd.service") == 1);
    CHECK(bench.fake.files.read("/etc/default/sbd")->contains("SBD_WATCHDOG_TIMEOUT=5\n"));
    CHECK(watchdog.observe().value().state == Observation::State::satisfied);
    members_are(2, Member::State::member);
    CHECK(watchdog.observe().value().state == Observation::State::needed);
    REQUIRE(watchdog.apply());
    CHECK(bench.fake.commands.count("systemctl disable sbd.service") == 1);
    CHECK_FALSE(bench.fake.files.read("/etc/default/sbd")->contains("SBD_WATCHDOG"));
    CHECK(watchdog.observe().value().state == Observation::State::satisfied);
    bench.fake.files.add_file("/sys/class/watchdog/watchdog0/identity", "Software Watchdog\n");
    members_are(3, Member::State::member);
    CHECK(watchdog.observe().value().state == Observation::State::satisfied);
}

TEST_CASE("a peer asks the BMC, gives the device to Pacemaker and says so") {
    Bench bench;
    bench.asks("node2", FenceTest::status);
    bench.all_have_files();
    bench.answer("node2");
    const auto proof = bench.record("node2").proof.value();
    CHECK(proof.state == State::done);
    CHECK(proof.by == "node1");
    CHECK(!why_not_proved(bench.record("node2"), FenceTest::status, "boot-9"));
    CHECK(bench.fake.commands.count("cibadmin --modify *") == 1);
    CHECK(bench.fake.commands.count("stonith_admin *") == 0);
    const auto& commands = bench.fake.commands.commands();
    const auto given = std::ranges::find_if(
        commands, [](const Command& command) { return command.input.contains("fence-node2"); });
    REQUIRE(given != commands.end());
    bench.check_secrecy();
}

TEST_CASE("a cycle is ordered in the registry before it is done, by Pacemaker itself") {
    Bench bench;
    bench.asks("node2", FenceTest::cycle);
    bench.all_have_files();
    State seen = State::trying;
    bench.fake.commands.on("stonith_admin --reboot node2 *", [&](const Command&) {
        seen = bench.record("node2").proof->state;
        return CommandResult{};
    });
    bench.answer("node2");
    CHECK(seen == State::ordered);
    const auto record = bench.record("node2");
    CHECK(!why_not_proved(record, FenceTest::cycle, "boot-10"));
    CHECK(why_not_proved(record, FenceTest::cycle, "boot-9").value().contains("another machine's"));
    bench.check_secrecy();
}

TEST_CASE("what goes wrong with the fencing is the answer") {
    Bench bench;
    bench.asks("node2", FenceTest::status);
    bench.all_have_files();
    std::string expected;
    SECTION("the BMC does not answer") {
        bench.fake.commands.on("fence_ipmilan", {.status = 1, .err = "ERROR: Failed: Unable to connect\n\n"});
        expected = "Unable to connect";
    }
    SECTION("the power is off, and the node asks") {
        bench.fake.commands.on("fence_ipmilan", {.out = "Status: OFF\n", .status = 2});
        expected = "another machine's";
    }
    bench.answer("node2");
    const auto proof = bench.record("node2").proof.value();
    CHECK(proof.state == State::failed);
    CHECK(proof.detail.contains(expected));
    CHECK(bench.fake.commands.count("cibadmin --modify *") == 0);
}

TEST_CASE("a member that does not follow leaves nobody without fencing") {
    Bench bench;
    bench.asks("node2", FenceTest::status);
    bench.all_have_files();
    bench.etcd.put(registry_key("fencing-acks", "node3"), "older");
    bench.answer("node2");
    const auto proof = bench.record("node2").proof.value();
    CHECK(proof.state == State::done);
    CHECK(proof.detail.contains("without its password so far: node3"));
    CHECK(bench.fake.clock.elapsed() >= std::chrono::minutes{2});
}

TEST_CASE("the node that created the cluster is proved once another control node is there") {
    Bench alone("node1", 1);
    FencingFollower first(alone.node);
    REQUIRE(follow(alone, first));
    CHECK(alone.record("node1").device);
    CHECK_FALSE(alone.record("node1").request);

    Bench bench("node1", 3);
    FencingFollower follower(bench.node);
    REQUIRE(follow(bench, follower));
    const auto request = bench.record("node1").request;
    REQUIRE(request);
    CHECK(request->test == FenceTest::status);  // machines may run here
    REQUIRE(follow(bench, follower));
    CHECK(bench.record("node1").request->id == request->id);
}

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

TEST_CASE("a joining node asks, waits for the answer, and parks with the peer's reason") {
    Bench bench("node2");
    auto steps = proof_steps(bench.node);
    const auto& device = step_named(steps, "ha.fence-device").steps;
    REQUIRE(device.observe().value().state == Observation::State::needed);
    REQUIRE(device.apply());
    CHECK(device.observe().value().state == Observation::State::satisfied);
    const auto& proof = step_named(steps, "ha.fence-proof").steps;
    const auto late = proof.apply();
    REQUIRE_FALSE(late);
    CHECK(late.error().code == "fence.not-proved");
    CHECK(late.error().message.contains("no peer has answered yet"));
    CHECK(late.error().hint.contains("/etc/bedplate/bmc.json"));
    CHECK_FALSE(late.error().to_text().contains("canary"));
}

TEST_CASE("what machines may be placed on is told to Pacemaker, once") {
    Bench bench("node2");
    auto steps = capacity_steps(bench.node);
    const auto& capacity = steps.front().steps;
    CHECK(capacity.observe().value().state == Observation::State::satisfied);
    bench.fake.commands.on("crm_attribute * hv_memory --query *", {.status = 6});  // there is none yet
    REQUIRE(capacity.observe().value().state == Observation::State::needed);
    REQUIRE(capacity.apply());
    // 8 GiB: 2 GiB for a control node's services, 4 GiB for its OSD, a tenth held back. Two threads: one for
    // its OSD, four processors on the other, a tenth held back.
    CHECK(bench.fake.commands.count(
              "crm_attribute --node node2 --utilization --name hv_memory --update 1843") == 1);
    CHECK(bench.fake.commands.count("crm_attribute --node node2 --utilization --name cpu --update 3") == 1);
}
