// SPDX-License-Identifier: GPL-3.0-or-later
// Faults on a lab whose nodes are made up; libvirt is its own driver for tests, which has a machine named
// "test".
#include "lab/drill_faults.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "lab/drill_facts.hpp"
#include "lab/pulse_machine.hpp"
#include "lab/rolling.hpp"
#include "platform/time_scale.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using namespace bedplate::lab;
using std::chrono::seconds;

namespace {

struct Broken {
    Broken() {
        lab = {.name = "lab", .folder = "/lab", .bridge = "bp-lab", .address = "10.77.0.1/24", .nodes = {}};
        lab.nodes.push_back({.hostname = "node1", .macs = {"52:54:00:00:00:01"}, .address = "10.77.0.11"});
        lab.nodes.push_back({.hostname = "node2", .macs = {"52:54:00:00:00:02"}, .address = "10.77.0.12"});
        auto connected = Libvirt::connect("test:///default");
        REQUIRE(connected);
        libvirt.emplace(*std::move(connected));
        rack.emplace(fake.platform, *libvirt, lab);
        healing.emplace(fake.platform, lab);
    }

    [[nodiscard]] Choice choice(const std::string& node) const { return {.node = node, .osd = 2}; }

    fakes::FakePlatform fake;
    Lab lab;
    std::optional<Libvirt> libvirt;
    std::optional<Rack> rack;
    std::optional<Healing> healing;
};

constexpr std::string_view still = "/lab/drill-healing.json";

}  // namespace

TEST_CASE("a machine of libvirt's is suspended and goes on, once or again") {
    auto libvirt = Libvirt::connect("test:///default");
    REQUIRE(libvirt);
    CHECK(libvirt->is_suspended("test") == false);
    REQUIRE(libvirt->suspend("test"));
    CHECK(libvirt->is_suspended("test") == true);
    REQUIRE(libvirt->resume("test"));
    REQUIRE(libvirt->resume("test"));
    CHECK(libvirt->is_suspended("test") == false);
    CHECK(libvirt->suspend("nobody").error().code == "libvirt.none");
    REQUIRE(libvirt->resume("nobody"));  // nothing to undo
    CHECK(libvirt->set_link("test", "52:54:00:ff:ff:ff", false).error().code == "libvirt.port");
}

TEST_CASE("an OSD is killed as the kernel would, and what starts it again is on disk before") {
    Broken it;
    Fault fault(*it.rack, *it.healing);
    REQUIRE(fault.prepare(DrillKind::osd_loss, it.choice("node2")));
    CHECK(it.fake.commands.lines().empty());
    CHECK(it.fake.files.read(still)->contains("systemctl start ceph-osd@2.service"));
    it.fake.commands.on("ssh *");
    REQUIRE(fault.inject(DrillKind::osd_loss, it.choice("node2")));
    CHECK(it.fake.commands.count(
              "ssh * root@10.77.0.12 'echo now; systemctl kill --signal=SIGKILL ceph-osd@2.service'") == 1);
    REQUIRE(it.healing->apply(*it.rack));
    CHECK(it.fake.commands.count("ssh * root@10.77.0.12 'systemctl reset-failed ceph-osd@2.service; *'") ==
          1);
    CHECK_FALSE(it.fake.files.exists(still));
}

TEST_CASE("a disk that fails is the one below the OSD, and is taken back before its OSD is started") {
    Broken it;
    Fault fault(*it.rack, *it.healing);
    it.fake.commands.on("ssh *").on("ssh * 'lsblk *'",
                                    {.out = "ceph--1-osd--block--2 lvm\nsdb                   disk\n"});
    REQUIRE(fault.prepare(DrillKind::disk_error, it.choice("node1")));
    REQUIRE(fault.inject(DrillKind::disk_error, it.choice("node1")));
    CHECK(it.fake.commands.lines().back().contains("echo offline >/sys/block/sdb/device/state"));
    REQUIRE(it.healing->remedies().size() == 1);
    CHECK(it.healing->remedies()[0].detail.starts_with("echo running >/sys/block/sdb/device/state; "));
    it.fake.commands.on("ssh * 'lsblk *'", {.out = ""});
    CHECK(fault.prepare(DrillKind::disk_error, it.choice("node1")).error().code == "drill.disk");
}

