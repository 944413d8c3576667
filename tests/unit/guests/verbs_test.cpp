// SPDX-License-Identifier: GPL-3.0-or-later
// Listing, moving, removing and applying, on a cluster of fakes.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "platform/time_scale.hpp"
#include "tests/unit/guests/example.hpp"

using namespace bedplate;
using namespace bedplate::guests;
using guests::test::FakeCluster;

namespace {

using Calls = std::vector<std::string>;

VmRecord record(const std::string& name, bool ha) {
    return {.spec = {.name = name, .memory = gib(1), .disk = gib(10), .ha = ha},
            .xml = "<domain/>",
            .type = "kvm",
            .node = "node1",
            .cell = {},
            .ready = true};
}

/// "web" is HA and runs on node2, "db" is not and runs on node1.
void fill(FakeCluster& cluster) {
    REQUIRE(store_vm(cluster.registry, record("web", true)));
    REQUIRE(store_vm(cluster.registry, record("db", false)));
    cluster.images = {{"web", gib(10)}, {"web.iso", gib(1)}, {"db", gib(10)}, {"other", gib(1)}};
    cluster.resources = {{"vm-web", "node2"}};
    cluster.libvirt(2).domains = {
        {.state = Domain::State::running, .name = "web", .uuid = {}, .memory = gib(1), .cpus = 1}};
    cluster.libvirt(1).domains = {
        {.state = Domain::State::running, .name = "db", .uuid = {}, .memory = gib(1), .cpus = 1}};
}

const VmRow& row(const std::vector<VmRow>& rows, const std::string& name) {
    const auto found = std::ranges::find(rows, name, &VmRow::name);
    REQUIRE(found != rows.end());
    return *found;
}

Result<void> remove(Guests& guests, const std::string& name, bool purge) {
    BEDPLATE_ASSIGN(const auto steps, removal_steps(guests, name, purge));
    return carry_out(guests, steps, true);
}

}  // namespace

TEST_CASE("the list has every machine, wherever it is and whoever made it") {
    FakeCluster cluster;
    fill(cluster);
    cluster.libvirt(3).domains = {
        {.state = Domain::State::paused, .name = "theirs", .uuid = {}, .memory = gib(4), .cpus = 4}};
    REQUIRE(store_vm(cluster.registry, record("stopped", true)));
    cluster.resources["vm-stopped"] = "";
    auto guests = cluster.guests();
    const auto rows = list_machines(guests, true);
    REQUIRE(rows);
    CHECK(rows->size() == 4);
    CHECK(row(*rows, "web").state == "running");
    CHECK(row(*rows, "web").node == "node2");
    CHECK(row(*rows, "web").ip == "10.0.200.7");
    CHECK(row(*rows, "web").disk == gib(10));
    CHECK(row(*rows, "web").ha);
    CHECK(row(*rows, "db").node == "node1");
    CHECK_FALSE(row(*rows, "db").ha);
    CHECK(row(*rows, "stopped").state == "stopped");
    CHECK(row(*rows, "theirs").state == "paused");
    CHECK_FALSE(row(*rows, "theirs").ours);
    const auto text = to_text(*rows);
    CHECK(text.contains("name"));
    CHECK(text.contains("10.0.200.7"));
    CHECK(to_text(std::vector<VmRow>{}) == "there are no machines\n");
    CHECK(to_json(row(*rows, "web")).at("memory_bytes") == gib(1).value);
}

TEST_CASE("machines of a node that is off are unknown, unfinished ones are said to be so") {
    FakeCluster cluster;
    fill(cluster);
    auto far = record("far", false);
    far.node = "node3";
    REQUIRE(store_vm(cluster.registry, far));
    auto half = record("half", true);
    half.ready = false;
    REQUIRE(store_vm(cluster.registry, half));
    cluster.offline.insert("node3");
    auto guests = cluster.guests();
    const auto rows = list_machines(guests, false);
    REQUIRE(rows);
    CHECK(row(*rows, "far").state == "unknown");
    CHECK(row(*rows, "far").node == "node3");
    CHECK(row(*rows, "half").state == "unfinished");
}

TEST_CASE("an HA machine is moved by Pacemaker, and no wish is left") {
    FakeCluster cluster;
    fill(cluster);
    auto guests = cluster.guests();
    CHECK(migrate(guests, "web", "node3") == "node3");
    CHECK(cluster.resources.at("vm-web") == "node3");
    CHECK(cluster.fake.commands.count("crm_resource --resource vm-web --move --node node3 --lifetime PT2H") ==
          1);
    CHECK(cluster.fake.commands.count("crm_resource --resource vm-web --clear") == 1);
    CHECK(cluster.libvirt(2).calls.empty());
}

