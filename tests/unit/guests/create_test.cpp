// SPDX-License-Identifier: GPL-3.0-or-later
// Making machines, on a cluster of fakes.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "registry/fencing.hpp"
#include "tests/unit/guests/example.hpp"

using namespace bedplate;
using namespace bedplate::guests;
using guests::test::FakeCluster;

namespace {

VmSpec web(bool ha = true) {
    return {.name = "web",
            .cpus = 2,
            .memory = gib(2),
            .disk = gib(10),
            .image = "/root/web.qcow2",
            .networks = {{.network = "service", .vlan = {}}},
            .ha = ha};
}

Result<void> create(Guests& guests, const VmSpec& spec, bool commit = true) {
    BEDPLATE_ASSIGN(const auto creation, plan_creation(guests, spec));
    return carry_out(guests, creation_steps(guests, creation, true), commit);
}

void must_create(Guests& guests, const VmSpec& spec) {
    const auto done = create(guests, spec);
    INFO((done ? "" : done.error().to_text()));
    REQUIRE(done);
}

std::string refusal(Guests& guests, const VmSpec& spec) {
    const auto done = create(guests, spec);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::refused);
    return done.error().code;
}

}  // namespace

TEST_CASE("an HA machine: its disk is imported, every node has its file, Pacemaker starts it") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    must_create(guests, web());
    CHECK(cluster.images == std::map<std::string, Bytes>{{"web", gib(10)}});
    CHECK(cluster.resources == std::map<std::string, std::string>{{"vm-web", "node2"}});
    CHECK(cluster.fake.files.read("/etc/bedplate/vms/web.xml")->contains("<tag id=\"200\""));
    const auto record = vm_record(cluster.registry, "web");
    REQUIRE((record && *record));
    CHECK((*record)->ready);
    CHECK((*record)->spec == web());
    CHECK(cluster.libvirt(1).calls.empty());  // libvirt is Pacemaker's business
    CHECK(std::ranges::contains(cluster.said, "  40 % of 2 GiB"));
    CHECK(cluster.fake.commands.unexpected().empty());
}

TEST_CASE("what is only shown changes nothing") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    const auto before = cluster.etcd.values();
    REQUIRE(create(guests, web(), false));
    auto after = cluster.etcd.values();
    std::erase_if(after, [](const auto& entry) { return entry.first.contains("/vm-acks/"); });
    CHECK(after == before);
    CHECK(cluster.images.empty());
    CHECK(cluster.resources.empty());
    CHECK(cluster.said.size() == 6);
}

TEST_CASE("a machine that is not HA is defined and started on this node") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    must_create(guests, web(false));
    CHECK(cluster.libvirt(1).calls == std::vector<std::string>{"make web"});
    CHECK(cluster.resources.empty());
    CHECK_FALSE(cluster.fake.files.exists("/etc/bedplate/vms/web.xml"));
}

TEST_CASE("medium and UEFI's variables are images of the pool as well") {
    FakeCluster cluster;
    cluster.fake.files.add_file("/root/debian.iso", "");
    cluster.fake.files.add_file("/usr/share/OVMF/OVMF_VARS_4M.fd", "");
    auto guests = cluster.guests();
    auto spec = web();
    spec.image.clear();
    spec.iso = "/root/debian.iso";
    spec.uefi = true;
    must_create(guests, spec);
    CHECK(cluster.images ==
          std::map<std::string, Bytes>{{"web", gib(10)}, {"web.iso", gib(2)}, {"web.nvram", gib(2)}});
}

TEST_CASE("what is in the way is refused by name, and nothing is made") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    SECTION("the disk is there") {
        cluster.images["web"] = gib(1);
        CHECK(refusal(guests, web()) == "vm.disk-taken");
    }
    SECTION("somebody's machine has the name") {
        cluster.libvirt(3).domains.push_back({.name = "web", .uuid = {}, .memory = gib(1)});
        CHECK(refusal(guests, web()) == "vm.name-taken");
    }
    SECTION("no network") {
        cluster.libvirt(2).networks.clear();
        CHECK(refusal(guests, web()) == "vm.network");
    }
    SECTION("a VLAN that the bridge does not carry") {
        auto spec = web();
        spec.networks[0].vlan = 999;
        CHECK(refusal(guests, spec) == "vm.network");
    }
    SECTION("no memory") {
        for (const unsigned node : {1U, 2U, 3U}) {
            cluster.libvirt(node).domains.push_back(
                {.state = Domain::State::running, .name = "big", .uuid = {}, .memory = gib(57)});
        }
        CHECK(refusal(guests, web()) == "vm.memory");
    }
    SECTION("no processors left for HA machines") {
        // Eight threads, a tenth held back, four on each: 28; node1 has six, as Pacemaker was told.
        for (const unsigned node : {1U, 2U, 3U}) {
            const auto name = std::format("other{}", node);
            VmRecord other{.spec = {.name = name, .cpus = 27, .ha = true}, .xml = "<domain/>", .ready = true};
            REQUIRE(store_vm(cluster.registry, other));
            cluster.resources["vm-" + name] = std::format("node{}", node);
        }
        CHECK(refusal(guests, web()) == "vm.cpus");
        cluster.resources.clear();
    }
    SECTION("no image") {
        auto spec = web();
        spec.image = "/root/none.qcow2";
        CHECK(refusal(guests, spec) == "vm.image");
    }
    SECTION("an image that names another file") {
        cluster.fake.commands.on("qemu-img info *",
                                 {.out = R"({"format": "qcow2", "backing-filename": "/etc/shadow"})"});
        CHECK(refusal(guests, web()) == "vm.image");
    }
    SECTION("a full pool") {
        cluster.fake.commands.on("*bedplate-ceph *", {.out = R"({"pools": [{"name": "vms",
            "stats": {"stored": 1000000000000, "max_avail": 12884901888}}]})"});
        CHECK(refusal(guests, web()) == "vm.pool-full");
    }
    CHECK(cluster.resources.empty());
    CHECK_FALSE(cluster.etcd.values().contains("/bedplate/vms/web"));
}

