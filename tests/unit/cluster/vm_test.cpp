// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/vm.hpp"

#include <catch2/catch_test_macros.hpp>
#include <format>
#include <set>

#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;

namespace {

VmSpec web() {
    return {.name = "web",
            .cpus = 2,
            .memory = gib(2),
            .disk = gib(10),
            .image = "/root/web.qcow2",
            .networks = {{.network = "service", .vlan = {}}, {.network = "service", .vlan = 210}},
            .ha = true,
            .priority = 5};
}

VmHost host(const std::string& type = "kvm", const std::string& machine = "pc-q35-10.0") {
    return {.type = type,
            .machine = machine,
            .threads = 8,
            .memory = gib(64),
            .cells = {{.id = 0, .memory = gib(32), .cpus = "0-3", .cpu_count = 4, .pages = {{2048, 512}}},
                      {.id = 1,
                       .memory = gib(32),
                       .cpus = "4-7",
                       .cpu_count = 4,
                       .pages = {{2048, 512}, {1048576, 4}}}}};
}

VmNode node(const std::string& name, Bytes used = {}) {
    return {
        .name = name, .threads = 8, .cpus = 28, .capacity = gib(57), .used = used, .networks = {"service"}};
}

VmFacts facts() {
    return {.spec = web(),
            .image_size = gib(2),
            .pool_used = gib(100),
            .pool_free = gib(900),
            .nodes = {node("node1"), node("node2"), node("node3")}};
}

template <typename T>
std::string code(const Result<T>& result) {
    return result ? "" : result.error().code;
}

std::string refused(const std::function<void(VmFacts&)>& change) {
    auto changed = facts();
    change(changed);
    const auto result = may_create(changed);
    CHECK((result || result.error().kind == ErrorKind::refused));
    return code(result);
}

}  // namespace

TEST_CASE("a machine that nothing speaks against may be made") {
    CHECK(refused([](VmFacts&) {}).empty());
    CHECK(disk_size(facts()) == gib(10));
}

TEST_CASE("each reason against a machine has its own name") {
    CHECK(refused([](VmFacts& f) { f.spec.name = "Web_1"; }) == "vm.name");
    CHECK(refused([](VmFacts& f) { f.spec.name = "-web"; }) == "vm.name");
    CHECK(refused([](VmFacts& f) { f.spec.cpus = 0; }) == "vm.cpus");
    CHECK(refused([](VmFacts& f) { f.spec.cpus = 9; }) == "vm.cpus");
    CHECK(refused([](VmFacts& f) { f.spec.memory = Bytes{gib(1).value + 1}; }) == "vm.memory");
    CHECK(refused([](VmFacts& f) { f.spec.memory = gib(58); }) == "vm.memory");
    CHECK(refused([](VmFacts& f) { f.spec.priority = 1'000'001; }) == "vm.priority");
    CHECK(refused([](VmFacts& f) { f.taken_by = "a machine on node2"; }) == "vm.name-taken");
    CHECK(refused([](VmFacts& f) { f.images = {"web"}; }) == "vm.disk-taken");
    CHECK(refused([](VmFacts& f) { f.spec.disk = gib(1); }) == "vm.disk-small");
    CHECK(refused([](VmFacts& f) {
              f.spec.disk = {};
              f.spec.image.clear();
          }) == "vm.disk");
    CHECK(refused([](VmFacts& f) { f.pool_free = gib(30); }) == "vm.pool-full");
    CHECK(refused([](VmFacts& f) { f.nodes[1].networks.clear(); }) == "vm.network");
    CHECK(refused([](VmFacts& f) {
              for (auto& each : f.nodes) {
                  each.online = false;
              }
          }) == "vm.no-node");
}

