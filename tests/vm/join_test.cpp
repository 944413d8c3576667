// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes on the virtual rack: the first creates a cluster, the others join it by ticket; one is taken out and
// installed again.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "cluster_of_one.hpp"
#include "figures.hpp"
#include "installation.hpp"
#include "rack_cluster.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;

namespace {

/// etcd: every member answers a question that a majority has to agree on. The tool's own limit of five
/// seconds is for machines that are not emulated.
void check_registry(const GuestSsh& ssh, unsigned nodes) {
    const auto said = must(ssh.run(
        "etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/bedplate/pki/ca.crt --cert "
        "/etc/bedplate/pki/node.crt --key /etc/bedplate/pki/node.key --command-timeout=60s endpoint health "
        "--cluster --write-out=json"));
    INFO(said.out << said.err);
    const auto members = must(parse_json(said.out, "etcdctl endpoint health"));
    CHECK(members.size() == nodes);
    CHECK(std::ranges::all_of(members, [](const Json& member) { return member.value("health", false); }));
}

/// Votes, monitors, managers, OSDs, registry and Pacemaker: each has all the nodes.
void check_members(RackCluster& cluster, unsigned nodes) {
    const auto& ssh = cluster.ssh(1);
    const auto all = std::to_string(nodes);
    CHECK(must(ssh.output("corosync-quorumtool -s | sed -n 's/^Total votes: *//p'")) == all);
    CHECK(ask_ceph(ssh, "quorum_status").at("quorum_names").size() == nodes);
    const auto status = ask_ceph(ssh, "status");
    INFO(status.dump(1));
    CHECK(status.at("osdmap").at("num_osds") == nodes);
    CHECK(status.at("osdmap").at("num_up_osds") == nodes);
    CHECK(status.at("osdmap").at("num_in_osds") == nodes);
    CHECK(ask_ceph(ssh, "mgr dump").at("standbys").size() == nodes - 1);
    check_health(ssh);
    check_registry(ssh, nodes);
    CHECK(must(ssh.output("crm_mon -1 --output-as=xml | grep -c 'online=\"true\" standby=\"false\"'")) ==
          all);
}

/// A disk of a virtual machine, made through libvirt on one node, is there and the same on all.
void check_disk_on_all(RackCluster& cluster) {
    const auto& ssh = cluster.ssh(1);
    must(ssh.output(
        "virsh vol-create-as vms proof 8M && rbd bench --io-type write --io-size 4K --io-total 64K "
        "vms/proof >/dev/null && rbd export vms/proof - 2>/dev/null | sha256sum > /root/proof"));
    const auto sum = must(ssh.output("cat /root/proof"));
    for (unsigned number = 1; number <= cluster.size(); ++number) {
        const auto& node = cluster.ssh(number);
        INFO(RackCluster::hostname(number));
        // The pool names all monitors, those that joined later as well.
        CHECK(must(node.output(
                  "virsh pool-refresh vms >/dev/null && virsh pool-dumpxml vms | grep -c '<host '")) ==
              std::to_string(std::min(cluster.size(), 3U)));
        CHECK(must(node.output(
                  "virsh vol-list vms | grep -c proof; rbd export vms/proof - 2>/dev/null | sha256sum")) ==
              "1\n" + sum);
    }
}

std::string osd_of(RackCluster& cluster, unsigned number) {
    return must(cluster.ssh(number).output("ls /var/lib/bedplate/osds"));
}

/// The volume group of a node's OSD: each that is made gets a new name, an OSD's number is given out again.
std::string osd_group(RackCluster& cluster, unsigned number) {
    return must(cluster.ssh(number).output(
        "ceph-volume lvm list --format json | sed -n 's/.*\"vg_name\": \"\\(.*\\)\".*/\\1/p'"));
}

void take_out(RackCluster& cluster, unsigned number, const std::string& options) {
    const Timed timed("taking a node out" + options);
    const auto name = RackCluster::hostname(number);
    const auto shown = must(cluster.ssh(1).output(std::format("bedplate node remove {}{}", name, options)));
    INFO(shown);
    CHECK(shown.contains("nothing was changed"));
    const auto done = must(cluster.ssh(1).run(
        std::format("bedplate node remove {}{} --commit 2>&1", name, options), std::chrono::minutes(20)));
    INFO(done.out << done.err);
    REQUIRE(done.exit_status == 0);
    CHECK(done.out.contains(name + " is no member any more"));
    CHECK(must(cluster.ssh(1).output("corosync-quorumtool -s | sed -n 's/^Total votes: *//p'")) ==
          std::to_string(cluster.size() - 1));
}

}  // namespace

TEST_CASE("nodes join by ticket: quorum, copies and machines' disks on all of them", "[join]") {
    const Timed timed("all of it");
    RackCluster cluster("join", amount("BEDPLATE_NODES", 3));
    cluster.unite();
    check_members(cluster, cluster.size());
    for (const auto* pool : {"vms", ".mgr"}) {
        INFO(pool);
        CHECK(ask_ceph(cluster.ssh(1), "osd pool get", {{"pool", pool}, {"var", "size"}}).at("size") ==
              std::min(cluster.size(), 3U));
    }
    check_disk_on_all(cluster);
    proved(
        std::format("{} nodes are one cluster: corosync, monitors, OSDs, copies, etcd, the pool of libvirt",
                    cluster.size()));
    cluster.succeeded();
}

TEST_CASE("a node that is taken out and installed again comes back, with its OSD or with a new one",
          "[replace]") {
    RackCluster cluster("replace", 2);
    cluster.install();
    cluster.check_ready(1, "the first node, from its login");
    cluster.give_ticket(2);
    cluster.check_ready(2, "the second node, from its ticket");
    check_disk_on_all(cluster);
    const auto osd = osd_of(cluster, 2), group = osd_group(cluster, 2);
    const auto come_back = [&](const std::string& what) {
        CHECK(must(cluster.ssh(2).run("bedplate node status")).exit_status != 0);
        cluster.install_again(2);
        cluster.give_ticket(2);
        cluster.check_ready(2, "the second node " + what + ", from its ticket");
        check_members(cluster, 2);
        CHECK(must(cluster.ssh(2).output("rbd export vms/proof - 2>/dev/null | sha256sum")) ==
              must(cluster.ssh(1).output("cat /root/proof")));
    };

    take_out(cluster, 2, "");
    come_back("with its old OSD");
    CHECK(osd_of(cluster, 2) == osd);
    CHECK(osd_group(cluster, 2) == group);
    proved("taken out and installed again: under its name, with the OSD that it had");

    // What has its second copy there would lose it: the removal refuses that, so one copy has to be enough.
    must(
        cluster.ssh(1).output("for pool in vms .mgr; do ceph osd pool set $pool size 1 "
                              "--yes-i-really-mean-it; done"));
    take_out(cluster, 2, " --purge-osds");
    come_back("with a new OSD");
    CHECK(osd_group(cluster, 2) != group);
    proved("taken out with its OSD and installed again: under its name, with a new OSD");
    cluster.succeeded();
}
