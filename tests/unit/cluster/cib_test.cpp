// SPDX-License-Identifier: GPL-3.0-or-later
// Pacemaker's configuration, held against Pacemaker's own tools working on a file.
#include "cluster/cib.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using example::members;

namespace {

FenceDevice device(const std::string& agent = "fence_ipmilan") {
    return {.agent = agent,
            .address = "10.0.100.1",
            .port = 6231,
            .cipher = agent == "fence_redfish" ? std::nullopt : std::optional(3U),
            .user = "root & \"friends\"",
            .password = Secret("canary-horse")};
}

FencingRecord proved_record(const std::string& agent = "fence_ipmilan") {
    FencingRecord record{.device = device(agent)};
    record.proof =
        FenceProof{.state = FenceProof::State::done, .by = "node2", .device = record.device->digest()};
    return record;
}

std::map<std::string, FencingRecord> records(std::uint32_t count) {
    std::map<std::string, FencingRecord> list;
    for (const auto& member : members(count)) {
        list[member.hostname] = proved_record();
    }
    return list;
}

std::vector<std::string> names(std::uint32_t count) {
    std::vector<std::string> list;
    for (const auto& member : members(count)) {
        list.push_back(member.hostname);
    }
    return list;
}

cib::Configuration everything(std::uint32_t count) {
    const auto nodes = members(count);
    auto list = records(count);
    list["node1"].device->watchdog = true;
    list["node2"] = proved_record("fence_redfish");
    const auto proved = names(count);
    const std::vector parts{cib::options({}, watchdogs_serve(nodes)),
                            cib::uplink({}, Ipv4::parse("10.0.100.1").value()),
                            cib::fencing(nodes, list, proved)};
    return cib::joined(parts);
}

/// What one of Pacemaker's tools says of a file with this CIB; empty: it takes it.
std::string objection(const std::string& cib) {
    const fakes::TempDir dir;
    REQUIRE(linux_file_system()->write(dir / "cib.xml", cib));
    const auto result = linux_command_runner()->run(
        {.argv = {"crm_verify", "--verbose", "--xml-file", (dir / "cib.xml").string()}});
    if (!result) {
        return result.error().message;
    }
    return result->exit_status == 0 ? "" : result->out + result->err;
}

/// cibadmin on a file instead of a cluster.
std::string cibadmin(const fakes::TempDir& dir, std::vector<std::string> arguments, std::string input = {}) {
    arguments.insert(arguments.begin(), "cibadmin");
    const auto result =
        linux_command_runner()->run({.argv = arguments,
                                     .input = std::move(input),
                                     .environment = {{"CIB_file", (dir / "cib.xml").string()}}});
    REQUIRE(result);
    INFO(result->err);
    REQUIRE(result->exit_status == 0);
    return result->out;
}

}  // namespace

TEST_CASE("Pacemaker takes options, fencing levels and the uplink's watch") {
    for (const std::uint32_t count : {2U, 3U, 16U}) {
        INFO(count << " nodes");
        CHECK(objection(cib::whole_cib(everything(count))).empty());
    }
    // Without a device it says that nothing will be started, which is so.
    CHECK(objection(cib::whole_cib(cib::options({}, false))).contains("no STONITH resources"));
}

TEST_CASE("Pacemaker refuses what is none, so the check above can fail") {
    cib::Configuration wrong = cib::options({}, false);
    wrong.levels.push_back({.target = "node1", .index = 0, .devices = {"a"}});
    CHECK_FALSE(objection(cib::whole_cib(wrong)).empty());
}

TEST_CASE("what was given to Pacemaker is found there again, and is gone once it is taken away") {
    const fakes::TempDir dir;
    REQUIRE(linux_file_system()->write(dir / "cib.xml", cib::whole_cib({})));
    const auto wanted = everything(3);
    CHECK_FALSE(cib::holds(cibadmin(dir, {"--query"}), wanted));
    for (int twice = 0; twice < 2; ++twice) {
        cibadmin(dir, {"--modify", "--allow-create", "--xml-pipe"}, cib::to_xml(wanted));
        CHECK(cib::holds(cibadmin(dir, {"--query"}), wanted));
    }
    auto other = wanted;
    std::ranges::find(other.primitives[0].parameters, "ip", &std::pair<std::string, std::string>::first)
        ->second = "10.9.9.9";
    CHECK_FALSE(cib::holds(cibadmin(dir, {"--query"}), other));
    for (const auto& element : cib::remove_fencing("node2")) {
        cibadmin(dir, {"--delete", "--xml-text", element});
    }
    const auto left = cibadmin(dir, {"--query"});
    CHECK_FALSE(left.contains("fence-node2"));
    CHECK(left.contains("fence-node3"));
    CHECK(objection(left).empty());
}

