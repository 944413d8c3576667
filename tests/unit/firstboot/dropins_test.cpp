// SPDX-License-Identifier: GPL-3.0-or-later
// What the node's package tells systemd about the services of other packages.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

std::string dropin(const std::string& unit) {
    const auto path =
        std::filesystem::path(BEDPLATE_SOURCE_DIR) / "firstboot/dropins" / (unit + ".d") / "10-bedplate.conf";
    std::ifstream in(path);
    INFO(path.string());
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("whoever binds to the node's address waits for it, and starts again until it is there") {
    for (const std::string service : {"prometheus-node-exporter", "prometheus-libvirt-exporter",
                                      "ha_cluster_exporter", "prometheus", "prometheus-alertmanager"}) {
        INFO(service);
        const auto text = dropin(service + ".service");
        CHECK(text.contains("After=network-online.target"));
        CHECK(text.contains("StartLimitIntervalSec=0\n"));
        CHECK(text.contains("Restart=always\nRestartSec=5\n"));
    }
}

TEST_CASE("Pacemaker waits for machines' files, and longer than those wait for the pool") {
    const auto text = dropin("pacemaker.service");
    CHECK(text.contains("ExecCondition=/usr/lib/bedplate/bedplate-firstboot guard\n"));
    CHECK(text.contains("ExecStartPre=-/usr/lib/bedplate/bedplate-vm files\n"));
    CHECK(text.contains("TimeoutStartSec=15min\n"));
}

TEST_CASE("libvirt's socket is root's and its group's") {
    CHECK(dropin("libvirtd.socket").contains("SocketMode=0660\nSocketGroup=libvirt\n"));
}

TEST_CASE("what keeps the cluster together goes before what measures it") {
    CHECK(dropin("etcd.service").contains("CPUWeight=1000\n"));
    CHECK(dropin("ceph-mon@.service").contains("CPUWeight=500\n"));
    CHECK(dropin("ssh.service").contains("CPUWeight=500\n"));
    for (const std::string service : {"prometheus-node-exporter", "prometheus-libvirt-exporter",
                                      "ha_cluster_exporter", "prometheus", "prometheus-alertmanager"}) {
        INFO(service);
        CHECK(dropin(service + ".service").contains("CPUWeight=20\n"));
    }
}
