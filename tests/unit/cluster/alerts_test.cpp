// SPDX-License-Identifier: GPL-3.0-or-later
// promtool plays series to every alert rule: one in which it fires with its text, one in which it is quiet.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <format>
#include <set>

#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;

namespace {

struct Series {
    std::string name, firing, quiet;  ///< values in promtool's notation, one each 30 s
};

struct Case {
    std::string alert;
    std::vector<Series> series;
    Json labels;  ///< of the alert that fires, but for the severity
    std::string summary;
};

const std::vector<Case>& cases() {
    const std::string disk = R"({device="sda",instance="n1"})", host = R"({instance="n1"})";
    static const std::vector<Case> all{
        {"HostDown",
         {{R"(up{job="node",node="node1"})", "0x60", "1x60"}},
         {{"job", "node"}, {"node", "node1"}},
         "node1 does not answer"},
        {"HostHighCpu",
         {{R"(node_cpu_seconds_total{mode="idle",cpu="0",instance="n1"})", "0+3x60", "0+24x60"}},
         {{"instance", "n1"}},
         "CPU above 80 % for 5 minutes on n1"},
        {"HostLowMemory",
         {{"node_memory_MemAvailable_bytes" + host, "5x60", "50x60"},
          {"node_memory_MemTotal_bytes" + host, "100x60", "100x60"}},
         {{"instance", "n1"}},
         "less than 10 % of the memory of n1 is free"},
        {"HostFilesystemFull",
         {{R"(node_filesystem_avail_bytes{fstype="ext4",mountpoint="/var",instance="n1"})", "5x60", "50x60"},
          {R"(node_filesystem_size_bytes{fstype="ext4",mountpoint="/var",instance="n1"})", "99x60", "99x60"}},
         {{"fstype", "ext4"}, {"mountpoint", "/var"}, {"instance", "n1"}},
         "less than 10 % of /var on n1 is free"},
        {"HostDiskQueue",
         {{"node_disk_io_time_weighted_seconds_total" + disk, "0+1800x60", "0+30x60"}},
         {{"device", "sda"}, {"instance", "n1"}},
         "queue depth above 50 on sda of n1"},
        {"HostDiskLatency",
         {{"node_disk_read_time_seconds_total" + disk, "0+30x60", "0+1x60"},
          {"node_disk_write_time_seconds_total" + disk, "0+30x60", "0+1x60"},
          {"node_disk_reads_completed_total" + disk, "0+300x60", "0+300x60"},
          {"node_disk_writes_completed_total" + disk, "0+300x60", "0+300x60"}},
         {{"device", "sda"}, {"instance", "n1"}},
         "sda of n1 needs more than 50 ms a request"},
        {"HostClockOff",
         {{"node_timex_offset_seconds" + host, "-0.2x60", "0.001x60"},
          {"node_timex_sync_status" + host, "1x60", "1x60"}},
         {{"instance", "n1"}},
         "the clock of n1 is off or follows nobody"},
        {"UnitFailed",
         {{R"(node_systemd_unit_state{state="failed",name="ceph-osd@1.service",instance="n1"})", "1x60",
           "0x60"}},
         {{"state", "failed"}, {"name", "ceph-osd@1.service"}, {"instance", "n1"}},
         "ceph-osd@1.service failed on n1"},
        {"MdDegraded",
         {{R"(node_md_disks{state="failed",device="md0",instance="n1"})", "1x60", "0x60"}},
         {{"state", "failed"}, {"device", "md0"}, {"instance", "n1"}},
         "a mirror of n1 is degraded"},
        {"HostNetDrops",
         {{R"(node_network_receive_drop_total{device="nic0",instance="n1"})", "0+90x60", "0x60"},
          {R"(node_network_receive_errs_total{device="nic0",instance="n1"})", "0x60", "0x60"}},
         {{"device", "nic0"}, {"instance", "n1"}},
         "packets are dropped on nic0 of n1"},
        {"BondDegraded",
         {{R"(node_bonding_active{master="bond0",instance="n1"})", "1x60", "2x60"},
          {R"(node_bonding_slaves{master="bond0",instance="n1"})", "2x60", "2x60"}},
         {{"master", "bond0"}, {"instance", "n1"}},
         "a port of bond0 on n1 is down"},
        {"TcpRetransmits",
         {{"node_netstat_Tcp_RetransSegs" + host, "0+60x60", "0+1x60"},
          {"node_netstat_Tcp_OutSegs" + host, "0+3000x60", "0+3000x60"}},
         {{"instance", "n1"}},
         "more than 1 % of TCP segments of n1 are sent again"},
        {"QuorumLost",
         {{"ha_cluster_corosync_quorate" + host, "0x60", "1x60"}},
         {{"instance", "n1"}},
         "n1 has no quorum"},
        {"CorosyncRingFault",
         {{"ha_cluster_corosync_ring_errors" + host, "1x60", "0x60"}},
         {{"instance", "n1"}},
         "a corosync link of n1 is down"},
        {"PacemakerNodeUnclean",
         {{R"(ha_cluster_pacemaker_nodes{status="unclean",node="node2"})", "1x60", "0x60"}},
         {{"status", "unclean"}, {"node", "node2"}},
         "node2 is unclean"},
        {"StonithDisabled",
         {{"ha_cluster_pacemaker_stonith_enabled" + host, "0x60", "1x60"}},
         {{"instance", "n1"}},
         "fencing is switched off"},
        {"FencingFailed",
         {{R"(ha_cluster_pacemaker_fail_count{resource="fence-node2",node="node1"})", "1x60", "0x60"}},
         {{"resource", "fence-node2"}, {"node", "node1"}},
         "fence-node2 failed on node1"},
        {"OsdDown",
         {{R"(ceph_osd_up{ceph_daemon="osd.3"})", "0x60", "1x60"}},
         {{"ceph_daemon", "osd.3"}},
         "osd.3 is down"},
        {"CephHealthError",
         {{"ceph_health_status", "2x60", "1x60"}},
         Json::object(),
         "Ceph reports HEALTH_ERR"},
        {"CephMonQuorumAtRisk",
         {{R"(ceph_mon_quorum_status{ceph_daemon="mon.a"})", "1x60", "1x60"},
          {R"(ceph_mon_quorum_status{ceph_daemon="mon.b"})", "1x60", "1x60"},
          {R"(ceph_mon_quorum_status{ceph_daemon="mon.c"})", "0x60", "1x60"},
          {R"(ceph_mon_metadata{ceph_daemon="mon.a"})", "1x60", "1x60"},
          {R"(ceph_mon_metadata{ceph_daemon="mon.b"})", "1x60", "1x60"},
          {R"(ceph_mon_metadata{ceph_daemon="mon.c"})", "1x60", "1x60"}},
         Json::object(),
         "one more monitor down and Ceph stops"},
        {"CephNearFull",
         {{"ceph_cluster_total_used_raw_bytes", "80x60", "20x60"},
          {"ceph_cluster_total_bytes", "100x60", "100x60"}},
         Json::object(),
         "Ceph is 80% full"},
        {"CephBelowSpare",
         {{"ceph_cluster_total_used_raw_bytes", "60x60", "50x60"},
          {"ceph_cluster_total_bytes", "100x60", "100x60"},
          {R"(ceph_osd_stat_bytes{ceph_daemon="osd.0"})", "20x60", "20x60"},
          {R"(ceph_osd_stat_bytes{ceph_daemon="osd.1"})", "20x60", "20x60"},
          {R"(ceph_osd_stat_bytes{ceph_daemon="osd.2"})", "60x60", "30x60"},
          {R"(ceph_osd_metadata{ceph_daemon="osd.0",hostname="node1"})", "1x60", "1x60"},
          {R"(ceph_osd_metadata{ceph_daemon="osd.1",hostname="node1"})", "1x60", "1x60"},
          {R"(ceph_osd_metadata{ceph_daemon="osd.2",hostname="node2"})", "1x60", "1x60"}},
         Json::object(),
         "the data would not fit after the loss of the largest host"},
    };
    return all;
}

/// The alerts' names and severities.
std::map<std::string, std::string> alerts() {
    std::map<std::string, std::string> found;
    const auto rules = parse_json(prometheus_rules(), "rules").value();
    for (const auto& group : rules.at("groups")) {
        for (const auto& rule : group.at("rules")) {
            found.emplace(rule.at("alert"), rule.at("labels").at("severity"));
        }
    }
    return found;
}

Json promtool_test(const Case& one, const std::string& severity, bool fires) {
    Json series = Json::array();
    for (const auto& entry : one.series) {
        series.push_back({{"series", entry.name}, {"values", fires ? entry.firing : entry.quiet}});
    }
    Json expected = Json::array();
    if (fires) {
        Json labels = one.labels;
        labels["severity"] = severity;
        expected.push_back(
            {{"exp_labels", labels},
             {"exp_annotations",
              {{"summary", one.summary}, {"runbook", std::format("{}/{}.md", runbook_folder, one.alert)}}}});
    }
    return {{"interval", "30s"},
            {"input_series", series},
            {"alert_rule_test",
             Json::array({{{"eval_time", "25m"}, {"alertname", one.alert}, {"exp_alerts", expected}}})}};
}

}  // namespace

