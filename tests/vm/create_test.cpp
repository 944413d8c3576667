// SPDX-License-Identifier: GPL-3.0-or-later
// An installed node that shall create a cluster does, by itself: one monitor, one manager, one OSD, etcd,
// Pacemaker and a pool for virtual machines, in the time of a first boot.
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "figures.hpp"
#include "node_ready.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"
#include "server.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace {

void check_ceph(const GuestSsh& ssh) {
    const auto status = must(ssh.json("ceph status --format json"));
    INFO(status.dump(1));
    CHECK(status.at("osdmap").at("num_up_osds") == 1);
    CHECK(status.at("osdmap").at("num_in_osds") == 1);
    for (const auto& [code, check] : status.at("health").at("checks").items()) {
        INFO(code);
        // docs/cluster.md: what a cluster of one has to have.
        CHECK((code == "POOL_NO_REDUNDANCY" || code == "TOO_FEW_OSDS"));
    }
    // A module whose import fails is listed with an error and stops balancer, dashboards and metrics with it.
    const auto modules = must(ssh.json("ceph mgr dump --format json"));
    CHECK(modules.at("available") == true);
    CHECK(must(ssh.output("ceph health detail | grep -c 'MGR_MODULE' || true")) == "0");
}

/// A disk of a virtual machine through libvirt, as a colleague would make one.
void check_pool(const GuestSsh& ssh) {
    must(ssh.output("virsh vol-create-as vms proof 64M"));
    CHECK(must(ssh.output("virsh vol-list vms | grep -c proof")) == "1");
    CHECK(must(ssh.output("rbd --pool vms info proof --format json | grep -c '\"size\":67108864'")) == "1");
}

}  // namespace

TEST_CASE("a node that shall create a cluster is one after its first boot", "[create]") {
    Workspace workspace("create");
    Server server(workspace, top_directory() / "tests/vm/layouts/create.yaml", "create");
    server.add("system1", "BPSYS0001", DiskBus::scsi, gib(20), "DELLBOSS VD");
    server.add("data1", "OSDDATA1", DiskBus::scsi, gib(10), "TESTHDD");
    server.install_unattended();
    auto vm = server.node();
    const auto& ssh = server.ssh();
    {
        const Timed timed("from the first login to a cluster of one");
        const auto trouble = not_ready(ssh, minutes(20));
        INFO(trouble);
        REQUIRE(trouble.empty());
    }
    check_ceph(ssh);
    check_pool(ssh);
    CHECK(must(ssh.output("systemctl --failed --plain --no-legend")).empty());
    CHECK(must(ssh.output("corosync-quorumtool -s | grep -c 'Quorate: *Yes'")) == "1");
    proved("one node with monitor, manager, OSD, etcd, Pacemaker and a pool of libvirt");
    // The first boot is over: the next one finds everything done.
    must(vm->powerdown());
    CHECK(must(vm->wait_exit(scaled(minutes(5)))).status == 0);
    vm = server.node();
    {
        const Timed timed("from the login to ready, at the second boot");
        const auto trouble = not_ready(ssh, minutes(15));
        INFO(trouble);
        REQUIRE(trouble.empty());
    }
    CHECK(must(ssh.output("rbd --pool vms ls")) == "proof");
    vm->power_cut();
    workspace.succeeded();
}
