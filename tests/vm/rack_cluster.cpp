// SPDX-License-Identifier: GPL-3.0-or-later
#include "rack_cluster.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "base/identifiers.hpp"
#include "figures.hpp"
#include "installation.hpp"
#include "node_ready.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {

using std::chrono::minutes;

namespace {

std::string address(unsigned number) {
    return std::format("10.0.100.{}", 10 + number);
}

}  // namespace

std::string RackCluster::hostname(unsigned number) {
    return std::format("vmnode{}", number);
}

RackCluster::Machine::Machine(const std::string& name)
    : workspace(name), server(workspace, top_directory() / "tests/vm/layouts/create.yaml") {}

RackCluster::RackCluster(std::string name, unsigned nodes, std::string bridge)
    : workspace_(name),
      name_(std::move(name)),
      bridge_(std::move(bridge)),
      key_(must(make_ssh_key(workspace_.path()))) {
    const auto folder = workspace_ / "rack";
    std::vector<std::string> ports;
    for (unsigned i = 0; i < nodes; ++i) {
        ports.push_back(std::format("n{}", i));
    }
    rack_ = must(rack::Rack::start(host_commands(), folder, ports));
    must(rack_->add_host("gw100", 100, "10.0.100.1/24"));
    for (const auto& port : ports) {
        must(rack_->connect({.name = "to-" + port, .ports = {port}, .native = 100, .lacp = false}));
    }
    for (unsigned number = 1; number <= nodes; ++number) {
        machines_.push_back(std::make_unique<Machine>(std::format("{}-{}", name_, number)));
        auto& server = machines_.back()->server;
        server.set_cpus(1);
        server.add("system1", std::format("BPSYS000{}", number), DiskBus::scsi, gib(20), "DELLBOSS VD");
        server.add("data1", std::format("OSDDATA{}", number), DiskBus::scsi, gib(10), "TESTHDD");
    }
    for (unsigned number = 1; number <= nodes; ++number) {
        const auto serial = std::format("BPVM00{}", number);
        machines_[number - 1]->server.place(
            {.serial = serial, .uuid = Guid::derive("bedplate/test", serial).to_text()},
            {.mac = std::format("52:54:00:00:02:0{}", number),
             .rack_port = (folder / ports[number - 1]).string()},
            GuestSsh(rack_->inside({}), address(number), key_), site(1));
    }
}

/// All nodes of the cluster; each medium has the same document.
std::string RackCluster::site(unsigned generation) const {
    std::string text =
        std::format(R"(schema: bedplate/site/v1
cluster: {{name: vmtest, domain: vm.example.com, ntp: [10.0.100.1], dns: [10.0.100.1], timezone: UTC}}
networks:
  management: {{subnet: 10.0.100.0/24, gateway: 10.0.100.1{}}}
access: {{ssh_authorized_keys: ["{}"], root_password_hash: null}}
install: {{unattended: true, wipe: blank-only, generation: {}, after: poweroff}}
nodes:
)",
                    bridge_.empty() ? "" : ", bridge: " + bridge_, key_.public_line, generation);
    for (unsigned number = 1; number <= size(); ++number) {
        text += std::format(
            "  - {{match: {{service_tag: BPVM00{0}}}, hostname: {1}, address: {2}, cluster: {3}}}\n", number,
            hostname(number), 10 + number, number == 1 ? "create" : "join");
    }
    return text;
}

void RackCluster::install() {
    const Timed timed("installations, two at a time, to the last login");
    constexpr std::size_t side_by_side = 2;
    const auto begin = [](Machine& machine) { machine.vm = machine.server.begin_installation(); };
    const auto end = [](Machine& machine) {
        Server::end_installation(*machine.vm);
        machine.vm = machine.server.start();
    };
    const auto count = machines_.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (i >= side_by_side) {
            end(*machines_[i - side_by_side]);
        }
        begin(*machines_[i]);
    }
    for (std::size_t i = count - std::min(count, side_by_side); i < count; ++i) {
        end(*machines_[i]);
    }
    for (const auto& machine : machines_) {
        machine->server.wait_for_login(*machine->vm);
    }
}

void RackCluster::unite() {
    install();
    check_ready(1, "the first node, from the last login");
    // The next comes when the one before has its monitor and its manager: of several that begin on two cores
    // at once, each keeps the others from answering in time. That they may is what tests/cluster/ shows.
    for (unsigned number = 2; number <= size(); ++number) {
        give_ticket(number);
        wait_for_step(number, "make or activate the planned OSDs");
    }
    for (unsigned number = 2; number <= size(); ++number) {
        check_ready(number, std::format("node {}, from the last one's manager", number));
    }
}

void RackCluster::give_ticket(unsigned number) {
    const auto ticket = must(ssh(1).output("bedplate ticket create"));
    must(ssh(number).output(std::format("umask 077; echo '{}' > /etc/bedplate/join-ticket", ticket)));
}

void RackCluster::wait_for_step(unsigned number, const std::string& title) {
    const Timed timed(std::format("{}, to the step '{}'", hostname(number), title));
    // Ends with the line itself: at the end of a pipe, journalctl would notice with the next one only.
    const auto seen = must(ssh(number).run(
        std::format("grep --max-count 1 --fixed-strings '{}' < <(exec journalctl --follow --no-tail --boot "
                    "--unit bedplate-firstboot --output cat 2>/dev/null)",
                    title),
        scaled(minutes(25))));
    INFO(seen.err);
    REQUIRE(seen.exit_status == 0);
}

void RackCluster::check_ready(unsigned number, const std::string& what) {
    const Timed timed(what);
    const auto trouble = not_ready(ssh(number), minutes(25));
    INFO(hostname(number) << ": " << trouble);
    REQUIRE(trouble.empty());
}

void RackCluster::install_again(unsigned number) {
    auto& machine = *machines_.at(number - 1);
    must(machine.vm->powerdown());
    CHECK(must(machine.vm->wait_exit(scaled(minutes(5)))).status == 0);
    machine.server.set_site(site(++machine.generation));
    machine.server.install_unattended();
    machine.vm = machine.server.node();
}

void RackCluster::succeeded() {
    for (const auto& machine : machines_) {
        machine->vm->power_cut();
        machine->workspace.succeeded();
    }
    workspace_.succeeded();
}

}  // namespace bedplate::vm
