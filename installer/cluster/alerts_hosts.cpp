// SPDX-License-Identifier: GPL-3.0-or-later
// What the node exporter tells of machines, their ports, and what they are made of.
#include <array>

#include "cluster/alert_rules.hpp"

namespace bedplate {
namespace {

constexpr std::array host_rules{
    // A node that joins is a target from its grant on, and runs its exporters at the end of its first boot:
    // as long as it never answered, it is waited for.
    AlertRule{"HostDown",
              R"x(up{job="node"} == 0 unless on (node) (label_replace(max by (member) )x"
              R"x((bedplate_member{state=~"joining|standby"}) == 1, "node", "$1", "member", "(.+)") )x"
              R"x(unless on (node) max_over_time(up{job="node"}[6h]) == 1))x",
              "1m", alert_critical, "{{ $labels.node }} does not answer"},
    AlertRule{"HostHighCpu",
              R"((1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[5m]))) * 100 > 80)", "5m",
              alert_warning, "CPU above 80 % for 5 minutes on {{ $labels.node }}"},
    AlertRule{"HostLowMemory", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1", "5m",
              alert_warning, "less than 10 % of the memory of {{ $labels.node }} is free"},
    AlertRule{"HostFilesystemFull",
              R"(node_filesystem_avail_bytes{fstype=~"ext4|vfat|xfs"} / node_filesystem_size_bytes < 0.1)",
              "10m", alert_warning,
              "less than 10 % of {{ $labels.mountpoint }} on {{ $labels.node }} is free"},
    AlertRule{
        "HostDiskQueue",
        R"x(rate(node_disk_io_time_weighted_seconds_total{device=~"(sd[a-z]+|nvme[0-9]+n[0-9]+)"}[2m]) > 50)x",
        "5m", alert_warning, "queue depth above 50 on {{ $labels.device }} of {{ $labels.node }}"},
    // The kernel counts no distribution: of the means of two minutes, the one that 1 in 10 exceeds. What lies
    // on the disks (dm, md, loop) waits for them and would be told once more.
    AlertRule{
        "HostDiskLatency",
        R"x(quantile_over_time(0.9, )x"
        R"x(((rate(node_disk_read_time_seconds_total{device=~"(sd[a-z]+|nvme[0-9]+n[0-9]+)"}[2m]) + )x"
        R"x(rate(node_disk_write_time_seconds_total[2m])) / (rate(node_disk_reads_completed_total[2m]) + )x"
        R"x(rate(node_disk_writes_completed_total[2m])))[15m:1m]) > 0.05)x",
        "5m", alert_warning, "{{ $labels.device }} of {{ $labels.node }} needs more than 50 ms a request"},
    // Where no time server answers, the control nodes agree on one among them, which follows nobody: that one
    // is in order. A second one is not, nor one whose own chrony says that it has no time.
    AlertRule{
        "HostClockOff",
        R"(abs(node_timex_offset_seconds) > 0.05 )"
        R"(or node_timex_sync_status == 0 and on () count(node_timex_sync_status == 0) > 1 )"
        R"(or node_timex_sync_status == 0 and on (node) bedplate_node_check{check="time.synchronised"} == 0)",
        "5m", alert_critical, "the clock of {{ $labels.node }} is off or follows nobody"},
    // Of most units the exporter tells only how many failed (firstboot/monitoring_steps.cpp).
    AlertRule{"UnitFailed",
              R"(node_systemd_unit_state{state="failed"} == 1 )"
              R"(or node_systemd_units{state="failed"} - on (node) )"
              R"(sum by (node) (node_systemd_unit_state{state="failed"}) > 0)",
              "5m", alert_warning,
              "{{ if $labels.name }}{{ $labels.name }}{{ else }}{{ $value }} of the other units{{ end }} "
              "failed on {{ $labels.node }}"},
    AlertRule{"MdDegraded",
              R"(node_md_disks{state="failed"} > 0 or node_md_disks_required - ignoring(state) )"
              R"(node_md_disks{state="active"} > 0)",
              "0s", alert_critical, "a mirror of {{ $labels.node }} is degraded"},
};

/// Of bedplate-hardware.prom (firstboot/hardware.cpp).
constexpr std::array hardware_rules{
    AlertRule{"DiskFailing", "bedplate_disk_healthy == 0 or bedplate_disk_answers == 0", "0s", alert_critical,
              "disk {{ $labels.serial }} ({{ $labels.device }}) of {{ $labels.node }} is failing"},
    AlertRule{"DiskBadSectors", "bedplate_disk_bad_sectors > 0", "0s", alert_warning,
              "disk {{ $labels.serial }} ({{ $labels.device }}) of {{ $labels.node }} cannot read all of its "
              "sectors"},
    AlertRule{"DiskWornOut", "bedplate_disk_used_ratio > 0.9", "0s", alert_warning,
              "disk {{ $labels.serial }} ({{ $labels.device }}) of {{ $labels.node }} has "
              "{{ $value | humanizePercentage }} of its writes behind it"},
    AlertRule{"SensorCritical", "bedplate_sensor_state == 2", "0s", alert_critical,
              "sensor {{ $labels.sensor }} of {{ $labels.node }} is critical"},
    AlertRule{
        "ReadingsOld",
        R"x(time() - node_textfile_mtime_seconds{file=~".*/bedplate(-hardware|-logs)?\\.prom"} > 1800)x",
        "5m", alert_warning, "{{ $labels.file }} of {{ $labels.node }} is not written any more"},
};

constexpr std::array network_rules{
    AlertRule{"HostNetDrops",
              R"(rate(node_network_receive_drop_total{device!~"lo|tap.*|vnet.*|veth.*"}[5m]) + )"
              R"(rate(node_network_receive_errs_total{device!~"lo|tap.*|vnet.*|veth.*"}[5m]) > 1)",
              "5m", alert_warning, "packets are dropped on {{ $labels.device }} of {{ $labels.node }}"},
    AlertRule{"BondDegraded", "node_bonding_active < node_bonding_slaves", "30s", alert_critical,
              "a port of {{ $labels.master }} on {{ $labels.node }} is down"},
    // A port with a link that its switch does not take into the group.
    AlertRule{"LacpLegLost", R"(bedplate_bond_ports_in_service{mode="802.3ad"} < bedplate_bond_ports)", "1m",
              alert_critical,
              "only {{ $value }} of the ports of {{ $labels.master }} on {{ $labels.node }} carry packets"},
    AlertRule{"TcpRetransmits",
              "rate(node_netstat_Tcp_RetransSegs[5m]) / rate(node_netstat_Tcp_OutSegs[5m]) > 0.01", "10m",
              alert_warning, "more than 1 % of TCP segments of {{ $labels.node }} are sent again"},
};

}  // namespace

std::span<const AlertRule> host_alerts() {
    return host_rules;
}

std::span<const AlertRule> hardware_alerts() {
    return hardware_rules;
}

std::span<const AlertRule> network_alerts() {
    return network_rules;
}

}  // namespace bedplate