TEST_CASE("a name is taken once, by whoever was first") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    must_create(guests, web());
    CHECK(refusal(guests, web()) == "vm.name-taken");
}

TEST_CASE("cut off at any command, the same command finishes the machine") {
    for (std::size_t n = 1; n < 40; ++n) {
        FakeCluster cluster;
        auto guests = cluster.guests();
        cluster.fake.commands.fail_at(n);
        const auto first = create(guests, web());
        INFO(n << (first ? "" : ": " + first.error().to_text()));
        if (!first) {
            // The first command that fails in the plan leaves nothing; later ones leave an unfinished record.
            const auto second = create(guests, web());
            INFO((second ? "" : second.error().to_text()));
            const bool finished = second || second.error().code == "vm.name-taken";
            CHECK(finished);
        }
        CHECK(cluster.images == std::map<std::string, Bytes>{{"web", gib(10)}});
        CHECK(cluster.resources.contains("vm-web"));
        CHECK(vm_record(cluster.registry, "web")->value().ready);
    }
}

TEST_CASE("an unfinished machine is nobody else's") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    cluster.follows = false;  // so that the resource is never made
    CHECK_FALSE(create(guests, web()));
    CHECK(cluster.resources.empty());
    auto other = web();
    other.memory = gib(4);
    CHECK(refusal(guests, other) == "vm.name-taken");
    cluster.follows = true;
    must_create(guests, web());
}

TEST_CASE("a node that does not write its file is named, and no resource is made") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    cluster.follows = false;
    const auto done = create(guests, web());
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "vm.timeout");
    CHECK(done.error().message.contains("node1, node2, node3"));
    CHECK(cluster.resources.empty());
}

TEST_CASE("a node that is off is not waited for") {
    FakeCluster cluster;
    cluster.offline.insert("node3");
    auto guests = cluster.guests();
    must_create(guests, web());
}

TEST_CASE("a node that died and that Pacemaker believes in still does not keep a machine from being made") {
    FakeCluster cluster;
    cluster.libvirts.erase(libvirt_of("node3"));
    auto guests = cluster.guests();
    must_create(guests, web());
    CHECK(std::ranges::contains(cluster.said, "node3 counts as offline: no route to host"));
}

TEST_CASE("the resource is looked at as often as the cluster's rules say") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    const auto made_with = [&](const std::string& name) {
        auto spec = web();
        spec.name = name;
        must_create(guests, spec);
        const auto& commands = cluster.fake.commands.commands();
        const auto made = std::ranges::find_if(commands.rbegin(), commands.rend(), [](const Command& each) {
            return each.argv.size() > 1 && each.argv[1] == "--create";
        });
        REQUIRE(made != commands.rend());
        return made->input;
    };
    CHECK(made_with("web").contains(R"(name="monitor" interval="10s")"));
    REQUIRE(FencingRegistry(cluster.registry)
                .store_policy({.wait_before_moving = std::chrono::seconds{90}, .migration_threshold = 2}));
    CHECK(made_with("db").contains(R"(name="monitor" interval="45s")"));
}

TEST_CASE("what has huge pages or a NUMA node for itself stands in its record") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    for (const auto* name : {"node1", "node2", "node3"}) {
        auto host = vm_hosts(cluster.registry)->at(name);
        host.cells[0].pages = {{1048576, 3}};
        REQUIRE(publish_vm_host(cluster.registry, name, host));
    }
    auto spec = web();
    spec.pin = spec.hugepages = true;
    must_create(guests, spec);
    const auto record = vm_record(cluster.registry, "web")->value();
    CHECK(record.cell == 0);
    CHECK(record.page_kib == 1048576);
    auto second = spec;
    second.name = "db";
    CHECK(refusal(guests, second) == "vm.pin");
    second.pin = false;
    CHECK(refusal(guests, second) == "vm.hugepages");
}

TEST_CASE("what another node's own machines have is not missed here") {
    FakeCluster cluster;
    auto guests = cluster.guests();
    VmRecord own{.spec = {.name = "far", .memory = gib(63)},
                 .xml = "<domain/>",
                 .type = "kvm",
                 .node = "node2",
                 .cell = 0,
                 .ready = true};
    REQUIRE(store_vm(cluster.registry, own));
    auto spec = web(false);
    spec.pin = true;
    must_create(guests, spec);
    spec.name = "db";
    spec.ha = true;  // it may come to node2
    CHECK(refusal(guests, spec) == "vm.pin");
}

TEST_CASE("a machine that Pacemaker does not start is said to be so") {
    FakeCluster cluster;
    cluster.starts = false;
    auto guests = cluster.guests();
    const auto done = create(guests, web());
    REQUIRE_FALSE(done);
    CHECK(done.error().code == "vm.not-started");
    CHECK(vm_record(cluster.registry, "web")->value().ready);  // it is made, and Pacemaker goes on
}