TEST_CASE("a wish is taken back also where the machine does not come") {
    FakeCluster cluster;
    fill(cluster);
    cluster.fake.commands.on("crm_resource --resource vm-web --move *", fakes::Answer{});  // nothing moves
    auto guests = cluster.guests();
    const auto moved = migrate(guests, "web", "node3");
    REQUIRE_FALSE(moved);
    CHECK(moved.error().code == "vm.timeout");
    CHECK(cluster.fake.commands.count("crm_resource --resource vm-web --clear") == 1);
}

TEST_CASE("without a wish the node with most room is taken") {
    FakeCluster cluster;
    fill(cluster);
    cluster.libvirt(3).domains = {
        {.state = Domain::State::running, .name = "big", .uuid = {}, .memory = gib(40), .cpus = 1}};
    auto guests = cluster.guests();
    CHECK(migrate(guests, "web", "") == "node1");
}

TEST_CASE(
    "a machine that is not HA is moved by libvirt over the migration network, and starts there with its "
    "node") {
    FakeCluster cluster;
    fill(cluster);
    auto guests = cluster.guests();
    CHECK(migrate(guests, "db", "node2") == "node2");
    CHECK(cluster.libvirt(1).calls == Calls{"migrate db qemu+tls://node2-mig/system tcp://node2-mig"});
    CHECK(cluster.libvirt(2).calls == Calls{"start_with_node db"});
    CHECK(vm_record(cluster.registry, "db")->value().node == "node2");
}

TEST_CASE("a move that makes no sense is refused, one to where it is does nothing") {
    FakeCluster cluster;
    fill(cluster);
    cluster.offline.insert("node3");
    auto guests = cluster.guests();
    CHECK(migrate(guests, "wep", "").error().code == "vm.unknown");
    CHECK(migrate(guests, "wep", "").error().message.contains("did you mean 'web'"));
    CHECK(migrate(guests, "web", "node3").error().code == "vm.node");
    CHECK(migrate(guests, "web", "node2") == "node2");
    CHECK(cluster.fake.commands.count("crm_resource *") == 0);
    cluster.resources["vm-web"] = "";
    CHECK(migrate(guests, "web", "").error().code == "vm.off");
}

TEST_CASE("a removed HA machine is gone everywhere, its disk stays unless it is to be purged") {
    FakeCluster cluster;
    fill(cluster);
    cluster.libvirt(2).domains.clear();  // Pacemaker's agent leaves nothing
    auto guests = cluster.guests();
    const bool purge = GENERATE(false, true);
    INFO("purge " << purge);
    const auto done = remove(guests, "web", purge);
    INFO((done ? "" : done.error().to_text()));
    REQUIRE(done);
    CHECK_FALSE(cluster.resources.contains("vm-web"));
    CHECK_FALSE(cluster.etcd.values().contains("/bedplate/vms/web"));
    CHECK(cluster.images.contains("web") == !purge);
    CHECK(cluster.images.contains("web.iso") == !purge);
    CHECK(cluster.images.contains("other"));
    CHECK(cluster.images.contains("db"));
    CHECK(follow_vms(cluster.fake.platform, cluster.registry, "node1"));
    CHECK_FALSE(cluster.fake.files.exists("/etc/bedplate/vms/web.xml"));
    CHECK(remove(guests, "web", purge).error().code == "vm.unknown");
}

TEST_CASE("a guest that does not end when it is asked to is switched off") {
    FakeCluster cluster;
    fill(cluster);
    cluster.libvirt(1).ends_by_itself = false;
    auto guests = cluster.guests();
    REQUIRE(remove(guests, "db", false));
    CHECK(cluster.libvirt(1).calls == Calls{"shut_down db", "power_off db", "forget db"});
}

TEST_CASE("a disk that a killed machine has open still is deleted once Ceph has missed it") {
    FakeCluster cluster;
    fill(cluster);
    cluster.libvirt(1).domains.clear();
    auto guests = cluster.guests();
    SECTION("in time") {
        cluster.open_for = 6;
        const auto before = cluster.fake.clock.elapsed();
        REQUIRE(remove(guests, "db", true));
        CHECK_FALSE(cluster.images.contains("db"));
        CHECK(cluster.fake.clock.elapsed() - before == std::chrono::seconds{30});
        CHECK(std::ranges::count_if(
                  cluster.said, [](const auto& line) { return line.contains("vms/db is open still"); }) == 1);
    }
    SECTION("not for ever") {
        cluster.open_for = 1000;
        const auto done = remove(guests, "db", true);
        REQUIRE_FALSE(done);
        CHECK(done.error().message.contains("watchers"));
        CHECK(cluster.fake.clock.elapsed() >= scaled(std::chrono::seconds{90}));
        CHECK(cluster.fake.clock.elapsed() <= scaled(std::chrono::seconds{100}));
        CHECK(cluster.etcd.values().contains("/bedplate/vms/db"));  // the same command goes on
    }
    SECTION("another reason is not waited for") {
        cluster.fake.commands.on("rbd * rm *", {.status = 39, .err = "rbd: image has snapshots"});
        REQUIRE_FALSE(remove(guests, "db", true));
        CHECK(cluster.fake.commands.count("rbd * rm *") == 1);
    }
}

