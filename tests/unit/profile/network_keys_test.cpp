// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of bonds, bridges and overlays.
#include <catch2/catch_test_macros.hpp>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

const std::string profile_text = R"(schema: bedplate/profile/v1
name: x
match: {memory: {min: 1GiB}}
disks: {system: {select: {model: "DELLBOSS*"}}}
network:
  bonds: [{name: bond0, mode: active-backup, select: {driver: tg3}, monitor: arp, expect_switch: "tor-*"}]
  roles: {management: bond0}
  bridges: {kind: ovs}
  pin: slot
)";

const std::string keys_site_text = R"(schema: bedplate/site/v1
cluster: {name: c}
networks:
  management: {subnet: 10.0.0.0/24, mtu: 9000}
  service: {bridge: br0, guest_vlans: [210, "220-229"], vxlan: {vni: 5000, over: management, peers: [10.0.0.2]}}
access: {ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x"]}
)";

std::vector<std::string> profile_codes(const std::string& text) {
    Report report;
    (void)load_profile(text, "p.yaml", report);
    return codes(report);
}

std::vector<std::string> site_codes(const std::string& text) {
    Report report;
    (void)load_site(text, "s.yaml", report);
    return codes(report);
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("what a profile says about its network reaches its members") {
    Report report;
    const auto profile = load_profile(profile_text, "p.yaml", report);
    INFO(report.to_text());
    REQUIRE(profile);
    CHECK(profile->network.bonds.front().arp_monitor);
    CHECK(profile->network.bonds.front().expect_switch == "tor-*");
    CHECK(profile->network.bridges == BridgeKind::ovs);
    CHECK(profile->network.pin_by_slot);
}

TEST_CASE("only active-backup can be watched by ARP, and words are not guessed") {
    CHECK(profile_codes(with(profile_text, "active-backup", "802.3ad")) == Codes{"profile.arp-monitor"});
    CHECK(profile_codes(with(profile_text, "kind: ovs", "kind: openvswitch")) == Codes{"yaml.value"});
    CHECK(profile_codes(with(profile_text, "pin: slot", "pin: pci")) == Codes{"yaml.value"});
}

TEST_CASE("guests' VLANs and overlays of a site reach their members") {
    Report report;
    const auto site = load_site(keys_site_text, "s.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    const NetworkSpec& service = site->networks.at("service");
    REQUIRE(service.guest_vlans.size() == 2);
    CHECK(service.guest_vlans[0].first.value() == 210);
    CHECK(service.guest_vlans[1].last.value() == 229);
    REQUIRE(service.vxlan);
    CHECK(service.vxlan->vni == 5000);
    CHECK(service.vxlan->peers.front().to_text() == "10.0.0.2");
}

TEST_CASE("overlays and guests' VLANs that can not be are findings") {
    CHECK(site_codes(keys_site_text).empty());
    CHECK(site_codes(with(keys_site_text, "mtu: 9000", "mtu: 1500")) == Codes{"site.vxlan"});
    CHECK(site_codes(with(keys_site_text, "over: management", "over: service")) == Codes{"site.vxlan"});
    CHECK(site_codes(with(keys_site_text, "over: management", "over: ring1")) == Codes{"site.vxlan"});
    CHECK(site_codes(with(keys_site_text, "{bridge: br0", "{vlan: 7, bridge: br0")) == Codes{"site.vxlan"});
    CHECK(site_codes(with(keys_site_text, "bridge: br0, ", "")) == Codes{"site.guest-vlans"});
    CHECK(site_codes(with(keys_site_text, "peers: [10.0.0.2]", "group: 10.0.0.9")) == Codes{"site.vxlan"});
    CHECK(site_codes(with(keys_site_text, "\"220-229\"", "\"229-220\"")) == Codes{"yaml.value"});
    CHECK(site_codes(with(keys_site_text, "\"220-229\"", "\"220-4095\"")) == Codes{"yaml.value"});
    CHECK(site_codes(with(keys_site_text, "\"220-229\"", "0210")) == Codes{"yaml.value"});
    CHECK(site_codes(with(keys_site_text, "vni: 5000", "vni: 16777216")) == Codes{"yaml.value"});
}