TEST_CASE("an HA machine needs a node with processors left for it, whatever its memory") {
    auto some = facts();
    for (auto& each : some.nodes) {
        each.cpus_used = 27;  // two are wanted
    }
    const auto full = may_create(some);
    CHECK(code(full) == "vm.cpus");
    CHECK(full.error().message ==
          "no node has 2 virtual processors left for HA machines: node1 1, node2 1, node3 1");
    CHECK(full.error().hint.contains("cpu_overcommit"));
    some.nodes[1].cpus_used = 26;
    CHECK(may_create(some));
    CHECK(advice(some).size() == 1);  // there is no second one
    // Processors on one node and memory on another are no place for it.
    some.nodes[1].used = gib(56);
    CHECK(code(may_create(some)) == "vm.memory");
    CHECK(may_create(some).error().message.contains("no node has both 2 GiB and 2 processors left"));
    // Pacemaker does not count others.
    some.spec.ha = false;
    CHECK(may_create(some));
}

TEST_CASE("an interrupted machine is made to the end although its image is there") {
    CHECK(refused([](VmFacts& f) {
              f.images = {"web"};
              f.finishing = true;
          }).empty());
}

TEST_CASE("a node that is off is not asked, and is spoken of") {
    auto some = facts();
    some.nodes[2].online = false;
    some.nodes[2].networks.clear();
    CHECK(may_create(some));
    REQUIRE(advice(some).size() == 1);
    CHECK(advice(some)[0].contains("node3"));
    some.nodes[1].used = gib(56);
    CHECK(advice(some).size() == 2);  // a second node has no room
    CHECK(advice(facts()).empty());
}

TEST_CASE("a network is a name, or a name and a VLAN") {
    CHECK(parse_vm_network("service") == VmNetwork{.network = "service", .vlan = {}});
    CHECK(parse_vm_network("service:210") == VmNetwork{.network = "service", .vlan = 210});
    for (const auto* bad : {"", ":210", "service:", "service:0", "service:4095", "service:x", "a b"}) {
        INFO(bad);
        CHECK(code(parse_vm_network(bad)) == "vm.network");
    }
}

TEST_CASE("machines and nodes survive the way into the registry") {
    CHECK(vm_spec_from_json(to_json(web())) == web());
    CHECK(vm_host_from_json(to_json(host())) == host());
    CHECK(code(vm_spec_from_json(Json::object())) == "vm.record");
    CHECK(code(vm_host_from_json(Json{{"type", 1}})) == "vm.record");
}

TEST_CASE("what differs is said, and what counts only once is not") {
    auto other = web();
    CHECK(differences(web(), other).empty());
    other.image = "/root/new.qcow2";
    other.disk = gib(20);
    CHECK(differences(web(), other).empty());
    other.memory = gib(4);
    other.ha = false;
    other.networks.pop_back();
    CHECK(differences(web(), other) ==
          std::vector<std::string>{"memory 2GiB instead of 4GiB",
                                   "networks service, service:210 instead of service",
                                   "ha yes instead of no"});
}

TEST_CASE("identities follow from cluster and name, and no two are the same") {
    auto other = example::identity();
    other.fsid = Guid::derive("x", "y");
    CHECK(vm_uuid(example::identity(), "web") == vm_uuid(example::identity(), "web"));
    CHECK(vm_uuid(example::identity(), "web") != vm_uuid(other, "web"));
    std::set<std::string> macs;
    for (int i = 0; i < 100; ++i) {
        for (std::size_t port = 0; port < 2; ++port) {
            const auto mac = vm_mac(example::identity(), std::format("vm{}", i), port);
            CHECK(MacAddress::parse(mac));
            CHECK(mac.starts_with("52:"));  // locally administered, unicast
            macs.insert(mac);
        }
    }
    CHECK(macs.size() == 200);
    CHECK(vm_mac(example::identity(), "web", 0) != vm_mac(other, "web", 0));
}

