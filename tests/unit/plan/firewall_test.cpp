// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/firewall.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "plan/service_files.hpp"

namespace bedplate {
namespace {

PlannedInterface interface(const std::string& role, const std::string& name, const std::string& subnet) {
    PlannedInterface result;
    result.role = role;
    result.name = name;
    result.subnet = Cidr::parse(subnet).value();
    result.address = result.subnet->host(11).value();
    return result;
}

}  // namespace

TEST_CASE("services are let in where their network is, from its own hosts only") {
    NetworkLayout layout;
    layout.interfaces = {interface("management", "mgmt", "10.0.100.0/24"),
                         interface("storage_public", "stpub", "10.0.30.0/24")};
    const std::string text = firewall(layout);
    CHECK(text.contains("policy drop"));
    CHECK(text.contains("iifname \"mgmt\" tcp dport 22 accept"));
    CHECK(
        text.contains("iifname \"stpub\" ip saddr 10.0.30.0/24 tcp dport { 3300, 6789, 6800-7568 } accept"));
    // There is no ring0 network and no cluster network: management and the public network carry them, once.
    CHECK(text.contains("iifname \"mgmt\" ip saddr 10.0.100.0/24 udp dport 5405-5412 accept"));
    CHECK(text.find("3300") == text.rfind("3300"));
    // A second ring that is not there has no place of its own.
    CHECK(carrier_of(layout, "ring1") == nullptr);
    CHECK(carrier_of(layout, "ring0")->name == "mgmt");
}

TEST_CASE("an edge is let in where it is: its services from anywhere, VRRP from its own subnet") {
    NetworkLayout layout;
    layout.interfaces = {interface("management", "mgmt", "10.0.100.0/24"),
                         interface("service", "svc", "10.0.50.0/24")};
    NodeSpec node;
    node.hostname = "node1";
    CHECK(edge_openings(node).empty());
    node.edge = NodeEdge{.nodes = {{"node1", Ipv4::parse("10.0.50.11").value()}}};
    node.edge->spec.network = "service";
    node.edge->spec.http = {{.name = "web", .listen = 443}};
    node.edge->spec.tcp = {{.name = "db", .listen = 80}};
    const std::string text = firewall(layout, edge_openings(node));
    CHECK(text.contains("iifname \"svc\" tcp dport { 80, 443 } accept comment \"edge\""));
    CHECK(text.contains("iifname \"svc\" ip saddr 10.0.50.0/24 ip protocol 112 accept"));
    CHECK(text.contains("iifname \"mgmt\" ip saddr 10.0.100.0/24 tcp dport 8405 accept"));
    node.hostname = "node2";
    CHECK(edge_openings(node).empty());
}

TEST_CASE("docs/ports.md lists exactly what is let in") {
    std::ifstream in(std::string(BEDPLATE_SOURCE_DIR) + "/docs/ports.md");
    std::ostringstream text;
    text << in.rdbuf();
    const std::string document = text.str();
    const auto begin = document.find("| service | ports |");
    REQUIRE(begin != std::string::npos);
    std::vector<std::string> documented;
    for (const std::string& line : split(document.substr(begin), '\n')) {
        if (!line.starts_with('|')) {
            break;
        }
        documented.push_back(line);
    }
    std::vector<std::string> expected{"| service | ports | networks | from |", "|---|---|---|---|"};
    for (const OpenPorts& service : open_ports()) {
        expected.push_back(std::format("| {} | {}/{} | {} | {} |", service.what, join(service.ports, ", "),
                                       service.protocol, join(service.roles, ", "),
                                       service.from_subnet_only ? "its subnet" : "anywhere"));
    }
    CHECK(documented == expected);
}

}  // namespace bedplate
