// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

using List = std::vector<std::string>;

std::string site_with(const std::string& vms) {
    return std::format(R"(schema: bedplate/site/v1
cluster: {{name: prod}}
networks:
  management: {{vlan: 100, subnet: 10.0.100.0/24}}
  service: {{vlan: 200, bridge: br-service, guest_vlans: [210, 220-229]}}
access:
  ssh_authorized_keys:
    - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator"
vms:
{})",
                       vms);
}

List codes_of(const std::string& vms) {
    Report report;
    static_cast<void>(load_site(site_with(vms), "site.yaml", report));
    return codes(report);
}

}  // namespace

TEST_CASE("every key of a machine reaches its member") {
    Report report;
    const auto site = load_site(site_with(R"(  - name: web
    cpus: 4
    memory: 8GiB
    disk: 40GiB
    image: /root/web.qcow2
    iso: /root/drivers.iso
    networks: [service, "service:210", "service:225"]
    ha: true
    priority: 10
    pin: true
    hugepages: true
    watchdog: false
    uefi: true
  - {name: small, image: /root/small.raw}
)"),
                                "site.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    CHECK(report.findings().empty());
    REQUIRE(site->vms.size() == 2);
    const VmEntry& web = site->vms[0];
    CHECK(web.name == "web");
    CHECK(web.cpus == 4);
    CHECK(web.memory == gib(8));
    CHECK(web.disk == gib(40));
    CHECK(web.image == "/root/web.qcow2");
    CHECK(web.iso == "/root/drivers.iso");
    REQUIRE(web.networks.size() == 3);
    CHECK(web.networks[0].network == "service");
    CHECK_FALSE(web.networks[0].vlan);
    CHECK(web.networks[1].vlan->value() == 210);
    CHECK(web.ha);
    CHECK(web.priority == 10);
    CHECK(web.pin);
    CHECK(web.hugepages);
    CHECK_FALSE(web.watchdog);
    CHECK(web.uefi);
    const VmEntry& small = site->vms[1];
    CHECK(small.cpus == 1);
    CHECK(small.memory == gib(1));
    CHECK_FALSE(small.disk);
    CHECK(small.watchdog);
    CHECK_FALSE(small.ha);
}

TEST_CASE("what is wrong with a machine is found") {
    CHECK(codes_of("  - {name: web, disk: 1GiB}\n").empty());
    CHECK(codes_of("  - {name: Web, disk: 1GiB}\n") == List{"yaml.value"});
    CHECK(codes_of("  - {disk: 1GiB}\n") == List{"yaml.missing-key"});
    CHECK(codes_of("  - {name: web}\n") == List{"site.vm-disk"});
    CHECK(codes_of("  - {name: web, disk: 1GiB, memory: 1MiB}\n") == List{"yaml.value"});
    CHECK(codes_of("  - {name: web, disk: 1GiB, memory: 1500000KB}\n") == List{"site.vm-memory"});
    CHECK(codes_of("  - {name: web, disk: 1GiB, cpus: 0}\n") == List{"yaml.value"});
    CHECK(codes_of("  - {name: web, disk: 1GiB}\n  - {name: web, disk: 1GiB}\n") ==
          List{"site.duplicate-vm"});
    CHECK(codes_of("  - {name: web, disk: 1GiB, networks: [management]}\n") == List{"site.vm-network"});
    CHECK(codes_of("  - {name: web, disk: 1GiB, networks: [\"service:211\"]}\n") == List{"site.vm-network"});
    CHECK(codes_of("  - {name: web, disk: 1GiB, networks: [\"service:5000\"]}\n") == List{"yaml.value"});
    CHECK(codes_of("  - {name: web, disk: 1GiB, speed: 1}\n") == List{"yaml.unknown-key"});
}
