// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/fencing.hpp"

#include <catch2/catch_test_macros.hpp>

#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"

using namespace bedplate;

namespace {

FenceDevice test_device() {
    return {.agent = "fence_ipmilan",
            .address = "10.0.9.2",
            .port = 6231,
            .cipher = 3,
            .user = "root",
            .password = Secret("canary-horse"),
            .watchdog = true};
}

FencingRecord asked(FenceTest test, const std::string& boot = "boot-1") {
    return {.device = test_device(),
            .request = FenceRequest{.id = "r1", .test = test, .boot_id = boot, .at = 1000}};
}

FenceProof proof(FenceProof::State state, FenceTest test = FenceTest::status) {
    return {.state = state,
            .request = "r1",
            .test = test,
            .by = "node1",
            .at = 1010,
            .device = test_device().digest(),
            .boot_id = "boot-1",
            .detail = "said no"};
}

using State = FenceProof::State;

}  // namespace

TEST_CASE("a device, a request and a proof come back as they were written") {
    CHECK(fence_device_from_text(to_text(test_device()).reveal()).value() == test_device());
    const auto request = fence_request_from_json(to_json(*asked(FenceTest::cycle).request)).value();
    CHECK(request.id == "r1");
    CHECK(request.test == FenceTest::cycle);
    CHECK(request.boot_id == "boot-1");
    for (const auto state : {State::trying, State::ordered, State::done, State::failed}) {
        const auto back = fence_proof_from_json(to_json(proof(state))).value();
        CHECK(back.state == state);
        CHECK(back.device == test_device().digest());
        CHECK(back.detail == "said no");
    }
}

TEST_CASE("a device that cannot be read says so without a word of what it is") {
    for (const std::string text :
         {"{\"password\": \"canary\"", "{\"password\": \"canary\"}", "[\"canary\"]", "canary", ""}) {
        const auto read = fence_device_from_text(text);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "fence.record");
        CHECK_FALSE(read.error().to_text().contains("canary"));
    }
}

TEST_CASE("the password is in no parameter of an agent") {
    for (const auto* agent : {"fence_idrac", "fence_ipmilan", "fence_redfish"}) {
        auto one = test_device();
        one.agent = agent;
        CHECK_FALSE(agent_input(one, "node2", "status").contains("canary"));
        CHECK(agent_input(one, "node2", "status").starts_with("action=status\nip=10.0.9.2\nusername=root\n"));
        CHECK_FALSE(one.digest().contains("canary"));
    }
}

TEST_CASE("what stands in for ipmitool takes the password from the file, whatever else is asked") {
    const fakes::TempDir dir;
    const auto files = linux_file_system();
    // The real one would need a BMC: its place is taken by a program that shows what it was called with.
    std::string script = fence_ipmitool_script();
    const std::string real = "/usr/bin/ipmitool";
    const auto shows = (dir / "shows").string();
    script.replace(script.find(real), real.size(), shows);
    REQUIRE(files->write(shows, "#!/bin/sh\nprintf '<%s>' \"$@\"\n", 0700));
    REQUIRE(files->write(dir / "ipmitool", script, 0700));
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), (dir / "ipmitool").string());
        const auto result = linux_command_runner()->run({.argv = arguments});
        REQUIRE(result);
        CHECK(result->exit_status == 0);
        return result->out;
    };
    const auto file = (dir / "password").string();
    CHECK(run({"-I", "lanplus", "-U", "a b", "-P", "", "-L", "operator", "chassis", "power", "status"}) ==
          "<-I><lanplus><-U><a b><-f><" + file + "><-L><operator><chassis><power><status>");
    CHECK(run({"-P", "secret", "-v"}) == "<-f><" + file + "><-v>");
    CHECK(run({"chassis"}) == "<chassis>");
}

TEST_CASE("fencing is proved by a peer's answer about the device as it is now") {
    FencingRecord record;
    CHECK(why_not_proved(record, FenceTest::status, "") == "nobody knows how to reach its BMC");
    CHECK(why_not_proved(record, FenceTest::none, "").has_value());
    record = asked(FenceTest::status);
    CHECK(!why_not_proved(record, FenceTest::none, ""));
    CHECK(why_not_proved(record, FenceTest::status, "") == "no peer has answered yet");
    record.proof = proof(State::trying);
    CHECK(why_not_proved(record, FenceTest::status, "") == "node1 is trying");
    record.proof = proof(State::failed);
    CHECK(why_not_proved(record, FenceTest::status, "") == "node1 could not: said no");
    record.proof = proof(State::done);
    CHECK(!why_not_proved(record, FenceTest::status, "boot-1"));
    CHECK(why_not_proved(record, FenceTest::cycle, "boot-2").value().contains("not switched off and on"));
    record.device->watchdog = false;  // says nothing about the BMC
    CHECK(!why_not_proved(record, FenceTest::status, ""));
    record.device->password = Secret("another");
    CHECK(why_not_proved(record, FenceTest::status, "").value().contains("in another way"));
}

