// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "golden.hpp"
#include "plan/network.hpp"

namespace bedplate::test {

/// A site that asks for everything: tagged management, guests on a bridge, storage with large packets.
inline constexpr std::string_view rack_site_text = R"(schema: bedplate/site/v1
cluster: {name: prod, domain: dc1.example.com, ntp: [10.0.100.1], dns: [10.0.100.1, 10.0.100.2], timezone: UTC}
networks:
  management: {vlan: 100, subnet: 10.0.100.0/24, gateway: 10.0.100.1}
  service: {vlan: 200, bridge: br-service, guest_vlans: [210, 220-229]}
  storage_public: {vlan: 300, subnet: 10.0.30.0/24, mtu: 9000}
  storage_cluster: {vlan: 301, subnet: 10.0.31.0/24, mtu: 9000}
  migration: {vlan: 302, subnet: 10.0.32.0/24}
  ring1: {vlan: 101, subnet: 10.0.101.0/24}
access:
  ssh_authorized_keys:
    - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator@workstation"
install: {unattended: true, wipe: blank-only, generation: 1, after: reboot}
nodes:
  - {match: {service_tag: ANY}, hostname: node1, address: 11, cluster: create}
  - {match: {service_tag: OTHER}, hostname: node2, address: 12}
)";

inline Result<NetworkPlan> network_for(const Inventory& inventory, const std::vector<Profile>& profiles,
                                       Report& findings, BridgeKind bridges = BridgeKind::linux_vlan_aware) {
    Report report;
    const auto site = load_site(rack_site_text, "site.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    BEDPLATE_ASSIGN(const NodeSpec node, compose(*site, inventory, "node1"));
    BEDPLATE_ASSIGN(const Profile* chosen, choose_profile(inventory, profiles));
    Profile profile = *chosen;
    profile.network.bridges = bridges;
    return plan_network(inventory, profile, node, findings);
}

}  // namespace bedplate::test
