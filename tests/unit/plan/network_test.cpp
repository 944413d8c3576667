// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/network.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "example.hpp"

namespace bedplate {
namespace {

using test::Example;

Result<NetworkPlan> network_of(const Example& example, Report& findings) {
    return plan_network(example.inventory, example.profile, example.node, findings);
}

NetworkPlan network_of(const Example& example) {
    Report findings;
    auto plan = network_of(example, findings);
    REQUIRE(plan);
    return std::move(*plan);
}

bool has_finding(const Report& report, std::string_view code) {
    return std::ranges::any_of(report.findings(),
                               [&](const Finding& finding) { return finding.code == code; });
}

constexpr std::string_view folder = "/etc/systemd/network/";

std::string file(const NetworkPlan& plan, std::string_view name) {
    const auto found = plan.files.find(std::string(folder) + std::string(name));
    return found == plan.files.end() ? "" : found->second;
}

}  // namespace

TEST_CASE("ports are pinned by permanent MAC in the order of the inventory, without the BMC's own") {
    Example example;
    example.inventory.nics.insert(example.inventory.nics.begin(),
                                  test::make_nic("idrac", "d0:94:66:00:00:01", "", true));
    example.inventory.nics.front().bmc_virtual = true;
    const NetworkPlan plan = network_of(example);
    REQUIRE(plan.ports.size() == 2);
    CHECK(file(plan, "10-nic0.link") ==
          "# eno1, tg3, 0000:04:00.0\n[Match]\nPermanentMACAddress=52:54:00:00:00:01\n\n[Link]\nName=nic0\n");
    CHECK(file(plan, "10-nic1.link").contains("52:54:00:00:00:02"));
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

TEST_CASE("the management address goes to a port with link, of several to the first in PCI order") {
    Example example;
    CHECK(network_of(example).management.name == "nic1");
    example.inventory.nics[0].link = true;
    CHECK(network_of(example).management.name == "nic0");
    example.inventory.nics[0].pci = "0000:99:00.0";
    CHECK(network_of(example).management.name == "nic1");
}

TEST_CASE("without any link the first port is taken and that is said") {
    Example example;
    example.inventory.nics[1].link = std::nullopt;
    Report findings;
    const auto plan = network_of(example, findings);
    REQUIRE(plan);
    CHECK(plan->management.name == "nic0");
    CHECK(has_finding(findings, "nic.no-link"));
}

TEST_CASE("only ports of the management bond carry the management address") {
    Example example;
    Bond bond;
    bond.name = "bond1";
    bond.select.driver = "i40e";
    example.profile.network.bonds = {bond};
    example.profile.network.roles["management"] = "bond1";
    const auto refused = example.plan();
    REQUIRE(!refused);
    CHECK(refused.error().code == "nic.none");
    CHECK(refused.error().message.contains("eno1"));
    CHECK(refused.error().message.contains("eno2"));
    example.inventory.nics[0].driver = "i40e";
    CHECK(network_of(example).management.name == "nic0");
}

TEST_CASE("without a VLAN the address is on the port itself") {
    Example example;
    example.node.networks["management"].mtu = 1400;
    const NetworkPlan plan = network_of(example);
    CHECK(file(plan, "20-management.network") ==
          "[Match]\nName=nic1\n\n"
          "[Link]\nMTUBytes=1400\nRequiredForOnline=routable\n\n"
          "[Network]\nAddress=10.0.100.11/24\nDNS=10.0.100.1\nDomains=dc1.example.com\n"
          "LinkLocalAddressing=no\nIPv6AcceptRA=no\n\n"
          "[Route]\nGateway=10.0.100.1\n");
}

TEST_CASE("with a VLAN the address is on an interface of that VLAN") {
    Example example;
    example.node.networks["management"].vlan = VlanId::from(100).value();
    example.node.networks["management"].gateway.reset();
    const NetworkPlan plan = network_of(example);
    CHECK(file(plan, "20-mgmt.netdev") == "[NetDev]\nName=mgmt\nKind=vlan\n\n[VLAN]\nId=100\n");
    CHECK(file(plan, "21-management-port.network").contains("[Match]\nName=nic1\n"));
    CHECK(file(plan, "21-management-port.network").contains("VLAN=mgmt\n"));
    CHECK(file(plan, "22-management.network").contains("[Match]\nName=mgmt\n"));
    CHECK(file(plan, "22-management.network").contains("Address=10.0.100.11/24\n"));
    CHECK(!file(plan, "22-management.network").contains("Gateway"));
    CHECK(file(plan, "20-management.network").empty());
}

TEST_CASE("a node without an address in a management network is refused") {
    Example example;
    example.node.addresses.clear();
    CHECK(example.refusal() == "network.management");
    example = {};
    example.node.networks.clear();
    CHECK(example.refusal() == "network.management");
}

}  // namespace bedplate
