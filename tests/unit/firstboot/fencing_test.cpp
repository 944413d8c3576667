// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hpp"
#include "tests/unit/firstboot/fencing_bench.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;

namespace {

using State = FenceProof::State;

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
