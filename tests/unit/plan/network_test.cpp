// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/network.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "example.hpp"
#include "plan/network_files.hpp"

namespace bedplate {
namespace {

using test::Example;

Result<NetworkPlan> network_of(const Example& example, Report& findings) {
    return plan_network(example.inventory, example.profile, example.node, findings);
}

NetworkPlan network_of(const Example& example) {
    Report findings;
    auto plan = network_of(example, findings);
    INFO((plan ? std::string() : plan.error().to_text()));
    REQUIRE(plan);
    return std::move(*plan);
}

std::string refusal_of(const Example& example) {
    Report findings;
    const auto plan = network_of(example, findings);
    return plan ? "" : plan.error().code;
}

bool has_finding(const Report& report, std::string_view code) {
    return std::ranges::any_of(report.findings(),
                               [&](const Finding& finding) { return finding.code == code; });
}

std::string file(const NetworkPlan& plan, std::string_view name) {
    const auto found = plan.files.find(std::string(network_folder) + "/" + std::string(name));
    return found == plan.files.end() ? "" : found->second;
}

NetworkSpec network(unsigned vlan, const std::string& subnet, std::uint32_t mtu = 1500) {
    NetworkSpec spec;
    spec.vlan = VlanId::from(vlan).value();
    spec.subnet = Cidr::parse(subnet).value();
    spec.mtu = mtu;
    return spec;
}

/// Two 25G ports in an LACP bond that carries management, guests and storage.
Example rack_node() {
    Example example;
    Bond& bond = example.profile.network.bonds.front();
    bond.mode = "802.3ad";
    bond.lacp_rate = "fast";
    bond.mtu = 9000;
    bond.count = {.exactly = 2};
    NodeSpec& node = example.node;
    node.networks["management"].vlan = VlanId::from(100).value();
    node.networks["service"] = network(200, "10.0.200.0/24");
    node.networks["storage_public"] = network(300, "10.0.30.0/24", 9000);
    node.networks["storage_cluster"] = network(301, "10.0.31.0/24", 9000);
    for (const auto& [role, spec] : node.networks) {
        node.addresses[role] = spec.subnet->host(11).value();
    }
    return example;
}

}  // namespace

TEST_CASE("ports are pinned by permanent MAC in PCI order, without the BMC's own") {
    Example example;
    std::ranges::reverse(example.inventory.nics);
    example.inventory.nics.insert(example.inventory.nics.begin(),
                                  test::make_nic("idrac", "d0:94:66:00:00:01", "", true));
    example.inventory.nics.front().bmc_virtual = true;
    const NetworkPlan plan = network_of(example);
    REQUIRE(plan.layout.ports.size() == 2);
    CHECK(file(plan, "10-nic0.link") ==
          "# eno1, tg3, 0000:04:00.0\n[Match]\nPermanentMACAddress=52:54:00:00:00:01\n\n[Link]\nName=nic0\n"
          "RxBufferSize=max\nTxBufferSize=max\n");
    // The installer has not the memory for that.
    const auto proof = network_files(plan.layout, Addresses::with, "/run/systemd/network", true);
    CHECK(proof.at("/run/systemd/network/10-nic0.link").ends_with("\nName=nic0\n"));
    CHECK(file(plan, "10-nic1.link").contains("52:54:00:00:00:02"));
}

TEST_CASE("a port that has its name for good keeps it, wherever the card is now") {
    Example example;
    example.inventory.nics[0].name = "nic1";
    example.inventory.nics[1].name = "nic0";
    const NetworkPlan plan = network_of(example);
    CHECK(file(plan, "10-nic0.link").contains("52:54:00:00:00:02"));
    CHECK(file(plan, "10-nic1.link").contains("52:54:00:00:00:01"));

    example.inventory.nics.push_back(test::make_nic("eno3", "52:54:00:00:00:03", "0000:01:00.0", true));
    CHECK(file(network_of(example), "10-nic2.link").contains("52:54:00:00:00:03"));
}

TEST_CASE("a profile can pin names to slots instead of cards") {
    Example example;
    example.profile.network.pin_by_slot = true;
    CHECK(file(network_of(example), "10-nic1.link").contains("Path=pci-0000:04:00.1"));
}

TEST_CASE("a port without a MAC of its own is pinned by its slot, or said not to be pinned") {
    Example example;
    for (Nic& nic : example.inventory.nics) {
        nic.mac.clear();
        nic.permanent_mac.clear();
    }
    CHECK(file(network_of(example), "10-nic1.link").contains("Path=pci-0000:04:00.1"));

    // ConnectX-3: two ports on one PCI function.
    example.inventory.nics[0].pci = example.inventory.nics[1].pci;
    Report findings;
    const auto refused = network_of(example, findings);
    REQUIRE(!refused);
    CHECK(refused.error().code == "nic.none");
    CHECK(refused.error().message.contains("can not be told apart"));
    CHECK(has_finding(findings, "nic.not-pinned"));
}

TEST_CASE("two ports with one permanent MAC are a finding and are told apart by their slots") {
    Example example;
    example.inventory.nics[1].permanent_mac = example.inventory.nics[0].permanent_mac;
    Report findings;
    const auto plan = network_of(example, findings);
    REQUIRE(plan);
    CHECK(has_finding(findings, "nic.duplicate-mac"));
    CHECK(file(*plan, "10-nic0.link").contains("Path=pci-0000:04:00.0"));
    CHECK(file(*plan, "10-nic1.link").contains("Path=pci-0000:04:00.1"));
}

TEST_CASE("an LACP bond with VLANs: every file") {
    const NetworkPlan plan = network_of(rack_node());
    CHECK(file(plan, "20-bond0.netdev") ==
          "[NetDev]\nName=bond0\nKind=bond\nMACAddress=52:54:00:00:00:01\nMTUBytes=9000\n\n"
          "[Bond]\nMode=802.3ad\nLACPTransmitRate=fast\nTransmitHashPolicy=layer3+4\nAdSelect=bandwidth\n"
          "MinLinks=1\nMIIMonitorSec=100ms\nUpDelaySec=200ms\nDownDelaySec=200ms\n");
    CHECK(file(plan, "21-bond0-ports.network") ==
          "[Match]\nName=nic0 nic1\n\n[Link]\nMTUBytes=9000\nRequiredForOnline=no\n\n"
          "[Network]\nBond=bond0\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n");
    CHECK(
        file(plan, "22-bond0.network") ==
        "[Match]\nName=bond0\n\n[Link]\nMTUBytes=9000\nRequiredForOnline=no\n\n"
        "[Network]\nVLAN=mgmt\nVLAN=svc\nVLAN=stpub\nVLAN=stclu\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n");
    CHECK(file(plan, "40-stpub.netdev") ==
          "[NetDev]\nName=stpub\nKind=vlan\nMTUBytes=9000\n\n[VLAN]\nId=300\n");
    CHECK(file(plan, "41-mgmt.network") ==
          "[Match]\nName=mgmt\n\n[Link]\nMTUBytes=1500\nRequiredForOnline=routable\n\n"
          "[Network]\nAddress=10.0.100.11/24\nDNS=10.0.100.1\nDomains=dc1.example.com\n"
          "LinkLocalAddressing=no\nIPv6AcceptRA=no\n\n[Route]\nGateway=10.0.100.1\nMetric=100\n");
    CHECK(plan.management == "mgmt");
}

TEST_CASE("without addresses the same devices come up and nothing else") {
    const NetworkLayout layout = network_of(rack_node()).layout;
    const auto with = network_files(layout, Addresses::with);
    const auto without = network_files(layout, Addresses::without);
    REQUIRE(with.size() == without.size());
    for (const auto& [path, text] : without) {
        INFO(path);
        CHECK(!text.contains("Address=10."));
        CHECK(!text.contains("Gateway="));
        CHECK((path.ends_with(".network") || text == with.at(path)));
    }
}

TEST_CASE("a bridge takes the bond and all its VLANs") {
    Example example = rack_node();
    NetworkSpec& service = example.node.networks["service"];
    service.bridge = "br-service";
    service.guest_vlans = {{.first = VlanId::from(210).value(), .last = VlanId::from(219).value()}};
    const NetworkPlan plan = network_of(example);
    const std::string bond = file(plan, "22-bond0.network");
    CHECK(bond.contains("Bridge=br-service\n"));
    CHECK(!bond.contains("VLAN=mgmt"));
    CHECK(bond.contains("\n[BridgeVLAN]\nVLAN=210-219\n"));
    CHECK(bond.contains("\n[BridgeVLAN]\nVLAN=100\n"));
    const std::string bridge = file(plan, "31-br-service.network");
    CHECK(bridge.contains("VLAN=mgmt\nVLAN=svc\nVLAN=stpub\nVLAN=stclu\n"));
    CHECK(bridge.contains("\n[BridgeVLAN]\nVLAN=301\n"));
    CHECK(!bridge.contains("210"));
    CHECK(file(plan, "30-br-service.netdev").contains("VLANFiltering=yes\nDefaultPVID=none\n"));
    CHECK(plan.links.empty());

    example.node.networks["storage_public"].bridge = "br-storage";
    CHECK(refusal_of(example) == "network.two-bridges");
}

TEST_CASE("bridges of Open vSwitch are made by a unit, and networkd only gives addresses") {
    Example example = rack_node();
    example.profile.network.bridges = BridgeKind::ovs;
    example.node.networks["service"].bridge = "br-service";
    const NetworkPlan plan = network_of(example);
    CHECK(file(plan, "40-mgmt.netdev").empty());
    CHECK(file(plan, "30-br-service.netdev").empty());
    CHECK(file(plan, "41-mgmt.network").contains("Address=10.0.100.11/24"));
    const std::string& unit = plan.files.at("/etc/systemd/system/bedplate-ovs.service");
    CHECK(
        unit.contains("--may-exist add-port br-service bond0 -- set Port bond0 vlan_mode=trunk "
                      "trunks=100,200,300,301"));
    CHECK(
        unit.contains("--may-exist add-port br-service mgmt tag=100 -- set Interface mgmt type=internal "
                      "mtu_request=1500"));
    CHECK(plan.links.size() == 1);
    // In the installer, where Open vSwitch is not, the same VLANs stand on the bond.
    const auto proof = network_files(plan.layout, Addresses::with, "/run/systemd/network", true);
    CHECK(proof.at("/run/systemd/network/22-bond0.network").contains("VLAN=mgmt\n"));
    CHECK(proof.contains("/run/systemd/network/40-mgmt.netdev"));
}

TEST_CASE("an overlay stands on another network and reaches every other node") {
    Example example = rack_node();
    NetworkSpec overlay;
    overlay.vxlan = VxlanSpec{.vni = 5000, .over = "storage_public", .group = {}, .peers = {}};
    overlay.bridge = "br-guests";
    example.node.networks["migration"] = overlay;
    example.node.peers["storage_public"] = {Ipv4::parse("10.0.30.12").value()};
    const NetworkPlan plan = network_of(example);
    CHECK(file(plan, "40-migr.netdev") ==
          "[NetDev]\nName=migr\nKind=vxlan\nMTUBytes=1500\n\n[VXLAN]\nVNI=5000\nLocal=10.0.30.11\n"
          "DestinationPort=4789\nMacLearning=yes\n");
    CHECK(file(plan, "41-stpub.network").contains("VXLAN=migr\n"));
    CHECK(file(plan, "41-migr.network").contains("Bridge=br-guests\n"));
    CHECK(file(plan, "41-migr.network").contains("Destination=10.0.30.12\n"));
}

TEST_CASE("a bond watched by ARP asks the gateways of its networks") {
    Example example;
    example.profile.network.bonds.front().arp_monitor = true;
    CHECK(file(network_of(example), "20-bond0.netdev").contains("ARPIPTargets=10.0.100.1\n"));
    CHECK(!file(network_of(example), "20-bond0.netdev").contains("MIIMonitor"));
    example.node.networks["management"].gateway.reset();
    CHECK(refusal_of(example) == "network.arp-monitor");
}

TEST_CASE("without a VLAN the address is on the bond itself, which then has that network's packet size") {
    Example example;
    example.node.networks["management"].mtu = 1400;
    const NetworkPlan plan = network_of(example);
    CHECK(file(plan, "22-bond0.network") ==
          "[Match]\nName=bond0\n\n"
          "[Link]\nMTUBytes=1400\nRequiredForOnline=routable\n\n"
          "[Network]\nAddress=10.0.100.11/24\nDNS=10.0.100.1\nDomains=dc1.example.com\n"
          "LinkLocalAddressing=no\nIPv6AcceptRA=no\n\n"
          "[Route]\nGateway=10.0.100.1\nMetric=100\n");
    CHECK(file(plan, "20-bond0.netdev").contains("MTUBytes=1400"));
    CHECK(plan.management == "bond0");

    example.node.networks["ring1"] = network(101, "10.0.101.0/24");
    CHECK(refusal_of(example) == "network.untagged-mtu");
    example.node.networks["ring1"].vlan.reset();
    CHECK(refusal_of(example) == "network.two-untagged");
}

TEST_CASE("packets never are larger than what carries them") {
    Example example = rack_node();
    example.profile.network.bonds.front().mtu = 1500;
    CHECK(refusal_of(example) == "profile.network-mtu");
    example = rack_node();
    example.inventory.nics[0].mtu_max = 1500;
    CHECK(refusal_of(example) == "network.nic-mtu");
}

TEST_CASE("ports of an LACP bond are equally fast") {
    Example example = rack_node();
    example.inventory.nics[0].max_speed_mbps = 25000;
    example.inventory.nics[1].max_speed_mbps = 10000;
    CHECK(refusal_of(example) == "nic.unequal-speeds");
    example.profile.network.bonds.front().mode = "active-backup";
    Report findings;
    REQUIRE(network_of(example, findings));
    CHECK(has_finding(findings, "nic.unequal-speeds"));
}

TEST_CASE("a port belongs to one bond only, and the number of ports must be right") {
    Example example;
    Bond second = example.profile.network.bonds.front();
    second.name = "bond1";
    example.profile.network.bonds.push_back(second);
    CHECK(refusal_of(example).empty());  // nothing runs over bond1
    example.profile.network.roles["ring1"] = "bond1";
    example.node.networks["ring1"] = network(101, "10.0.101.0/24");
    CHECK(refusal_of(example) == "nic.two-bonds");
    example = {};
    example.profile.network.bonds.front().count = {.exactly = 1};
    CHECK(refusal_of(example) == "nic.count");
}

TEST_CASE("ports without link are named") {
    Example example;
    Report findings;
    REQUIRE(network_of(example, findings));
    CHECK(has_finding(findings, "nic.no-link"));
}

TEST_CASE("names of bonds and bridges must not be those of ports and networks") {
    for (const std::string name : {"mgmt", "nic0", "nic7", "lo"}) {
        INFO(name);
        Example example = rack_node();
        example.profile.network.bonds.front().name = name;
        for (auto& [role, bond] : example.profile.network.roles) {
            bond = name;
        }
        CHECK(refusal_of(example) == "network.name-taken");
    }
}

TEST_CASE("a node without an address in a management network is refused") {
    Example example;
    example.node.addresses.clear();
    CHECK(example.refusal() == "network.management");
    example = {};
    example.node.networks.clear();
    CHECK(example.refusal() == "network.management");
}

TEST_CASE("the picture shows ports, bond, bridge and networks") {
    Example example = rack_node();
    example.node.networks["service"].bridge = "br-service";
    const std::string shown = picture(network_of(example).layout);
    CHECK(shown ==
          "\n  bond0 802.3ad, LACP fast, MTU 9000\n"
          "    |-- nic0   eno1, tg3, 0000:04:00.0\n"
          "    |-- nic1   eno2, tg3, 0000:04:00.1\n"
          "    `-- br-service VLAN-aware bridge\n"
          "        |-- mgmt   VLAN 100  management      10.0.100.11/24 via 10.0.100.1, MTU 1500\n"
          "        |-- svc    VLAN 200  service         10.0.200.11/24, MTU 1500\n"
          "        |-- stpub  VLAN 300  storage_public  10.0.30.11/24, MTU 9000\n"
          "        `-- stclu  VLAN 301  storage_cluster 10.0.31.11/24, MTU 9000\n");
}

}  // namespace bedplate
