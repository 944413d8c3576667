// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <format>

#include "cluster/cluster.hpp"
#include "cluster/files.hpp"

namespace bedplate::example {

inline ClusterIdentity identity() {
    return {.name = "prod",
            .fsid = Guid::parse("3f1c2b1e-6d1e-4b5a-9b0e-0c7f6c1f0a11").value(),
            .libvirt_secret = Guid::parse("2e1f1d52-0f5c-4b35-8e7a-5f2d3a1c9b77").value(),
            .created = "2026-01-01T00:00:00Z"};
}

/// Node number n: two rings, its own addresses.
inline Member member(std::uint32_t n) {
    const auto address = [&](int net) { return Ipv4::parse(std::format("10.0.{}.{}", net, 10 + n)).value(); };
    return {.state = Member::State::member,
            .id = n,
            .hostname = std::format("node{}", n),
            .domain = "dc1.example.com",
            .service_tag = std::format("BPL{:04}", n),
            .product_uuid = Guid::derive("example", std::to_string(n)).to_text(),
            .control = n <= 3,
            .management = address(100),
            .storage = address(30),
            .migration = address(40),
            .ring0 = address(100),
            .ring1 = address(101)};
}

inline std::vector<Member> members(std::uint32_t count) {
    std::vector<Member> list;
    for (std::uint32_t n = 1; n <= count; ++n) {
        list.push_back(member(n));
    }
    return list;
}

inline Json node_json() {
    return Json::parse(
        R"({"hostname": "node1", "cluster": "prod", "cluster_action": "create", "generation": 2,
        "profile": "lab-vm", "plan_digest": "abc",
        "disks": {"system": [], "osd": [{"serial": "OSD1", "wwn": "", "path": "/dev/disk/by-id/virtio-OSD1"}], "osd_db": []}})");
}

inline Json site_json() {
    return Json::parse(R"({"cluster": "prod", "domain": "dc1.example.com", "ntp": ["10.0.100.1"],
        "networks": {"management": {"subnet": "10.0.100.0/24", "gateway": "10.0.100.1", "address": "10.0.100.11"},
                     "storage_public": {"subnet": "10.0.30.0/24", "address": "10.0.30.11", "vlan": 300},
                     "service": {"vlan": 200, "bridge": "br-service"}}})");
}

}  // namespace bedplate::example