TEST_CASE("a cycle counts only for the machine that it ended") {
    auto record = asked(FenceTest::cycle);
    record.proof = proof(State::done, FenceTest::cycle);
    CHECK(!why_not_proved(record, FenceTest::cycle, "boot-2"));
    CHECK(!why_not_proved(record, FenceTest::status, "boot-2"));
    const auto why = why_not_proved(record, FenceTest::cycle, "boot-1");
    REQUIRE(why);
    CHECK(why->contains("the BMC at 10.0.9.2 is another machine's"));
}

TEST_CASE("a request is answered once, by another node, and taken over from a peer that died") {
    auto record = asked(FenceTest::status);
    CHECK(may_answer(record, "node2", "node1", 1000, 300));
    CHECK_FALSE(may_answer(record, "node2", "node2", 1000, 300));
    CHECK_FALSE(may_answer({}, "node2", "node1", 1000, 300));
    record.proof = proof(State::trying);
    CHECK_FALSE(may_answer(record, "node2", "node3", 1310, 300));
    CHECK(may_answer(record, "node2", "node3", 1311, 300));
    for (const auto state : {State::done, State::failed}) {
        record.proof = proof(state);
        CHECK_FALSE(may_answer(record, "node2", "node3", 9999, 300));
    }
    record.proof->request = "r0";  // an earlier one
    CHECK(may_answer(record, "node2", "node3", 1010, 300));
    record.device.reset();
    CHECK_FALSE(may_answer(record, "node2", "node3", 1010, 300));
}

TEST_CASE("a node that came back from a cycle whose peer died is not switched off again") {
    auto record = asked(FenceTest::cycle);
    CHECK(answer_for(record) == FenceAnswer::cycle);
    record.proof = proof(State::ordered, FenceTest::cycle);
    CHECK(answer_for(record) == FenceAnswer::cycle);  // it may never have been switched off
    record.request->boot_id = "boot-2";
    CHECK(answer_for(record) == FenceAnswer::confirm);
    record.proof->state = State::trying;
    CHECK(answer_for(record) == FenceAnswer::cycle);
    CHECK(answer_for(asked(FenceTest::status)) == FenceAnswer::status);
}

TEST_CASE("a BMC that refused is left alone for ten minutes, or until what opens it has changed") {
    auto record = asked(FenceTest::status);
    CHECK_FALSE(failed_lately(record, 1010));
    record.proof = proof(State::failed);
    CHECK(failed_lately(record, 1010));
    CHECK(failed_lately(record, 1609));
    CHECK_FALSE(failed_lately(record, 1610));
    record.device->password = Secret("right");
    CHECK_FALSE(failed_lately(record, 1010));
    record.device = test_device();
    record.proof = proof(State::done);
    CHECK_FALSE(failed_lately(record, 1010));
}