TEST_CASE("every alert fires when it should, with its text, and is quiet else") {
    const auto severities = alerts();
    const fakes::TempDir dir;
    const auto files = linux_file_system();
    const auto commands = linux_command_runner();
    REQUIRE(files->write(dir / "rules.yml", prometheus_rules()));
    for (const auto& one : cases()) {
        INFO(one.alert);
        REQUIRE(severities.contains(one.alert));
        const auto& severity = severities.at(one.alert);
        const Json document{{"rule_files", Json::array({"rules.yml"})},
                            {"evaluation_interval", "30s"},
                            {"tests", Json::array({promtool_test(one, severity, true),
                                                   promtool_test(one, severity, false)})}};
        REQUIRE(files->write(dir / "test.yml", document.dump(1)));
        const auto done = commands->run({.argv = {"promtool", "test", "rules", (dir / "test.yml").string()}});
        REQUIRE(done);
        INFO(done->out << done->err);
        CHECK(done->exit_status == 0);
    }
}

TEST_CASE("every alert has a test and a page that says what to do, and every page an alert") {
    std::set<std::string> tested, written, named;
    for (const auto& one : cases()) {
        tested.insert(one.alert);
    }
    for (const auto& [name, severity] : alerts()) {
        named.insert(name);
    }
    const auto pages = std::filesystem::path(BEDPLATE_SOURCE_DIR) / "docs/runbooks";
    for (const auto& entry : std::filesystem::directory_iterator(pages)) {
        if (entry.path().stem() != "README") {
            written.insert(entry.path().stem());
        }
    }
    CHECK(tested == named);
    CHECK(written == named);
}
