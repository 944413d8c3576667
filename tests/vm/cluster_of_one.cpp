// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster_of_one.hpp"

#include <catch2/catch_test_macros.hpp>
#include <format>
#include <set>

#include "require.hpp"

namespace bedplate::vm {

void install_creator(Server& server) {
    server.add("system1", "BPSYS0001", DiskBus::scsi, gib(20), "DELLBOSS VD");
    server.add("data1", "OSDDATA1", DiskBus::scsi, gib(10), "TESTHDD");
    server.install_unattended();
}

Json ask_ceph(const GuestSsh& ssh, std::string_view prefix, Json arguments) {
    arguments["prefix"] = prefix;
    arguments["format"] = "json";
    const Json request{{"command", std::move(arguments)}};
    return must(ssh.json(std::format("/usr/lib/bedplate/bedplate-ceph <<'EOF'\n{}\nEOF", request.dump())));
}

void check_health(const GuestSsh& ssh) {
    static const std::set<std::string> accepted{"POOL_NO_REDUNDANCY", "TOO_FEW_OSDS",
                                                "OSD_SLOW_PING_TIME_FRONT", "OSD_SLOW_PING_TIME_BACK"};
    const auto health = ask_ceph(ssh, "health", {{"detail", "detail"}});
    INFO(health.dump(1));
    for (const auto& [code, check] : health.at("checks").items()) {
        CHECK(accepted.contains(code));
    }
}

void check_cluster_of_one(const GuestSsh& ssh) {
    const auto status = ask_ceph(ssh, "status");
    INFO(status.dump(1));
    CHECK(status.at("osdmap").at("num_osds") == 1);
    CHECK(status.at("osdmap").at("num_up_osds") == 1);
    CHECK(status.at("osdmap").at("num_in_osds") == 1);
    CHECK(status.at("quorum_names").size() == 1);
    check_health(ssh);
    CHECK(ask_ceph(ssh, "mgr dump").at("available") == true);
    CHECK(must(ssh.output("corosync-quorumtool -s | grep -c 'Quorate: *Yes'")) == "1");
    CHECK(must(ssh.output("corosync-quorumtool -s | sed -n 's/^Total votes: *//p'")) == "1");
    CHECK(must(ssh.output("systemctl --failed --plain --no-legend")).empty());
}

void check_pool(const GuestSsh& ssh) {
    must(ssh.output("virsh vol-create-as vms proof 64M"));
    CHECK(must(ssh.output("virsh vol-list vms | grep -c proof")) == "1");
    CHECK(must(ssh.output("rbd --pool vms info proof --format json | grep -c '\"size\":67108864'")) == "1");
}

}  // namespace bedplate::vm