TEST_CASE("a machine of a node that is off is not removed: it would come back") {
    FakeCluster cluster;
    fill(cluster);
    auto far = record("far", false);
    far.node = "node3";
    REQUIRE(store_vm(cluster.registry, far));
    cluster.offline.insert("node3");
    auto guests = cluster.guests();
    CHECK(remove(guests, "far", true).error().code == "vm.node");
}

TEST_CASE("the site's machines are made once; what differs is said and left alone") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    guests.settings.vms = {{.name = "web", .disk = gib(10), .ha = true},
                           {.name = "bad", .disk = {}, .image = "/root/none.qcow2"},
                           {.name = "db", .disk = gib(10)}};
    const auto shown = apply(guests, false);
    REQUIRE(shown);
    CHECK(shown->at(0).state == Applied::State::wanted);
    CHECK(cluster.images.empty());
    const auto made = apply(guests, true);
    REQUIRE(made);
    CHECK(made->at(0).state == Applied::State::made);
    CHECK(made->at(1).state == Applied::State::failed);
    CHECK(made->at(1).detail.contains("/root/none.qcow2"));
    CHECK(made->at(2).state == Applied::State::made);
    guests.settings.vms[0].memory = gib(8);
    const auto again = apply(guests, true);
    REQUIRE(again);
    CHECK(again->at(0).state == Applied::State::differs);
    CHECK(again->at(0).detail == "memory 1GiB instead of 8GiB");
    CHECK(again->at(2).state == Applied::State::there);
    CHECK(cluster.libvirt(1).calls == Calls{"make db"});
}

TEST_CASE("a node says what it can run, and again only when that has changed") {
    FakeCluster cluster;
    cluster.fake.files.add_file("/run/bedplate/kvm-trial", "works\n");
    auto guests = cluster.guests();
    CHECK(publish_host(guests, true) == false);
    CHECK(publish_host(guests, false) == true);
    CHECK(publish_host(guests, true) == true);
    CHECK(vm_hosts(cluster.registry)->at("node1").type == "kvm");
}

TEST_CASE("KVM that libvirt believes in but under which nothing runs does not count") {
    FakeCluster cluster;
    cluster.fake.files.add_file("/proc/sys/kernel/osrelease", "6.12.0\n");
    cluster.fake.files.add_file("/boot/vmlinuz-6.12.0", "kernel");
    const bool comes_up = GENERATE(false, true);
    if (comes_up) {
        cluster.fake.files.add_file("/var/lib/libvirt/images/trial.console",
                                    "VFS: Unable to mount root fs on unknown-block(0,0)");
    }
    auto guests = cluster.guests();
    CHECK(publish_host(guests, false) == true);
    CHECK(vm_hosts(cluster.registry)->at("node1").type == (comes_up ? "kvm" : "qemu"));
    CHECK(std::ranges::contains(cluster.libvirt(1).calls, "run_once"));
    CHECK_FALSE(cluster.fake.files.exists("/var/lib/libvirt/images/trial-kernel"));
    cluster.libvirt(1).calls.clear();
    CHECK(publish_host(guests, true) == true);
    CHECK(cluster.libvirt(1).calls.empty());  // once after each start
}

TEST_CASE("a node without KVM is told which machines it cannot run") {
    FakeCluster cluster;
    fill(cluster);
    CHECK(vms_beyond(cluster.registry, "node1") == Calls{});
    CHECK(vms_beyond(cluster.registry, "node9") == Calls{"web"});
}

TEST_CASE("before Pacemaker starts the files are there, and the pool answers where there are machines") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    REQUIRE(before_pacemaker(guests));
    CHECK(cluster.fake.commands.count("rbd *") == 0);  // none: nothing is waited for
    fill(cluster);
    unsigned asked = 0;
    cluster.fake.commands.on("rbd * ls", [&](const Command& command) -> Result<CommandResult> {
        CHECK(command.timeout == scaled(std::chrono::seconds{20}));
        return ++asked < 5 ? fail("command.timeout", "rbd hangs") : Result<CommandResult>(CommandResult{});
    });
    REQUIRE(before_pacemaker(guests));
    CHECK(asked == 5);
    CHECK(cluster.fake.files.exists("/etc/bedplate/vms/web.xml"));
}