TEST_CASE("a partition is prepared from what the nodes say, and taken back by one command") {
    Broken it;
    Fault fault(*it.rack, *it.healing);
    it.fake.commands
        .on("ssh * root@10.77.0.11 'ip *'", {.out = R"([{"addr_info":[{"local":"10.77.0.11"}]}])"})
        .on("ssh * root@10.77.0.12 'ip *'", {.out = R"([{"addr_info":[{"local":"10.77.0.12"}]}])"})
        .on("ovs-ofctl *");
    REQUIRE(fault.prepare(DrillKind::partition, it.choice("node2")));
    CHECK(it.fake.commands.count("ovs-ofctl *") == 0);
    REQUIRE(fault.inject(DrillKind::partition, it.choice("node2")));
    CHECK(it.fake.commands.lines().back() == "ovs-ofctl add-flows bp-lab -");
    CHECK(it.fake.commands.commands().back().input.contains("nw_src=10.77.0.12,nw_dst=10.77.0.11"));
    REQUIRE(it.rack->reconnect());
    CHECK(it.fake.commands.lines().back() == "ovs-ofctl del-flows bp-lab cookie=0xbed9/-1");
}

TEST_CASE("a fault begins when its node says so, not when somebody begins to log in there") {
    Broken it;
    Fault fault(*it.rack, *it.healing);
    it.fake.commands.on("ssh *", [&](const Command&) -> Result<CommandResult> {
        it.fake.clock.advance(seconds(7));
        return CommandResult{.exit_status = 0, .out = "now\n", .err = ""};
    });
    const auto before = it.fake.clock.steady();
    const auto moment = fault.inject(DrillKind::mon_leader, it.choice("node1"));
    REQUIRE(moment);
    CHECK(*moment - before == seconds(7));
    CHECK(it.fake.commands.lines().back().ends_with(
        "'echo now; systemctl kill --signal=SIGKILL ceph-mon@node1.service'"));
    // What is done from outside begins when it is done.
    it.fake.commands.on("ovs-ofctl *", [&](const Command&) -> Result<CommandResult> {
        it.fake.clock.advance(seconds(1));
        return CommandResult{};
    });
    CHECK(fault.inject(DrillKind::partition, it.choice("node1")) == *moment);
}

TEST_CASE("a node that a drill has had fenced is let in again, once it is back") {
    Broken it;
    const std::string release = "bedplate node fencing node2 --release --commit";
    it.fake.commands.on("ssh * root@10.77.0.11 'ip *'", {.out = R"([{"addr_info":[{"local":"1.1.1.1"}]}])"})
        .on("ssh * root@10.77.0.12 'ip *'", {.out = R"([{"addr_info":[{"local":"1.1.1.2"}]}])"});
    for (const auto kind : all_drills) {
        INFO(to_string(kind));
        Healing healing(it.fake.platform, it.lab);
        Fault fault(*it.rack, healing);
        it.fake.commands.on("ssh * 'lsblk *'", {.out = "sdb disk\n"});
        REQUIRE(fault.prepare(kind, it.choice("node2")));
        const auto& remedies = healing.remedies();
        CHECK(std::ranges::contains(remedies, release, &Remedy::detail) == gives_node_up(kind));
        // The first one is healed last.
        CHECK(
            (!gives_node_up(kind) ||
             remedies.front() == Remedy{.kind = Remedy::Kind::on_node, .node = "node2", .detail = release}));
    }
}

TEST_CASE("crashes are what Ceph and the journals say, and a node that says nothing is an error") {
    Broken it;
    it.fake.commands.on("ssh * root@10.77.0.11 *", {.out = "3\n"})
        .on("ssh * root@10.77.0.12 *", {.out = "0\n"});
    CHECK(count_cores(*it.rack).value() == 3);
    CHECK(it.fake.commands.lines().back().contains("/var/lib/ceph/crash"));
    CHECK(it.fake.commands.lines().back().contains("_PID=1"));
    it.fake.commands.on("ssh * root@10.77.0.12 *", {.out = ""});
    CHECK(count_cores(*it.rack).error().code == "drill.cores");
}

