// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

const std::string site_text = R"(schema: bedplate/site/v1
cluster: {name: prod, domain: example.com, ntp: [10.0.0.1], dns: [10.0.0.2], timezone: Europe/Berlin}
networks:
  management: {vlan: 100, subnet: 10.0.100.0/24, gateway: 10.0.100.1}
  service: {vlan: 200, bridge: br-service}
  ring1: {vlan: 101, subnet: 10.0.101.0/24}
access:
  root_password_hash: $y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7
install: {generation: 3}
nodes:
  - {match: {service_tag: BPL0001}, hostname: node1, address: 11, cluster: create, profile: lab-vm}
  - {match: {mac: "52:54:00:00:00:03"}, hostname: node2, address: {management: 12}, wipe: [{serial: S1}]}
  - {match: {uuid: 4c4c4544-0042-5010-804c-b4c04f303031}, hostname: node3, address: 13}
  - {match: {service_tag: BPL0004, mac: "52:54:00:00:00:04"}, hostname: node4, address: 14}
)";

Site site() {
    Report report;
    auto loaded = load_site(site_text, "site.yaml", report);
    INFO(report.to_text());
    REQUIRE(loaded);
    return *loaded;
}

Inventory machine_with(const std::string& serial, const std::string& uuid = {}, const std::string& mac = {}) {
    Inventory inventory;
    inventory.system.serial = serial;
    inventory.system.uuid = uuid;
    inventory.nics = {{.name = "eth0", .mac = "02:00:00:00:00:01", .permanent_mac = mac}};
    return inventory;
}

/// The hostname of the entry for this machine, or the code of the refusal.
std::string node_for(const Inventory& inventory) {
    const auto spec = compose(site(), inventory, std::nullopt);
    return spec ? spec->hostname : spec.error().code;
}

}  // namespace

TEST_CASE("a node entry finds its machine by service tag, MAC address or UUID") {
    CHECK(node_for(machine_with("BPL0001")) == "node1");
    CHECK(node_for(machine_with("bpl0001")) == "node1");
    CHECK(node_for(machine_with("X", "", "52:54:00:00:00:03")) == "node2");
    CHECK(node_for(machine_with("X", "", "52-54-00-00-00-03")) == "node2");
    CHECK(node_for(machine_with("X", "4C4C4544-0042-5010-804C-B4C04F303031")) == "node3");
    CHECK(node_for(machine_with("X")) == "site.no-node");
    CHECK(node_for(machine_with("")) == "site.no-node");
}

TEST_CASE("a UUID whose first fields are stored the other way round is the same UUID") {
    CHECK(node_for(machine_with("X", "44454c4c-4200-1050-804c-b4c04f303031")) == "node3");
}

TEST_CASE("an entry with two properties wants both of them") {
    CHECK(node_for(machine_with("BPL0004", "", "52:54:00:00:00:04")) == "node4");
    CHECK(node_for(machine_with("BPL0004")) == "site.no-node");
}

TEST_CASE("the MAC address that a bond or a user has set counts as well as the permanent one") {
    Inventory inventory = machine_with("X");
    inventory.nics[0].mac = "52:54:00:00:00:03";
    CHECK(node_for(inventory) == "node2");
    inventory.nics[0].bmc_virtual = true;
    CHECK(node_for(inventory) == "site.no-node");
}

TEST_CASE("a machine that two entries claim is refused") {
    const auto spec = compose(site(), machine_with("BPL0001", "", "52:54:00:00:00:03"), std::nullopt);
    REQUIRE(!spec);
    CHECK(spec.error().code == "site.ambiguous-node");
    CHECK(spec.error().kind == ErrorKind::refused);
    CHECK(spec.error().message == "several nodes of the site are this machine: node1, node2");
}

TEST_CASE("where no entry fits, each says why not") {
    const auto spec =
        compose(site(), machine_with("XYZ", "00000000-0000-0000-0000-000000000001"), std::nullopt);
    REQUIRE(!spec);
    CHECK(spec.error().kind == ErrorKind::refused);
    CHECK(spec.error().message ==
          "no node of the site is this machine:\n"
          "  node1: the service tag is XYZ, wanted BPL0001\n"
          "  node2: no port has the MAC address 52:54:00:00:00:03\n"
          "  node3: the UUID is 00000000-0000-0000-0000-000000000001, wanted "
          "4c4c4544-0042-5010-804c-b4c04f303031\n"
          "  node4: the service tag is XYZ, wanted BPL0004");
}