TEST_CASE("no password is in Pacemaker's configuration") {
    const auto xml = cib::to_xml(everything(3));
    CHECK_FALSE(xml.contains("canary"));
    CHECK(xml.contains("value=\"root &amp; &quot;friends&quot;\""));
    CHECK(xml.contains("cat /var/lib/bedplate/fencing/node2/password"));
}

TEST_CASE("only what is proved becomes a device, and none runs on the node that it switches off") {
    const auto nodes = members(3);
    const std::vector<std::string> proved{"node2"};
    const auto made = cib::fencing(nodes, records(3), proved);
    REQUIRE(made.primitives.size() == 1);
    CHECK(made.primitives[0].id == "fence-node2");
    REQUIRE(made.locations.size() == 1);
    CHECK(made.locations[0].node == "node2");
    CHECK(made.locations[0].score == "-INFINITY");
    REQUIRE(made.levels.size() == 1);
    CHECK(made.levels[0].devices == std::vector<std::string>{"fence-node2"});
}

TEST_CASE("of two nodes that shoot at once the first one stays; with three nobody waits") {
    const auto delay_of = [](const cib::Configuration& made, std::size_t i) {
        return made.primitives[i].parameters[2].second;
    };
    const auto two = cib::fencing(members(2), records(2), names(2));
    CHECK(delay_of(two, 0) == "15s");
    CHECK(delay_of(two, 1) == "0s");
    CHECK(delay_of(cib::fencing(members(3), records(3), names(3)), 0) == "0s");
}

TEST_CASE("the watchdog is the second level of those nodes alone that have one") {
    auto list = records(3);
    list["node3"].device->watchdog = true;
    const auto made = cib::fencing(members(3), list, names(3));
    REQUIRE(made.primitives.size() == 4);
    CHECK(made.primitives[3].id == cib::watchdog_id);
    CHECK(made.primitives[3].parameters[0].second == "node3");
    REQUIRE(made.levels.size() == 4);
    CHECK(made.levels[3].target == "node3");
    CHECK(made.levels[3].index == 2);
}

TEST_CASE("no watchdog is counted on before the third full member: of two nodes it would end the survivor") {
    auto list = records(3);
    list["node2"].device->watchdog = true;
    auto nodes = members(3);
    CHECK(watchdogs_serve(nodes));
    nodes[2].state = Member::State::standby;
    CHECK_FALSE(watchdogs_serve(nodes));
    for (const auto& few : {members(2), nodes}) {
        const auto made = cib::fencing(few, list, names(3));
        CHECK_FALSE(std::ranges::contains(made.primitives, cib::watchdog_id, &cib::Primitive::id));
        CHECK(std::ranges::none_of(made.levels, [](const auto& level) { return level.index == 2; }));
    }
}

TEST_CASE("a BMC has three minutes to switch a node off and on") {
    const auto xml = cib::to_xml(cib::fencing(members(3), records(3), names(3)));
    CHECK(xml.contains(R"(name="pcmk_reboot_timeout" value="180s")"));
    CHECK(xml.contains(R"(name="pcmk_off_timeout" value="180s")"));
}

TEST_CASE("the site's rules are in the options, and sbd's wait only where a watchdog is used") {
    HaPolicy policy;
    policy.stickiness = 17;
    policy.failure_timeout = std::chrono::minutes{3};
    const auto xml = cib::to_xml(cib::options(policy, false));
    CHECK(xml.contains(R"(name="resource-stickiness" value="17")"));
    CHECK(xml.contains(R"(name="failure-timeout" value="180s")"));
    CHECK(xml.contains(R"(name="stonith-watchdog-timeout" value="0")"));
    CHECK(cib::to_xml(cib::options(policy, true)).contains(R"(name="stonith-watchdog-timeout" value="10s")"));
    // A node that joins runs corosync for an hour before it runs Pacemaker.
    CHECK(xml.contains(R"(name="node-pending-timeout" value="0")"));
    CHECK(cib::to_xml(cib::uplink(policy, std::nullopt)) == "<configuration/>");
}

TEST_CASE("a remote node is a resource with its address") {
    const auto made = cib::remote_node(members(1)[0], false);
    CHECK(cib::to_xml(made).contains(R"(name="target-role" value="Stopped")"));
    CHECK(cib::to_xml(cib::remote_node(members(1)[0], true)).contains(R"(value="Started")"));
    REQUIRE(made.primitives.size() == 1);
    CHECK(cib::to_xml(made).contains(R"(name="server" value="10.0.100.11")"));
}