TEST_CASE("machines are made for what every node has") {
    VmHosts hosts{{"node1", host("kvm", "pc-q35-10.0")}, {"node2", host("kvm", "pc-q35-9.2")}};
    auto platform = common_platform({"node1", "node2"}, hosts);
    REQUIRE(platform);
    CHECK(platform->type == "kvm");
    CHECK(platform->machine == "pc-q35-9.2");
    hosts["node2"].type = "qemu";
    CHECK(common_platform({"node1", "node2"}, hosts)->type == "qemu");
    CHECK(code(common_platform({"node1", "node2", "node3"}, hosts)) == "vm.host-unknown");
    CHECK(code(common_platform({}, {})) == "vm.host-unknown");
}

TEST_CASE("a pinned machine gets the NUMA node that is least taken and that all nodes have alike") {
    VmHosts hosts{{"node1", host()}, {"node2", host()}};
    const auto pinned = [](Bytes memory, unsigned cell) {
        return VmPlace{.memory = memory, .cell = cell, .page_kib = {}};
    };
    CHECK(choose_cell(web(), hosts, {})->id == 0);
    CHECK(choose_cell(web(), hosts, {{"node1", {pinned(gib(4), 0)}}})->id == 1);
    CHECK(choose_cell(web(), hosts, {{"node2", {pinned(gib(4), 0), pinned(gib(8), 1)}}})->id == 0);
    hosts["node2"].cells[0].cpus = "0,2,4,6";
    CHECK(choose_cell(web(), hosts, {})->id == 1);
    auto large = web();
    large.cpus = 5;
    CHECK(code(choose_cell(large, hosts, {})) == "vm.pin");
    CHECK(code(choose_cell(web(), {}, {})) == "vm.pin");
}

TEST_CASE("a pinned machine has to fit beside those that are pinned there, on every node") {
    const VmHosts hosts{{"node1", host()}, {"node2", host()}};
    // 32 GiB each, and 2 are wanted.
    const auto places = [](Bytes first, Bytes second) {
        return VmPlaces{{"node1", {{.memory = first, .cell = 0, .page_kib = {}}}},
                        {"node2", {{.memory = second, .cell = 1, .page_kib = {}}}}};
    };
    CHECK(choose_cell(web(), hosts, places(gib(30), gib(31)))->id == 0);
    CHECK(choose_cell(web(), hosts, places(gib(31), gib(30)))->id == 1);
    const auto full = choose_cell(web(), hosts, places(gib(31), gib(31)));
    CHECK(code(full) == "vm.pin");
    CHECK(full.error().message.contains("2 GiB left"));
}

TEST_CASE("huge pages are the largest of which every node has enough") {
    VmHosts hosts{{"node1", host()}, {"node2", host()}};
    CHECK(choose_page_size(web(), hosts, {}, {}) == 1048576);
    auto odd = web();
    odd.memory = mib(514);
    CHECK(choose_page_size(odd, hosts, {}, {}) == 2048);
    hosts["node2"].cells[1].pages.erase(1048576);
    CHECK(choose_page_size(web(), hosts, {}, {}) == 2048);
    odd.memory = gib(3);
    CHECK(code(choose_page_size(odd, hosts, {}, {})) == "vm.hugepages");
}

TEST_CASE("huge pages that a machine has are not there for another one") {
    const VmHosts hosts{{"node1", host()}, {"node2", host()}};
    // 4 of 1 GiB, on the second NUMA node; 512 of 2 MiB on each.
    const auto taken = [](Bytes memory, std::optional<unsigned> cell, std::uint64_t size) {
        return VmPlaces{{"node2", {{.memory = memory, .cell = cell, .page_kib = size}}}};
    };
    CHECK(choose_page_size(web(), hosts, taken(gib(2), {}, 1048576), {}) == 1048576);
    CHECK(choose_page_size(web(), hosts, taken(gib(3), {}, 1048576), {}) == 2048);
    CHECK(choose_page_size(web(), hosts, taken(gib(2), {}, 2048), {}) == 1048576);
    // On a NUMA node that was chosen, its own pages count alone; one that is not pinned may have them there.
    CHECK(code(choose_page_size(web(), hosts, {}, 0)) == "vm.hugepages");
    auto small = web();
    small.memory = gib(1);
    CHECK(choose_page_size(small, hosts, {}, 0) == 2048);
    CHECK(choose_page_size(small, hosts, taken(mib(512), 1, 2048), 0) == 2048);
    CHECK(code(choose_page_size(small, hosts, taken(mib(512), 0, 2048), 0)) == "vm.hugepages");
    CHECK(code(choose_page_size(small, hosts, taken(mib(512), {}, 2048), 0)) == "vm.hugepages");
}

