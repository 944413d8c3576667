// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes on the virtual rack: the first creates a cluster, the others join it by ticket.
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "base/identifiers.hpp"
#include "figures.hpp"
#include "installation.hpp"
#include "node_ready.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "server.hpp"
#include "tests/support/rack/rack.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace {

std::string hostname(unsigned number) {
    return std::format("vmnode{}", number);
}

std::string address(unsigned number) {
    return std::format("10.0.100.{}", 10 + number);
}

/// All nodes of the cluster; each medium has the same document.
std::string site(const std::string& ssh_key, unsigned nodes) {
    std::string text = std::format(R"(schema: bedplate/site/v1
cluster: {{name: vmtest, domain: vm.example.com, ntp: [10.0.100.1], dns: [10.0.100.1], timezone: UTC}}
networks:
  management: {{subnet: 10.0.100.0/24, gateway: 10.0.100.1}}
access: {{ssh_authorized_keys: ["{}"], root_password_hash: null}}
install: {{unattended: true, wipe: blank-only, generation: 1, after: poweroff}}
nodes:
)",
                                   ssh_key);
    for (unsigned number = 1; number <= nodes; ++number) {
        text += std::format(
            "  - {{match: {{service_tag: BPVM00{0}}}, hostname: {1}, address: {2}, cluster: {3}}}\n", number,
            hostname(number), 10 + number, number == 1 ? "create" : "join");
    }
    return text;
}

/// One machine with a system disk, one disk for Ceph and a port on the rack.
struct Machine {
    Workspace workspace;
    Server server;
    std::unique_ptr<Vm> vm;

    Machine(rack::Rack& rack, const std::filesystem::path& folder, const SshKey& key, unsigned number,
            unsigned nodes)
        : workspace("join-" + std::to_string(number)),
          server(workspace, top_directory() / "tests/vm/layouts/create.yaml") {
        server.add("system1", std::format("BPSYS000{}", number), DiskBus::scsi, gib(20), "DELLBOSS VD");
        server.add("data1", std::format("OSDDATA{}", number), DiskBus::scsi, gib(10), "TESTHDD");
        const auto serial = std::format("BPVM00{}", number);
        server.place({.serial = serial, .uuid = Guid::derive("bedplate/test", serial).to_text()},
                     {.mac = std::format("52:54:00:00:02:0{}", number),
                      .rack_port = (folder / std::format("n{}", number - 1)).string()},
                     GuestSsh(rack.inside({}), address(number), key), site(key.public_line, nodes));
    }

    void start() { vm = server.node(); }
    void check_ready(const std::string& what) const {
        const Timed timed(what);
        const auto trouble = not_ready(server.ssh(), minutes(25));
        INFO(trouble);
        REQUIRE(trouble.empty());
    }
};

}  // namespace

TEST_CASE("a second node joins by ticket: quorum, copies and machines' disks on both", "[join]") {
    const unsigned nodes = amount("BEDPLATE_NODES", 2);
    Workspace workspace("join");
    const auto key = must(make_ssh_key(workspace.path()));
    const auto folder = workspace / "rack";
    std::vector<std::string> ports;
    for (unsigned i = 0; i < nodes; ++i) {
        ports.push_back(std::format("n{}", i));
    }
    const auto rack = must(rack::Rack::start(host_commands(), folder, ports));
    must(rack->add_host("gw100", 100, "10.0.100.1/24"));
    for (const auto& port : ports) {
        must(rack->connect({.name = "to-" + port, .ports = {port}, .native = 100, .lacp = false}));
    }
    std::vector<std::unique_ptr<Machine>> machines;
    for (unsigned number = 1; number <= nodes; ++number) {
        machines.push_back(std::make_unique<Machine>(*rack, folder, key, number, nodes));
        machines.back()->server.install_unattended();
        machines.back()->start();  // what it does at its first boot goes on while the next one is installed
    }
    auto& first = *machines.front();
    first.check_ready("the first node, from its login");
    const auto ticket =
        must(first.server.ssh().output(std::format("bedplate ticket create --uses {}", nodes - 1)));
    for (unsigned number = 2; number <= nodes; ++number) {
        must(machines[number - 1]->server.ssh().output(
            std::format("umask 077; echo '{}' > /etc/bedplate/join-ticket", ticket)));
    }
    for (unsigned number = 2; number <= nodes; ++number) {
        machines[number - 1]->check_ready(std::format("node {}, from its ticket", number));
    }
    const auto all = std::to_string(nodes);
    const auto& ssh = first.server.ssh();
    CHECK(must(ssh.output("corosync-quorumtool -s | sed -n 's/^Total votes: *//p'")) == all);
    CHECK(must(ssh.json("ceph quorum_status --format json")).at("quorum_names").size() == nodes);
    const auto status = must(ssh.json("ceph status --format json"));
    INFO(status.dump(1));
    CHECK(status.at("osdmap").at("num_up_osds") == nodes);
    CHECK(status.at("osdmap").at("num_in_osds") == nodes);
    CHECK(must(ssh.json("ceph mgr dump --format json")).at("standbys").size() == nodes - 1);
    CHECK(must(ssh.output("ceph osd pool get vms size | sed 's/size: //'")) == all);
    CHECK(must(ssh.output("ceph osd pool get .mgr size | sed 's/size: //'")) == all);
    must(ssh.output(
        "virsh vol-create-as vms proof 64M && rbd bench --io-type write --io-size 4K --io-total 64K "
        "vms/proof >/dev/null && rbd export vms/proof - | sha256sum > /root/proof"));
    for (const auto& machine : machines) {
        must(machine->server.ssh().output("virsh pool-refresh vms"));
        CHECK(must(machine->server.ssh().output("virsh vol-list vms | grep -c proof")) == "1");
        CHECK(must(machine->server.ssh().output("rbd export vms/proof - 2>/dev/null | sha256sum")) ==
              must(ssh.output("cat /root/proof")));
        CHECK(must(machine->server.ssh().output(
                  "crm_mon -1 --output-as=xml | grep -c 'online=\"true\" standby=\"false\"'")) == all);
    }
    proved(std::format("{} nodes are one cluster: corosync, monitors, OSDs, copies, the pool of libvirt",
                       nodes));
    for (auto& machine : machines) {
        machine->vm->power_cut();
        machine->workspace.succeeded();
    }
    workspace.succeeded();
}
