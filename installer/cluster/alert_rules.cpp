// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody is told of. Each alert has a page in docs/runbooks and a test that makes it fire.
#include <array>
#include <format>

#include "cluster/files.hpp"

namespace bedplate {
namespace {

struct Rule {
    std::string_view name, expression, duration, severity, summary;
};

constexpr std::string_view warning = "warning", critical = "critical";

constexpr std::array host_rules{
    Rule{"HostDown", R"(up{job="node"} == 0)", "1m", critical, "{{ $labels.node }} does not answer"},
    Rule{"HostHighCpu",
         R"((1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))) * 100 > 80)", "5m",
         warning, "CPU above 80 % for 5 minutes on {{ $labels.instance }}"},
    Rule{"HostLowMemory", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1", "5m", warning,
         "less than 10 % of the memory of {{ $labels.instance }} is free"},
    Rule{"HostFilesystemFull",
         R"(node_filesystem_avail_bytes{fstype=~"ext4|vfat|xfs"} / node_filesystem_size_bytes < 0.1)", "10m",
         warning, "less than 10 % of {{ $labels.mountpoint }} on {{ $labels.instance }} is free"},
    Rule{
        "HostDiskQueue",
        R"x(rate(node_disk_io_time_weighted_seconds_total{device=~"(sd[a-z]+|nvme[0-9]+n[0-9]+)"}[2m]) > 50)x",
        "5m", warning, "queue depth above 50 on {{ $labels.device }} of {{ $labels.instance }}"},
    // The kernel counts no distribution: of the means of half minutes, the one that 1 in 100 exceeds.
    Rule{"HostDiskLatency",
         "quantile_over_time(0.99, ((rate(node_disk_read_time_seconds_total[1m]) + "
         "rate(node_disk_write_time_seconds_total[1m])) / (rate(node_disk_reads_completed_total[1m]) + "
         "rate(node_disk_writes_completed_total[1m])))[10m:30s]) > 0.05",
         "5m", warning, "{{ $labels.device }} of {{ $labels.instance }} needs more than 50 ms a request"},
    Rule{"HostClockOff", "abs(node_timex_offset_seconds) > 0.05 or node_timex_sync_status == 0", "5m",
         critical, "the clock of {{ $labels.instance }} is off or follows nobody"},
    Rule{"UnitFailed", R"(node_systemd_unit_state{state="failed"} == 1)", "5m", warning,
         "{{ $labels.name }} failed on {{ $labels.instance }}"},
    Rule{"MdDegraded",
         R"(node_md_disks{state="failed"} > 0 or node_md_disks_required - ignoring(state) )"
         R"(node_md_disks{state="active"} > 0)",
         "0s", critical, "a mirror of {{ $labels.instance }} is degraded"},
};

constexpr std::array network_rules{
    Rule{"HostNetDrops",
         R"(rate(node_network_receive_drop_total{device!~"lo|tap.*|vnet.*|veth.*"}[5m]) + )"
         R"(rate(node_network_receive_errs_total{device!~"lo|tap.*|vnet.*|veth.*"}[5m]) > 1)",
         "5m", warning, "packets are dropped on {{ $labels.device }} of {{ $labels.instance }}"},
    Rule{"BondDegraded", "node_bonding_active < node_bonding_slaves", "30s", critical,
         "a port of {{ $labels.master }} on {{ $labels.instance }} is down"},
    Rule{"TcpRetransmits",
         "rate(node_netstat_Tcp_RetransSegs[5m]) / rate(node_netstat_Tcp_OutSegs[5m]) > 0.01", "10m", warning,
         "more than 1 % of TCP segments of {{ $labels.instance }} are sent again"},
};

constexpr std::array cluster_rules{
    Rule{"QuorumLost", "ha_cluster_corosync_quorate == 0", "15s", critical,
         "{{ $labels.instance }} has no quorum"},
    Rule{"CorosyncRingFault", "ha_cluster_corosync_ring_errors > 0", "1m", critical,
         "a corosync link of {{ $labels.instance }} is down"},
    Rule{"PacemakerNodeUnclean", R"(ha_cluster_pacemaker_nodes{status="unclean"} == 1)", "0s", critical,
         "{{ $labels.node }} is unclean"},
    Rule{"StonithDisabled", "ha_cluster_pacemaker_stonith_enabled == 0", "5m", critical,
         "fencing is switched off"},
    Rule{"FencingFailed", R"(ha_cluster_pacemaker_fail_count{resource=~"fence-.*"} > 0)", "0s", critical,
         "{{ $labels.resource }} failed on {{ $labels.node }}"},
};

constexpr std::array ceph_rules{
    Rule{"OsdDown", "ceph_osd_up == 0", "1m", critical, "{{ $labels.ceph_daemon }} is down"},
    Rule{"CephHealthError", "ceph_health_status == 2", "5m", critical, "Ceph reports HEALTH_ERR"},
    Rule{"CephMonQuorumAtRisk",
         "count(ceph_mon_quorum_status == 1) <= floor(count(ceph_mon_metadata) / 2) + 1", "1m", critical,
         "one more monitor down and Ceph stops"},
    Rule{"CephNearFull", "ceph_cluster_total_used_raw_bytes / ceph_cluster_total_bytes > 0.75", "10m",
         warning, "Ceph is {{ $value | humanizePercentage }} full"},
    // What is left after the largest host is lost, up to the ratio at which Ceph calls an OSD nearly full.
    Rule{"CephBelowSpare",
         "ceph_cluster_total_used_raw_bytes > on () 0.85 * (ceph_cluster_total_bytes - on () "
         "max(sum by (hostname) (ceph_osd_stat_bytes * on (ceph_daemon) group_left (hostname) "
         "ceph_osd_metadata)))",
         "10m", warning, "the data would not fit after the loss of the largest host"},
};

template <std::size_t count>
void append(Json& groups, std::string_view name, const std::array<Rule, count>& rules) {
    Json list = Json::array();
    for (const auto& rule : rules) {
        list.push_back(
            Json{{"alert", rule.name},
                 {"expr", rule.expression},
                 {"for", rule.duration},
                 {"labels", Json{{"severity", rule.severity}}},
                 {"annotations", Json{{"summary", rule.summary},
                                      {"runbook", std::format("{}/{}.md", runbook_folder, rule.name)}}}});
    }
    groups.push_back(Json{{"name", name}, {"rules", list}});
}

}  // namespace

std::string prometheus_rules() {
    Json groups = Json::array();
    append(groups, "hosts", host_rules);
    append(groups, "network", network_rules);
    append(groups, "cluster", cluster_rules);
    append(groups, "ceph", ceph_rules);
    return Json{{"groups", groups}}.dump(2) + "\n";
}

}  // namespace bedplate