TEST_CASE("a machine that is pinned and wants huge pages comes where those are") {
    const VmHosts hosts{{"node1", host()}, {"node2", host()}};
    auto both = web();
    both.pin = both.hugepages = true;
    CHECK(choose_cell(both, hosts, {})->id == 1);
    both.memory = gib(5);
    const auto none = choose_cell(both, hosts, {});
    CHECK(code(none) == "vm.pin");
    CHECK(none.error().message.contains("huge pages"));
}

TEST_CASE("Pacemaker takes a machine as a resource") {
    const auto check = [](const std::string& resources) {
        const std::string cib =
            R"(<cib validate-with="pacemaker-4.0" admin_epoch="1" epoch="1" num_updates="0"><configuration>)"
            R"(<crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/>)"
            R"(</cluster_property_set></crm_config><nodes/><resources>)" +
            resources + "</resources><constraints/></configuration><status/></cib>";
        const fakes::TempDir dir;
        REQUIRE(linux_file_system()->write(dir / "cib.xml", cib));
        const auto result = linux_command_runner()->run(
            {.argv = {"crm_verify", "--verbose", "--xml-file", (dir / "cib.xml").string()}});
        REQUIRE(result);
        return result->exit_status == 0 ? std::string() : result->out + result->err;
    };
    auto second = web();
    second.name = "db";
    const auto interval = HaPolicy{}.monitor_interval();
    CHECK(check(vm_resource_xml(web(), 1, interval) + vm_resource_xml(second, 3, interval)).empty());
    CHECK_FALSE(check(R"(<primitive id="vm-web" class="ocf"/>)").empty());
}

TEST_CASE("a resource names its file, its size and its way of moving") {
    const auto xml = vm_resource_xml(web(), 3, std::chrono::seconds{45});
    for (const auto* part :
         {R"(id="vm-web" class="ocf" provider="bedplate" type="VirtualDomain")",
          R"(name="config" value="/etc/bedplate/vms/web.xml")", R"(name="migration_transport" value="tls")",
          R"(name="migration_network_suffix" value="-mig")", R"(name="migrateuri" value="tcp://%n")",
          R"(name="allow-migrate" value="true")", R"(name="priority" value="6")",
          R"(name="hv_memory" value="2048")", R"(name="cpu" value="2")",
          R"(name="monitor" interval="45s" timeout="180s")",
          R"(name="migrate_to" interval="0s" timeout="1800s")",
          R"(name="start" interval="0s" timeout="360s")"}) {
        INFO(part);
        CHECK(xml.contains(part));
    }
}

TEST_CASE("a machine without a priority of its own counts one: a node that runs it has something to lose") {
    CHECK(vm_resource_xml({.name = "web"}, 1, std::chrono::seconds{10})
              .contains(R"(name="priority" value="1")"));
}

TEST_CASE("machines are looked at as often as the site's rules say, under emulation less often") {
    const auto interval = [](double scale, std::chrono::seconds wanted) {
        const auto xml = vm_resource_xml(web(), scale, wanted);
        const std::string before = R"(name="monitor" interval=")";
        const auto from = xml.find(before) + before.size();
        return xml.substr(from, xml.find('"', from) - from);
    };
    CHECK(interval(1, HaPolicy{}.monitor_interval()) == "10s");
    CHECK(interval(1, std::chrono::seconds{1}) == "1s");
    CHECK(interval(3, std::chrono::seconds{1}) == "30s");
    CHECK(interval(1.5, std::chrono::seconds{20}) == "20s");
}