TEST_CASE("a node that stayed off is told from one that came back by itself") {
    Broken it;
    it.lab.bridge = "te";
    it.lab.nodes[0].hostname = "st";
    const auto domain = it.lab.domain(it.lab.nodes[0]);
    INFO(domain);
    auto& libvirt = *it.libvirt;
    REQUIRE(libvirt.define("<domain type='test'><name>" + domain +
                           "</name><memory>8192</memory><os><type>hvm</type></os></domain>"));
    CHECK_FALSE(audit_powered_on(*it.rack, "st").ok);
    CHECK(audit_powered_on(*it.rack, "st").detail.contains("not on again"));
    REQUIRE(libvirt.start(domain));
    CHECK(audit_powered_on(*it.rack, "st").ok);
    CHECK_FALSE(audit_powered_on(*it.rack, "nobody").ok);
}

TEST_CASE("what cannot be healed stays on disk and is named, and the rest is healed") {
    Broken it;
    it.fake.commands.on("ssh *", {.status = 1, .err = "no route"}).on("ovs-ofctl *");
    REQUIRE(it.healing->add({.kind = Remedy::Kind::reconnect}));
    REQUIRE(it.healing->add({.kind = Remedy::Kind::on_node, .node = "node1", .detail = "true"}));
    const auto healed = it.healing->apply(*it.rack);
    REQUIRE(!healed);
    CHECK(healed.error().code == "drill.not-healed");
    CHECK(healed.error().message.contains("bedplate lab ssh node1 -- true"));
    CHECK(it.fake.commands.count("ovs-ofctl del-flows *") == 1);
    REQUIRE(it.healing->remedies().size() == 1);
    CHECK(it.fake.files.exists(still));
    it.fake.commands.on("ssh *");
    REQUIRE(it.healing->apply(*it.rack));
    CHECK_FALSE(it.fake.files.exists(still));
}

TEST_CASE("facts are asked of the nodes") {
    Broken it;
    it.fake.commands.on("ssh * root@10.77.0.11 'ls *'", {.out = "ceph-0\nceph-3\nlost+found\n"})
        .on("ssh * root@10.77.0.12 'ls *'", {.out = ""})
        .on("ssh * *quorum_status*", {.out = R"({"quorum_leader_name":"node2"})"});
    const auto facts = read_facts(*it.rack, "node1");
    REQUIRE(facts);
    CHECK(facts->nodes == std::vector<std::string>{"node1", "node2"});
    CHECK(facts->mon_leader == "node2");
    CHECK(facts->osds.at("node1") == std::vector<unsigned>{0, 3});
    CHECK_FALSE(facts->osds.contains("node2"));
    CHECK(facts->legs == 1);
}

TEST_CASE("a machine that runs on two nodes, or on none, fails the audit") {
    Broken it;
    it.fake.commands.on("ssh * root@10.77.0.11 'virsh *'", {.out = "pulse\n\n"})
        .on("ssh * root@10.77.0.12 'virsh *'", {.out = "other\n\n"});
    CHECK(audit_active_once(*it.rack).ok);
    it.fake.commands.on("ssh * root@10.77.0.12 'virsh *'", {.out = "other\npulse\n\n"});
    CHECK(audit_active_once(*it.rack).detail == "it runs on node1, node2");
    CHECK_FALSE(audit_active_once(*it.rack).ok);
    it.fake.commands.on("ssh * 'virsh *'", {.out = "\n"});
    CHECK(audit_active_once(*it.rack).detail == "it runs nowhere");
}

TEST_CASE("the machine is looked for by its name, whatever else there is") {
    Broken it;
    it.fake.commands.on("ssh *", {.out = R"([{"name":"web","state":"running","node":"node1","ha":false}])"});
    CHECK(pulse_state(*it.rack) == PulseState::absent);
    const auto is = [&](const std::string& state) {
        it.fake.commands.on("ssh *",
                            {.out = R"([{"name":"pulse","node":"","ha":true,"state":")" + state + "\"}]"});
        return pulse_state(*it.rack);
    };
    CHECK(is("running") == PulseState::running);
    CHECK(is("unfinished") == PulseState::unfinished);
    for (const auto* state : {"off", "stopped", "failed", "paused"}) {
        CHECK(is(state) == PulseState::stopped);
    }
    it.fake.commands.on("ssh *", {.out = R"([{"state":"running"}])"});
    CHECK(pulse_state(*it.rack).error().code == "drill.machines");
}

