// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/rack.hpp"

#include <catch2/catch_test_macros.hpp>

#include "lab/guest_image.hpp"
#include "lab/healing.hpp"
#include "lab/pulse_machine.hpp"
#include "lab/xml.hpp"
#include "tests/support/fake_platform.hpp"

using namespace bedplate;
using namespace bedplate::lab;

namespace {

Lab two_nodes() {
    Lab lab{.name = "lab", .folder = "/lab", .bridge = "bp-lab", .address = "10.77.0.1/24", .nodes = {}};
    lab.nodes.push_back({.hostname = "node1", .address = "10.77.0.11"});
    lab.nodes.push_back({.hostname = "node2", .address = "10.77.0.12"});
    return lab;
}

}  // namespace

TEST_CASE("only the emulator of that node is taken for it") {
    using namespace std::string_view_literals;
    const auto arguments = "/usr/bin/qemu-system-x86_64\0-name\0guest=bp-lab-node1,debug-threads=on\0-S\0"sv;
    CHECK(is_emulator_of(arguments, "bp-lab-node1"));
    CHECK_FALSE(is_emulator_of(arguments, "bp-lab-node"));
    CHECK_FALSE(is_emulator_of(arguments, "bp-lab-node11"));
    CHECK_FALSE(is_emulator_of("vi\0guest=bp-lab-node1,x\0"sv, "bp-lab-node1"));
    CHECK_FALSE(is_emulator_of("", "bp-lab-node1"));
}

TEST_CASE("a partition parts every pair of addresses in both directions") {
    const auto addresses = parse_addresses(
        R"([{"ifname":"br0","addr_info":[{"family":"inet","local":"10.77.0.11","prefixlen":24}]},
            {"ifname":"bond0.300","addr_info":[{"local":"10.77.30.11"}]},{"ifname":"x","addr_info":[]}])");
    REQUIRE(addresses);
    CHECK(*addresses == std::vector<std::string>{"10.77.0.11", "10.77.30.11"});
    CHECK(parse_addresses("{").error().code == "json.syntax");
    CHECK(parse_addresses(R"([{"a":1}])").error().code == "drill.addresses");
    CHECK(partition_flows({"10.0.0.1"}, {"10.0.0.2"}) ==
          "cookie=0xbed9,priority=100,ip,nw_src=10.0.0.1,nw_dst=10.0.0.2,actions=drop\n"
          "cookie=0xbed9,priority=100,ip,nw_src=10.0.0.2,nw_dst=10.0.0.1,actions=drop\n");
}

TEST_CASE("a port is pulled by its own element of the domain") {
    const std::string domain =
        R"(<domain><devices><interface type="network"><mac address="52:54:00:00:00:01"/><link state="down"/></interface>)"
        R"(<interface type="network"><mac address="52:54:00:00:00:02"/></interface></devices></domain>)";
    const auto down = port_xml(domain, "52:54:00:00:00:02", false);
    REQUIRE(down);
    CHECK(down->contains("52:54:00:00:00:02"));
    CHECK(down->contains(R"(<link state="down" />)"));
    CHECK_FALSE(down->contains("52:54:00:00:00:01"));
    const auto up = port_xml(domain, "52:54:00:00:00:01", true);
    REQUIRE(up);
    CHECK(up->contains(R"(<link state="up" />)"));
    CHECK_FALSE(up->contains("down"));
    CHECK(port_xml(domain, "52:54:00:00:00:03", true).error().code == "libvirt.port");
}

TEST_CASE("what a drill has to undo is on disk before it is done, and is forgotten when it is undone") {
    fakes::FakePlatform fake;
    const auto lab = two_nodes();
    Healing healing(fake.platform, lab);
    REQUIRE(healing.load());
    CHECK(healing.remedies().empty());
    REQUIRE(healing.add({.kind = Remedy::Kind::reconnect}));
    REQUIRE(healing.add({.kind = Remedy::Kind::plug, .node = "node2", .detail = "52:54:00:00:00:02"}));
    REQUIRE(healing.add({.kind = Remedy::Kind::plug, .node = "node2", .detail = "52:54:00:00:00:02"}));
    Healing later(fake.platform, lab);
    REQUIRE(later.load());
    REQUIRE(later.remedies().size() == 2);
    CHECK(later.remedies() == healing.remedies());
    CHECK(to_text(later.remedies()[0], lab) == "ovs-ofctl del-flows bp-lab cookie=0xbed9/-1");
    CHECK(to_text(later.remedies()[1], lab) == "virsh domif-setlink bp-lab-node2 52:54:00:00:00:02 up");
    REQUIRE(fake.files.write("/lab/drill-healing.json", "{}"));
    CHECK(Healing(fake.platform, lab).load().error().code == "drill.healing");
}

TEST_CASE("every remedy survives its way through JSON") {
    std::vector<Remedy> all;
    for (const auto kind : {Remedy::Kind::resume, Remedy::Kind::plug, Remedy::Kind::reconnect,
                            Remedy::Kind::power_on, Remedy::Kind::on_node}) {
        all.push_back({.kind = kind, .node = "node1", .detail = "x; y"});
    }
    const auto again = remedies_from_json(to_json(all), "file");
    REQUIRE(again);
    CHECK(*again == all);
    auto json = to_json(all);
    json["remedies"][0]["remedy"] = "prayer";
    CHECK(remedies_from_json(json, "file").error().code == "drill.healing");
}

TEST_CASE("the watched machine has an address that nobody else has") {
    auto lab = two_nodes();
    const auto settings = pulse_settings(lab);
    REQUIRE(settings);
    CHECK(settings->address == "10.77.0.200");
    CHECK(settings->prefix == 24);
    CHECK(settings->collector == "10.77.0.1");
    lab.nodes[0].address = "10.77.0.200";
    CHECK(pulse_settings(lab).error().code == "drill.address");
    lab = two_nodes();
    lab.address = "10.77.0.1/26";
    CHECK(pulse_settings(lab).error().code == "drill.address");
}

TEST_CASE("modules are loaded after what they need") {
    const std::string dep =
        "kernel/drivers/net/virtio_net.ko.xz: kernel/net/core/failover.ko.xz "
        "kernel/drivers/virtio/virtio.ko.xz\n"
        "kernel/drivers/virtio/virtio.ko.xz:\n"
        "kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio.ko.xz\n"
        "kernel/net/core/failover.ko.xz:\n";
    const auto order =
        load_order(dep, {"kernel/drivers/net/virtio_net.ko.xz", "kernel/drivers/virtio/virtio.ko.xz",
                         "kernel/net/core/failover.ko.xz", "kernel/drivers/block/virtio_blk.ko.xz"});
    REQUIRE(order.size() == 4);
    CHECK(order[2] == "kernel/drivers/block/virtio_blk.ko.xz");
    CHECK(order[3] == "kernel/drivers/net/virtio_net.ko.xz");
    const auto menu = guest_menu({.address = "10.0.0.2", .prefix = 24, .collector = "10.0.0.1", .port = 9});
    CHECK(menu.contains("pulse.address=10.0.0.2/24 pulse.collector=10.0.0.1:9"));
    CHECK(menu.ends_with("boot\n"));
}