TEST_CASE("a node that is fenced three times within an hour stays out until it is let in") {
    const HaPolicy policy;
    FencingRecord record;
    record.fenced = {{"a", 1000}, {"b", 2000}};
    CHECK_FALSE(in_fence_loop(record, policy, 2000));
    record.fenced["c"] = 3000;
    CHECK(times_fenced(record, policy, 3000) == 3);
    CHECK(in_fence_loop(record, policy, 3000));
    CHECK_FALSE(in_fence_loop(record, policy, 1000 + 3601));
    record.held = true;
    CHECK(in_fence_loop(record, policy, 999'999));
}

TEST_CASE("one fencing counts once, however many peers have their own word for it") {
    const HaPolicy policy;
    FencingRecord record;
    record.fenced = {{"of node1", 1000}, {"of node3", 1002}, {"of node4", 1060}};
    CHECK(times_fenced(record, policy, 1100) == 1);
    record.fenced["a later one, of node3"] = 1300;
    record.fenced["a later one, of node1"] = 1299;
    CHECK(times_fenced(record, policy, 1400) == 2);
    // Not one for ever, if a node is lost again and again.
    record.fenced = {{"a", 1000}, {"b", 1050}, {"c", 1100}, {"d", 1150}};
    CHECK(times_fenced(record, policy, 1200) == 2);
}

TEST_CASE("what was before a node was let in does not count, also where a peer tells of it later") {
    FencingRecord record;
    record.fenced = {{"a", 1000}, {"b", 2000}, {"c", 3000}};
    record.released = 2500;
    CHECK(times_fenced(record, {}, 3000) == 1);
    record.fenced["the same as b, of a peer"] = 2001;
    CHECK(times_fenced(record, {}, 3000) == 1);
}

TEST_CASE("the time of an event is read with its zone, and what is no time is nothing") {
    // date --date '2026-01-02 03:04:05Z' +%s
    constexpr std::int64_t expected = 1767323045;
    for (const std::string_view text :
         {"2026-01-02 03:04:05Z", "2026-01-02 03:04:05.123456Z", "2026-01-02 04:04:05.123456 +01:00",
          "2026-01-02 04:04:05+01:00", "2026-01-01 23:34:05 -03:30", "2026-01-02T03:04:05Z"}) {
        INFO(text);
        CHECK(fence_time(text) == expected);
    }
    for (const std::string_view text :
         {"", "yesterday", "2026-01-02 03:04:05", "2026-01-02 03:04:05 CET", "2026-13-02 03:04:05Z",
          "2026-01-02 03:04Z", "2026-01-02 03-04-05Z", "2026-01-02 03:04:05."}) {
        INFO(text);
        CHECK_FALSE(fence_time(text));
    }
}

TEST_CASE("of Pacemaker's history count the fencings that went well, and tests are told from real ones") {
    const auto events = fence_history(
        R"(<pacemaker-result><list name="Fencing history" count="4">)"
        R"(<fence_event status="success" delegate="node1" action="reboot" target="node2" )"
        R"(client="pacemaker-controld.812" origin="node1" completed="2026-01-02 03:04:05.000000Z"/>)"
        R"(<fence_event status="success" action="reboot" target="node3" client="stonith_admin.99" )"
        R"(origin="node1" completed="2026-01-02 03:05:05Z"/>)"
        R"(<fence_event status="failed" action="reboot" target="node3" client="pacemaker-controld.812" )"
        R"(origin="node1" completed="2026-01-02 03:06:05Z"/>)"
        R"(<fence_event status="pending" action="reboot" target="node3" client="pacemaker-controld.812" )"
        R"(origin="node1"/></list></pacemaker-result>)");
    REQUIRE(events.size() == 2);
    CHECK(events[0].target == "node2");
    CHECK(events[0].completed == "2026-01-02 03:04:05.000000Z");
    CHECK(events[0].by_cluster);
    CHECK_FALSE(events[1].by_cluster);
    CHECK(fence_history("").empty());
}

TEST_CASE("the rules come back as they were written, and what is left out has its default") {
    HaPolicy policy{.wait_before_moving = std::chrono::seconds{60},
                    .failure_timeout = std::chrono::minutes{1},
                    .stickiness = 5,
                    .migration_threshold = 2,
                    .fencing_test = FenceTest::cycle,
                    .fence_loop_times = 4,
                    .fence_loop_window = std::chrono::hours{2},
                    .qdevice_host = "witness"};
    CHECK(ha_policy_from_json(to_json(policy)).value() == policy);
    CHECK(ha_policy_from_json(Json::object()).value() == HaPolicy{});
    CHECK(policy.monitor_interval() == std::chrono::seconds{30});
    CHECK(HaPolicy{}.monitor_interval() == std::chrono::seconds{10});
    const auto wrong = ha_policy_from_json(Json{{"stickiness", "much"}});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == "node.file");
}

TEST_CASE("machines are promised what is left beside the node's own services, less the reserve") {
    // 64 threads, 512 GiB, ten OSDs of 4 GiB, a control node: 512 - 40 - 4 = 468 GiB.
    const NodeMachine server{
        .threads = 64, .memory = gib(512), .osds = 10, .osd_memory_target = gib(4), .control = true};
    CHECK(node_capacity(server, {.reserve_percent = 10, .memory_overcommit = 1.0}) ==
          NodeCapacity{.cpu = 194, .hv_memory = 431'308, .threads = 48});
    CHECK(node_capacity(server, {.cpu_overcommit = 1.0}).cpu == 48);
    CHECK(node_capacity(server, {.reserve_percent = 10, .memory_overcommit = 1.2}).hv_memory == 517'570);
    // A machine of a lab: a quarter for its services, an OSD, and something is left.
    const NodeMachine lab{
        .threads = 1, .memory = gib(3), .osds = 1, .osd_memory_target = mib(896), .control = true};
    const auto small = node_capacity(lab, {});
    CHECK(small.cpu == 1);
    CHECK(small.hv_memory == 1267);
    // And one that has nothing left is not promised anything.
    const NodeMachine full{.threads = 2, .memory = gib(4), .osds = 4, .osd_memory_target = gib(4)};
    CHECK(node_capacity(full, {}) == NodeCapacity{.cpu = 1, .hv_memory = 0, .threads = 1});
}