TEST_CASE("a pool that does not come is waited for ten minutes") {
    FakeCluster cluster;
    fill(cluster);
    cluster.fake.commands.on("rbd * ls", [](const Command&) -> Result<CommandResult> {
        return fail("command.timeout", "rbd hangs");
    });
    auto guests = cluster.guests();
    const auto done = before_pacemaker(guests);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "vm.timeout");
    CHECK(done.error().message.contains("rbd hangs"));
    CHECK(cluster.fake.clock.elapsed() >= scaled(std::chrono::minutes{10}));
    CHECK(cluster.fake.clock.elapsed() < scaled(std::chrono::minutes{11}));
}

TEST_CASE("machines that libvirt left off are started, once the pool answers and until they run") {
    FakeCluster cluster;
    fill(cluster);
    auto guests = cluster.guests();
    REQUIRE(start_left_off(guests));
    CHECK(cluster.libvirt(1).calls.empty());
    CHECK(cluster.fake.commands.count("rbd *") == 0);
    cluster.libvirt(1).domains[0].state = Domain::State::off;
    cluster.libvirt(1).refuses_to_start = 2;
    REQUIRE(start_left_off(guests));
    CHECK(cluster.fake.commands.count("rbd * ls") == 1);
    CHECK(cluster.libvirt(1).calls == Calls{"start db"});
    cluster.libvirt(1).domains[0].state = Domain::State::off;
    cluster.libvirt(1).refuses_to_start = 1000;
    const auto done = start_left_off(guests);
    REQUIRE_FALSE(done);
    CHECK(done.error().message.contains("cannot start the machine"));
}

TEST_CASE("a node that does not answer counts as offline, and this one has to") {
    FakeCluster cluster;
    fill(cluster);
    auto guests = cluster.guests();
    cluster.libvirts.erase(libvirt_of("node3"));
    CHECK(migrate(guests, "web", "") == "node1");
    CHECK(std::ranges::contains(cluster.said, "node3 counts as offline: no route to host"));
    cluster.libvirts.erase(std::string(own_libvirt));
    CHECK(migrate(guests, "web", "").error().code == "libvirt.connect");
}

TEST_CASE("an HA machine is moved where its processors have room") {
    FakeCluster cluster;
    fill(cluster);
    // node1 has more memory, and six processors, of which four are another machine's.
    cluster.libvirt(3).domains = {
        {.state = Domain::State::running, .name = "big", .uuid = {}, .memory = gib(40), .cpus = 1}};
    auto other = record("other", true);
    other.spec.cpus = 4;
    REQUIRE(store_vm(cluster.registry, other));
    cluster.resources["vm-other"] = "node1";
    auto wide = record("web", true);
    wide.spec.cpus = 3;
    REQUIRE(store_vm(cluster.registry, wide));
    auto guests = cluster.guests();
    CHECK(migrate(guests, "web", "") == "node3");
}

TEST_CASE("processors that HA machines were made with are told once each") {
    FakeCluster cluster;
    const auto made = [&](const std::string& name, const std::string& cpu, bool ha = true) {
        auto machine = record(name, ha);
        machine.xml = "<domain><cputune/><cpu mode=\"custom\"><model>" + cpu +
                      "</model><topology sockets=\"1\" cores=\"" + std::to_string(name.size()) +
                      "\" /></cpu></domain>";
        REQUIRE(store_vm(cluster.registry, machine));
    };
    made("a", "Old");
    made("longer", "Old");
    made("b", "New");
    made("own", "Other", false);
    const auto found = vm_processors(cluster.registry);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(found->at(0).cpu == "<cpu mode=\"custom\"><model>New</model></cpu>");
    CHECK(found->at(0).machines == Calls{"b"});
    CHECK(found->at(1).machines == Calls{"a", "longer"});
    CHECK(found->at(1).type == "kvm");
}

TEST_CASE("Pacemaker's state is read as it prints it") {
    const auto state = cluster_state_from(
        R"(<pacemaker-result><nodes><node name="a" online="true" standby="false" maintenance="false" pending="false" unclean="false" shutdown="false"/>
<node name="b" online="true" standby="true"/><node name="c" online="false" standby="false"/><node name="d" online="true" unclean="true"/></nodes>
<resources><resource id="vm-x" resource_agent="ocf:bedplate:VirtualDomain" role="Started" failed="false" pending="Migrating"><node name="a"/></resource></resources></pacemaker-result>)",
        R"(<nodes><node uname="a"><utilization><nvpair name="cpu" value="4"/><nvpair name="hv_memory" value="1024"/></utilization></node></nodes>)");
    REQUIRE(state);
    CHECK(state->present == Calls{"a", "b"});
    CHECK(state->online == Calls{"a"});
    CHECK_FALSE(state->fences);
    CHECK_FALSE(state->resources.at("vm-x").runs());
    CHECK(state->resources.at("vm-x").node == "a");
    CHECK(state->utilization == std::map<std::string, Utilization>{{"a", {.cpus = 4, .memory = gib(1)}}});
    CHECK_FALSE(cluster_state_from("Connection refused", "<nodes/>"));
}