TEST_CASE("a hostname chooses the entry, whatever machine it was written for") {
    CHECK(compose(site(), machine_with("X"), "node2")->hostname == "node2");
    const auto wrong = compose(site(), machine_with("X"), "nod2");
    REQUIRE(!wrong);
    CHECK(wrong.error().code == "site.no-node");
    CHECK(wrong.error().message.contains("did you mean 'node"));
}

TEST_CASE("a node gets its own addresses and the site's common answers") {
    const auto spec = compose(site(), machine_with("BPL0001"), std::nullopt);
    REQUIRE(spec);
    CHECK(spec->cluster_name == "prod");
    CHECK(spec->domain == "example.com");
    CHECK(spec->timezone == "Europe/Berlin");
    CHECK(spec->ntp == std::vector<std::string>{"10.0.0.1"});
    CHECK(spec->dns == std::vector<std::string>{"10.0.0.2"});
    CHECK(spec->networks.size() == 3);
    REQUIRE(spec->addresses.size() == 2);
    CHECK(spec->addresses.at("management").to_text() == "10.0.100.11");
    CHECK(spec->addresses.at("ring1").to_text() == "10.0.101.11");
    CHECK(spec->cluster == NodeEntry::ClusterAction::create);
    CHECK(spec->install.generation == 3);
    CHECK(spec->root_password_hash == site().root_password_hash);
    CHECK(spec->site_digest == site().digest);
}

TEST_CASE("with an address per network a node is only in those") {
    const auto spec = compose(site(), machine_with("X"), "node2");
    REQUIRE(spec);
    CHECK(spec->addresses.size() == 1);
    CHECK(spec->addresses.at("management").to_text() == "10.0.100.12");
    CHECK(spec->wipe.serials == std::vector<std::string>{"S1"});
}

TEST_CASE("a host part that the subnet does not have is refused") {
    Site changed = site();
    changed.nodes[0].address = {{"*", 300}};
    const auto spec = compose(changed, machine_with("BPL0001"), std::nullopt);
    REQUIRE(!spec);
    CHECK(spec.error().code == "site.address");
    CHECK(spec.error().kind == ErrorKind::refused);
}

TEST_CASE("the profile that an entry asks for is known by its hostname") {
    CHECK(requested_profile(site(), *compose(site(), machine_with("X"), "node1")) == "lab-vm");
    CHECK(!requested_profile(site(), *compose(site(), machine_with("X"), "node2")));
}

TEST_CASE("a network that its bond cannot carry, or that has no bond, is found before anything is planned") {
    NodeSpec node = *compose(site(), machine_with("BPL0001"), std::nullopt);
    Profile profile;
    profile.name = "p";
    profile.network.bonds = {{.name = "bond0", .mtu = 9000}, {.name = "bond1"}};
    profile.network.roles = {{"management", "bond1"}, {"service", "bond0"}};
    node.networks["service"].mtu = 9000;
    CHECK(codes(check_networks(node, profile)) == std::vector<std::string>{"profile.network-without-bond"});
    CHECK(!check_networks(node, profile).has_errors());
    node.networks["management"].mtu = 9000;
    const Report report = check_networks(node, profile);
    CHECK(codes(report) == std::vector<std::string>{"profile.network-mtu", "profile.network-without-bond"});
    CHECK(report.has_errors());
    CHECK(report.findings().front().message ==
          "the network 'management' wants packets of 9000 bytes, its bond bond1 carries 1500");
}

TEST_CASE("a site without nodes says so") {
    Site changed = site();
    changed.nodes.clear();
    CHECK(compose(changed, machine_with("X"), std::nullopt).error().message ==
          "the site has no nodes at all");
    CHECK(compose(changed, machine_with("X"), "node1").error().hint == "it has no nodes at all");
}