TEST_CASE("nodes are told how slow their lab is when they work for a drill") {
    CHECK(vm_line("list") == std::format("BEDPLATE_TIME_SCALE={:g} bedplate vm list", time_scale()));
    Broken it;
    it.fake.commands.on("ssh *", {.out = "[]"});
    REQUIRE(pulse_state(*it.rack));
    REQUIRE(remove_pulse(*it.rack));
    CHECK(it.fake.commands.count("ssh * 'BEDPLATE_TIME_SCALE=* bedplate vm list --json'") == 1);
    CHECK(it.fake.commands.count("ssh * 'BEDPLATE_TIME_SCALE=* bedplate vm remove pulse *'") == 1);
}

TEST_CASE("a rolling restart leaves no node before the next one, and plans to end standby and noout") {
    Broken it;
    std::string home = "node1";
    std::vector<std::string> boots{"a", "b"};
    it.fake.commands.on("ssh *")
        .on("ssh * *boot_id*",
            [&](const Command&) -> Result<CommandResult> {
                return CommandResult{.exit_status = 0, .out = boots.front(), .err = ""};
            })
        .on("ssh * 'systemctl reboot'",
            [&](const Command&) -> Result<CommandResult> {
                std::ranges::rotate(boots, boots.begin() + 1);
                return CommandResult{.exit_status = 255, .out = "", .err = "closed"};
            })
        .on("ssh * *standby --update on'", [&](const Command& command) -> Result<CommandResult> {
            home = command.argv.back().contains("node1") ? "node2" : "node1";
            return CommandResult{};
        });
    const StepTools tools{
        .until = [](std::string_view what, Span, const std::function<bool()>& done) -> Result<void> {
            return done() ? Result<void>() : fail("drill.late", std::string(what));
        },
        .say = [](const std::string&) {},
        .complaint = [] { return std::string(); },
        .home = [&] { return home; }};
    const auto done = restart_all(*it.rack, *it.healing, tools);
    INFO((done ? "" : done.error().to_text()));
    REQUIRE(done);
    CHECK(it.fake.commands.count("ssh * 'systemctl reboot'") == 2);
    CHECK(it.fake.commands.count("ssh * *standby --update off'") == 2);
    CHECK(it.healing->remedies().size() == 3);
}

TEST_CASE("a migration goes there and back") {
    Broken it;
    std::string home = "node1";
    it.fake.commands.on("ssh *", [&](const Command& command) -> Result<CommandResult> {
        home = command.argv.back().ends_with("node2") ? "node2" : "node1";
        return CommandResult{};
    });
    const StepTools tools{
        .until = [](std::string_view what, Span, const std::function<bool()>& done) -> Result<void> {
            return done() ? Result<void>() : fail("drill.late", std::string(what));
        },
        .say = [](const std::string&) {},
        .complaint = {},
        .home = [&] { return home; }};
    REQUIRE(migrate_there_and_back(*it.rack, "node2", tools));
    CHECK(it.fake.commands.count("ssh * 'BEDPLATE_TIME_SCALE=* bedplate vm migrate pulse --to node2'") == 1);
    CHECK(it.fake.commands.count("ssh * 'BEDPLATE_TIME_SCALE=* bedplate vm migrate pulse --to node1'") == 1);
}

TEST_CASE("a migration that fails is not tried again from another node") {
    Broken it;
    it.fake.commands.on("ssh *", {.status = 1, .err = "no room"});
    std::string home = "node2";
    const StepTools tools{
        .until = {}, .say = [](const std::string&) {}, .complaint = {}, .home = [&] { return home; }};
    CHECK(migrate_there_and_back(*it.rack, "node1", tools).error().code == "lab.node-command");
    CHECK(it.fake.commands.lines().size() == 1);
    CHECK(it.fake.commands.count("ssh * root@10.77.0.12 *") == 1);
    home.clear();
    CHECK(migrate_there_and_back(*it.rack, "node1", tools).error().code == "drill.nothing");
}
