// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/cluster/alert_cases.hpp"

namespace bedplate::test {
namespace {

std::vector<AlertCase> machine_cases() {
    return {
        {"HostDown",
         {{R"(up{job="node",node="n1"})", "0x60", "1x60"}},
         {{"job", "node"}, {"node", "n1"}},
         "n1 does not answer"},
        // What a control node knows to be joining is not waited for yet.
        {"HostDown",
         {{R"(up{job="node",node="n1"})", "0x60", "0x60"},
          {R"(bedplate_member{node="n0",member="n1",state="standby"})", "0x60", "1x60"}},
         {{"job", "node"}, {"node", "n1"}},
         "n1 does not answer"},
        // It answered before: no longer.
        {"HostDown",
         {{R"(up{job="node",node="n1"})", "1x20 0x40", "0x60"},
          {R"(bedplate_member{node="n0",member="n1",state="standby"})", "1x60", "1x60"}},
         {{"job", "node"}, {"node", "n1"}},
         "n1 does not answer"},
        {"HostHighCpu",
         {{R"(node_cpu_seconds_total{mode="idle",cpu="0",node="n1"})", "0+3x60", "0+24x60"}},
         {{"node", "n1"}},
         "CPU above 80 % for 5 minutes on n1"},
        {"HostLowMemory",
         {{R"(node_memory_MemAvailable_bytes{node="n1"})", "5x60", "50x60"},
          {R"(node_memory_MemTotal_bytes{node="n1"})", "100x60", "100x60"}},
         {{"node", "n1"}},
         "less than 10 % of the memory of n1 is free"},
        {"HostFilesystemFull",
         {{R"(node_filesystem_avail_bytes{fstype="ext4",mountpoint="/var",node="n1"})", "5x60", "50x60"},
          {R"(node_filesystem_size_bytes{fstype="ext4",mountpoint="/var",node="n1"})", "99x60", "99x60"}},
         {{"fstype", "ext4"}, {"mountpoint", "/var"}, {"node", "n1"}},
         "less than 10 % of /var on n1 is free"},
        {"HostDiskQueue",
         {{R"(node_disk_io_time_weighted_seconds_total{device="sda",node="n1"})", "0+1800x60", "0+30x60"}},
         {{"device", "sda"}, {"node", "n1"}},
         "queue depth above 50 on sda of n1"},
        // A volume on the disk is as slow as the disk, and is not told of.
        {"HostDiskLatency",
         {{R"(node_disk_read_time_seconds_total{device="sda",node="n1"})", "0+30x60", "0+1x60"},
          {R"(node_disk_write_time_seconds_total{device="sda",node="n1"})", "0+30x60", "0+1x60"},
          {R"(node_disk_reads_completed_total{device="sda",node="n1"})", "0+300x60", "0+300x60"},
          {R"(node_disk_writes_completed_total{device="sda",node="n1"})", "0+300x60", "0+300x60"},
          {R"(node_disk_read_time_seconds_total{device="dm-0",node="n1"})", "0+30x60", "0+30x60"},
          {R"(node_disk_write_time_seconds_total{device="dm-0",node="n1"})", "0+30x60", "0+30x60"},
          {R"(node_disk_reads_completed_total{device="dm-0",node="n1"})", "0+300x60", "0+300x60"},
          {R"(node_disk_writes_completed_total{device="dm-0",node="n1"})", "0+300x60", "0+300x60"}},
         {{"device", "sda"}, {"node", "n1"}},
         "sda of n1 needs more than 50 ms a request"},
        // Once half a minute with 240 ms a request, and five minutes later all is well.
        {"HostDiskLatency",
         {{R"(node_disk_read_time_seconds_total{device="nvme0n1",node="n1"})", "0+24x60", "0x40 72x20"},
          {R"(node_disk_write_time_seconds_total{device="nvme0n1",node="n1"})", "0x60", "0x60"},
          {R"(node_disk_reads_completed_total{device="nvme0n1",node="n1"})", "0+300x60", "0+300x60"},
          {R"(node_disk_writes_completed_total{device="nvme0n1",node="n1"})", "0x60", "0x60"}},
         {{"device", "nvme0n1"}, {"node", "n1"}},
         "nvme0n1 of n1 needs more than 50 ms a request"},
        {"MdDegraded",
         {{R"(node_md_disks{state="failed",device="md0",node="n1"})", "1x60", "0x60"}},
         {{"state", "failed"}, {"device", "md0"}, {"node", "n1"}},
         "a mirror of n1 is degraded"},
    };
}

/// The node exporter tells of the kernel's clock, the node's own check of chrony's.
std::vector<AlertCase> clock_cases() {
    const std::string check = R"(bedplate_node_check{check="time.synchronised",node="n1"})";
    const std::string text = "the clock of n1 is off or follows nobody";
    const std::string first = R"(node_timex_sync_status{node="n1"})",
                      second = R"(node_timex_sync_status{node="n2"})";
    return {
        {"HostClockOff",
         {{R"(node_timex_offset_seconds{node="n1"})", "-0.2x60", "0.001x60"},
          {first, "1x60", "1x60"},
          {check, "1x60", "1x60"}},
         {{"node", "n1"}},
         text},
        // No time server answers: one of them is the others' clock, which is in order.
        {"HostClockOff",
         {{R"(node_timex_offset_seconds{node="n1"})", "0x60", "0x60"},
          {first, "0x60", "0x60"},
          {second, "0x60", "1x60"},
          {check, "1x60", "1x60"}},
         {{"node", "n1"}},
         text,
         "25m",
         false,
         {ToldAlert{.labels = {{"node", "n2"}}, .summary = "the clock of n2 is off or follows nobody"}}},
        // chrony itself says that it follows nobody.
        {"HostClockOff",
         {{first, "0x60", "1x60"}, {second, "1x60", "1x60"}, {check, "0x60", "0x60"}},
         {{"node", "n1"}},
         text},
    };
}

std::vector<AlertCase> unit_cases() {
    const std::string failed = R"(node_systemd_units{state="failed",node="n1"})";
    const std::string osd =
        R"(node_systemd_unit_state{state="failed",name="ceph-osd@1.service",type="simple",node="n1"})";
    const std::string ssh =
        R"(node_systemd_unit_state{state="failed",name="ssh.service",type="notify",node="n1"})";
    const Json labels{
        {"state", "failed"}, {"name", "ceph-osd@1.service"}, {"type", "simple"}, {"node", "n1"}};
    return {
        {"UnitFailed",
         {{osd, "1x60", "0x60"}, {ssh, "0x60", "0x60"}, {failed, "1x60", "0x60"}},
         labels,
         "ceph-osd@1.service failed on n1"},
        // Two of those that are only counted, beside one with a name.
        {"UnitFailed",
         {{osd, "1x60", "0x60"}, {ssh, "0x60", "0x60"}, {failed, "3x60", "0x60"}},
         labels,
         "ceph-osd@1.service failed on n1",
         "25m",
         false,
         {ToldAlert{.labels = {{"node", "n1"}}, .summary = "2 of the other units failed on n1"}}},
    };
}

std::vector<AlertCase> hardware_cases() {
    return {
        {"DiskFailing",
         {{R"(bedplate_disk_healthy{device="/dev/sdb",serial="S2",node="n1"})", "0x60", "1x60"}},
         {{"device", "/dev/sdb"}, {"serial", "S2"}, {"node", "n1"}},
         "disk S2 (/dev/sdb) of n1 is failing"},
        {"DiskFailing",
         {{R"(bedplate_disk_answers{device="/dev/sdb",serial="",node="n1"})", "0x60", "1x60"}},
         {{"device", "/dev/sdb"}, {"node", "n1"}},
         "disk  (/dev/sdb) of n1 is failing"},
        {"DiskBadSectors",
         {{R"(bedplate_disk_bad_sectors{device="/dev/sdb",serial="S2",node="n1"})", "8x60", "0x60"}},
         {{"device", "/dev/sdb"}, {"serial", "S2"}, {"node", "n1"}},
         "disk S2 (/dev/sdb) of n1 cannot read all of its sectors"},
        {"DiskWornOut",
         {{R"(bedplate_disk_used_ratio{device="/dev/nvme0",serial="S3",node="n1"})", "0.95x60", "0.2x60"}},
         {{"device", "/dev/nvme0"}, {"serial", "S3"}, {"node", "n1"}},
         "disk S3 (/dev/nvme0) of n1 has 95% of its writes behind it"},
        {"SensorCritical",
         {{R"(bedplate_sensor_state{sensor="Fan1 RPM",node="n1"})", "2x60", "1x60"}},
         {{"sensor", "Fan1 RPM"}, {"node", "n1"}},
         "sensor Fan1 RPM of n1 is critical"},
        {"ReadingsOld",
         {{R"(node_textfile_mtime_seconds{file="/x/bedplate.prom",node="n1"})", "-2000x60", "1400x60"}},
         {{"file", "/x/bedplate.prom"}, {"node", "n1"}},
         "/x/bedplate.prom of n1 is not written any more"},
    };
}

std::vector<AlertCase> network_cases() {
    return {
        {"HostNetDrops",
         {{R"(node_network_receive_drop_total{device="nic0",node="n1"})", "0+90x60", "0x60"},
          {R"(node_network_receive_errs_total{device="nic0",node="n1"})", "0x60", "0x60"}},
         {{"device", "nic0"}, {"node", "n1"}},
         "packets are dropped on nic0 of n1"},
        {"BondDegraded",
         {{R"(node_bonding_active{master="bond0",node="n1"})", "1x60", "2x60"},
          {R"(node_bonding_slaves{master="bond0",node="n1"})", "2x60", "2x60"}},
         {{"master", "bond0"}, {"node", "n1"}},
         "a port of bond0 on n1 is down"},
        {"LacpLegLost",
         {{R"(bedplate_bond_ports_in_service{master="bond0",mode="802.3ad",node="n1"})", "1x60", "2x60"},
          {R"(bedplate_bond_ports{master="bond0",mode="802.3ad",node="n1"})", "2x60", "2x60"}},
         {{"master", "bond0"}, {"mode", "802.3ad"}, {"node", "n1"}},
         "only 1 of the ports of bond0 on n1 carry packets"},
        {"TcpRetransmits",
         {{R"(node_netstat_Tcp_RetransSegs{node="n1"})", "0+60x60", "0+1x60"},
          {R"(node_netstat_Tcp_OutSegs{node="n1"})", "0+3000x60", "0+3000x60"}},
         {{"node", "n1"}},
         "more than 1 % of TCP segments of n1 are sent again"},
    };
}

}  // namespace

std::vector<AlertCase> host_cases() {
    auto cases = machine_cases();
    for (auto& more : {clock_cases(), unit_cases(), hardware_cases(), network_cases()}) {
        cases.insert(cases.end(), more.begin(), more.end());
    }
    return cases;
}

}  // namespace bedplate::test
