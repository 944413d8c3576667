// SPDX-License-Identifier: GPL-3.0-or-later
#include "rack_machine.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <regex>
#include <thread>

#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {
namespace {

constexpr std::array<std::string_view, 4> node_addresses{"10.0.100.11", "10.0.200.11", "10.0.30.11",
                                                         "10.0.31.11"};
constexpr unsigned ping_interval_ms = 100;

}  // namespace

std::string rack_site(const std::string& ssh_key, unsigned management_vlan) {
    return std::format(R"(schema: bedplate/site/v1
cluster: {{name: vmtest, domain: vm.example.com, ntp: [10.0.100.1], dns: [10.0.100.1], timezone: UTC}}
networks:
  management: {{vlan: {}, subnet: 10.0.100.0/24, gateway: 10.0.100.1}}
  service: {{vlan: 200, subnet: 10.0.200.0/24, gateway: 10.0.200.1}}
  storage_public: {{vlan: 300, subnet: 10.0.30.0/24, mtu: 9000}}
  storage_cluster: {{vlan: 301, subnet: 10.0.31.0/24, mtu: 9000}}
access: {{ssh_authorized_keys: ["{}"], root_password_hash: null}}
install: {{unattended: true, wipe: blank-only, generation: 1, after: poweroff}}
nodes:
  - {{match: {{service_tag: BPVM001}}, hostname: vmnode1, address: 11, cluster: join, profile: vm-rack}}
  - {{match: {{service_tag: BPVM002}}, hostname: vmnode2, address: 12}}
)",
                       management_vlan, ssh_key);
}

RackFixture::RackFixture(const Workspace& workspace)
    : folder_(workspace / "rack"), rack_(must(rack::Rack::start(host_commands(), folder_, {"n0", "n1"}))) {
    must(rack_->add_host("gw100", 100, "10.0.100.1/24"));
    must(rack_->add_host("gw200", 200, "10.0.200.1/24"));
    must(rack_->add_host("p300", 300, "10.0.30.12/24", 9000));
    must(rack_->add_host("p301", 301, "10.0.31.12/24", 9000));
    connect_well();
}

void RackFixture::connect_well() {
    must(rack_->vsctl({"--if-exists", "del-port", "rack", "n1"}));
    must(rack_->connect({.name = "lag", .ports = {"n0", "n1"}, .vlans = {100, 200, 300, 301}}));
}

std::vector<NicSpec> RackFixture::nics() const {
    std::vector<NicSpec> nics;
    for (unsigned i = 0; i < 2; ++i) {
        NicSpec nic;
        nic.id = std::format("nic{}", i);
        nic.mac = std::format("52:54:00:00:01:0{}", i);
        nic.rack_port = (folder_ / std::format("n{}", i)).string();
        nics.push_back(std::move(nic));
    }
    return nics;
}

GuestSsh RackFixture::ssh(const SshKey& key) const {
    return {rack_->inside({}), std::string(node_addresses[0]), key};
}

std::chrono::milliseconds RackFixture::loss_during(const std::function<void()>& disturb,
                                                   std::chrono::seconds time) {
    const auto count = static_cast<unsigned>(time.count() * 1000 / ping_interval_ms);
    std::array<unsigned, node_addresses.size()> lost{};
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < node_addresses.size(); ++i) {
            threads.emplace_back([&, i] {
                const auto result =
                    rack_->run({"ping", "-q", "-n", "-i", std::format("{:.1f}", 0.001 * ping_interval_ms),
                                "-W", "1", "-c", std::to_string(count), std::string(node_addresses[i])},
                               time + std::chrono::seconds(30));
                std::smatch found;
                static const std::regex received(R"((\d+) received)");
                const bool seen = result && std::regex_search(result->out, found, received);
                lost[i] = count - (seen ? static_cast<unsigned>(std::stoul(found[1])) : 0);
            });
        }
        std::this_thread::sleep_for(std::chrono::seconds(2));
        disturb();
    }
    return std::chrono::milliseconds(std::ranges::max(lost) * ping_interval_ms);
}

}  // namespace bedplate::vm
