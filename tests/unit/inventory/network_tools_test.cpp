// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "inventory/ethtool.hpp"
#include "inventory/ip_link.hpp"
#include "inventory/lldp.hpp"

using namespace bedplate;

TEST_CASE("ip: ports, what they hang on, and interfaces that are none") {
    const auto links = parse_ip_link(
        R"([{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"link_type":"loopback",)"
        R"("address":"00:00:00:00:00:00"},{},)"
        R"({"ifindex":2,"ifname":"ifb0","flags":["BROADCAST","NOARP"],"link_type":"ether",)"
        R"("address":"9a:ea:81:e4:f8:a3","linkinfo":{"info_kind":"ifb"}},)"
        R"({"ifindex":4,"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1400,)"
        R"("link_type":"ether","address":"02:fc:00:00:00:01","min_mtu":68,"max_mtu":65535,)"
        R"("parentbus":"virtio","parentdev":"virtio2"},)"
        R"({"ifname":"eno1","flags":["BROADCAST","MULTICAST"],"link_type":"ether","address":"02:11:22:33:44:55",)"
        R"("permaddr":"d0:94:66:2a:10:7f","max_mtu":9000,"parentbus":"pci","parentdev":"0000:19:00.0"}])");
    REQUIRE(links);
    REQUIRE(links->size() == 4);
    CHECK((*links)[1].kind == "ifb");
    CHECK((*links)[2].up);
    CHECK((*links)[2].carrier);
    CHECK((*links)[2].max_mtu == 65535);
    CHECK((*links)[2].parent_bus == "virtio");
    CHECK_FALSE((*links)[3].up);
    CHECK((*links)[3].permanent_address == "d0:94:66:2a:10:7f");
    CHECK((*links)[3].parent_device == "0000:19:00.0");
    CHECK(parse_ip_link("{}").error().code == "ip.syntax");
}

TEST_CASE("ethtool: a port with link, one without, one that knows no modes") {
    const auto fast = parse_ethtool(R"(Settings for eno12399np0:
	Supported ports: [ FIBRE ]
	Supported link modes:   1000baseX/Full
	                        10000baseCR/Full
	                        25000baseCR/Full
	Supported pause frame use: Symmetric Receive-only
	Advertised link modes:  100000baseCR4/Full
	Speed: 10000Mb/s
	Duplex: Full
	Link detected: yes
)");
    REQUIRE(fast);
    CHECK(fast->speed_mbps == 10000U);
    CHECK(fast->max_speed_mbps == 25000U);
    CHECK(fast->link == true);

    const auto dead = parse_ethtool(
        "Settings for eno1:\n\tSupported link modes:   10baseT/Half 10baseT/Full\n"
        "\t                        1000baseT/Full\n\tSpeed: Unknown!\n"
        "\tLink detected: no (No cable)\n");
    REQUIRE(dead);
    CHECK_FALSE(dead->speed_mbps.has_value());
    CHECK(dead->max_speed_mbps == 1000U);
    CHECK(dead->link == false);

    const auto plain = parse_ethtool(
        "Settings for enp0s2:\n\tSupported ports: [  ]\n"
        "\tSupported link modes:   Not reported\n\tSpeed: Unknown!\n"
        "\tLink detected: yes\n");
    REQUIRE(plain);
    CHECK_FALSE(plain->max_speed_mbps.has_value());
    CHECK(parse_ethtool("No data available\n").error().code == "ethtool.syntax");
}

TEST_CASE("ethtool -i and -P") {
    const auto driver = parse_ethtool_driver(
        "driver: bnxt_en\nversion: 6.12.117\n"
        "firmware-version: 223.0.171.0/pkg 22.31.13.70\nbus-info: 0000:01:00.0\n");
    REQUIRE(driver);
    CHECK(driver->driver == "bnxt_en");
    CHECK(driver->firmware == "223.0.171.0/pkg 22.31.13.70");
    CHECK(driver->bus_info == "0000:01:00.0");
    CHECK(parse_ethtool_driver("").error().code == "ethtool.syntax");

    CHECK(parse_ethtool_permanent("Permanent address: D0:94:66:2A:10:7F\n") == "d0:94:66:2a:10:7f");
    CHECK(parse_ethtool_permanent("Permanent address: not set\n")->empty());
    CHECK(parse_ethtool_permanent("Permanent address: 00:00:00:00:00:00\n")->empty());
    CHECK(parse_ethtool_permanent("Permanent address: x\n").error().code == "mac.syntax");
}

TEST_CASE("lldpcli: the switch, its port and the VLANs it offers") {
    const auto neighbours = parse_lldpcli(R"({"lldp": [{"interface": [
        {"name": "eno1", "via": "LLDP", "rid": "1", "chassis": [
            {"id": [{"type": "mac", "value": "00:1c:73:aa:bb:cc"}], "name": [{"value": "leaf1"}]}],
         "port": [{"id": [{"type": "ifname", "value": "Ethernet7"}], "descr": [{"value": "node1"}]}],
         "vlan": [{"vlan-id": "300", "value": "storage"}, {"vlan-id": "100", "pvid": true}, {"vlan-id": "4095"}]},
        {"name": "eno2", "chassis": [{"id": [{"type": "mac", "value": "00:1c:73:aa:bb:cd"}]}],
         "port": [{"id": [{"type": "mac", "value": "00:1c:73:aa:bb:ce"}]}]}]}]})");
    REQUIRE(neighbours);
    CHECK(neighbours->at("eno1").chassis == "leaf1");
    CHECK(neighbours->at("eno1").port == "Ethernet7");
    CHECK(neighbours->at("eno1").vlans == std::vector<std::uint16_t>{100, 300});
    CHECK(neighbours->at("eno2").chassis == "00:1c:73:aa:bb:cd");
    CHECK(parse_lldpcli(R"({"lldp": [{}]})")->empty());
}
