// SPDX-License-Identifier: GPL-3.0-or-later
// What the members are to one another: quorum, fencing, registry, certificates, tickets.
#include <array>

#include "cluster/alert_rules.hpp"

namespace bedplate {
namespace {

/// Every node's exporter tells of all nodes of Pacemaker: `max by` makes one alert of what all of them say.
constexpr std::array cluster_rules{
    AlertRule{"QuorumLost", "ha_cluster_corosync_quorate == 0", "15s", alert_critical,
              "{{ $labels.node }} has no quorum"},
    // By the node's own check: the exporter does not understand what corosync 3.1 prints of its links and
    // always counts no error. A node that is down takes its end of every link with it and is told of by
    // HostDown; when it is back, its peers' checks need up to two minutes to say so.
    AlertRule{"CorosyncRingFault",
              R"(bedplate_node_check{check="corosync.links"} == 0 unless on () up{job="node"} == 0)", "3m",
              alert_critical, "a corosync link of {{ $labels.node }} is down"},
    AlertRule{"PacemakerNodeUnclean", R"(max by (node) (ha_cluster_pacemaker_nodes{status="unclean"}) == 1)",
              "0s", alert_critical, "{{ $labels.node }} is unclean"},
    AlertRule{"StonithDisabled", "min(ha_cluster_pacemaker_stonith_enabled) == 0", "5m", alert_critical,
              "fencing is switched off"},
    AlertRule{"FencingFailed",
              R"(max by (node, resource) (ha_cluster_pacemaker_fail_count{resource=~"fence-.*"}) > 0)", "0s",
              alert_critical, "{{ $labels.resource }} failed on {{ $labels.node }}"},
    AlertRule{"FencingUnproved",
              R"x(min by (node) (bedplate_node_check{check=~"ha\\.(fencing|fence-proof)"}) == 0)x", "15m",
              alert_warning, "that {{ $labels.node }} can be fenced has not been proved"},
    AlertRule{"FenceLoop", R"(bedplate_node_check{check="ha.fence-loop"} == 0)", "0s", alert_critical,
              "{{ $labels.node }} was fenced again and again and is kept out"},
    AlertRule{"EtcdNoLeader", "etcd_server_has_leader == 0", "1m", alert_critical,
              "the registry on {{ $labels.node }} has no leader"},
    AlertRule{"EtcdSlowFsync",
              "histogram_quantile(0.99, sum by (node, le) "
              "(rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m]))) > 0.5",
              "10m", alert_warning,
              "1 in 100 writes of the registry on {{ $labels.node }} takes more than half a second"},
    AlertRule{"EtcdDbLarge", "etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes > 0.8",
              "10m", alert_warning, "the registry on {{ $labels.node }} is nearly full"},
};

/// Of bedplate.prom (firstboot/node_metrics.cpp).
constexpr std::array member_rules{
    AlertRule{"InstallIncomplete",
              R"x(label_replace(max by (member) (bedplate_member{state=~"joining|standby"}) == 1, )x"
              R"x("node", "$1", "member", "(.+)"))x",
              "2h", alert_warning, "the first boot of {{ $labels.node }} does not come to its end"},
    AlertRule{"NodeNotReady", "bedplate_node_ready == 0", "15m", alert_warning,
              "{{ $labels.node }} does not pass its own checks"},
    AlertRule{"CertificateExpires", "bedplate_certificate_expires_timestamp_seconds - time() < 30 * 86400",
              "10m", alert_warning,
              "{{ $labels.file }} of {{ $labels.node }} expires in {{ $value | humanizeDuration }}"},
    AlertRule{"TicketExpires", "min by (ticket) (bedplate_ticket_expires_timestamp_seconds) - time() < 600",
              "0s", alert_warning, "join ticket {{ $labels.ticket }} expires unused in 10 minutes"},
    AlertRule{"VersionsDiffer", "count(count by (version) (bedplate_info)) > 1", "6h", alert_warning,
              "the nodes run {{ $value }} versions of Bedplate"},
};

}  // namespace

std::span<const AlertRule> cluster_alerts() {
    return cluster_rules;
}

std::span<const AlertRule> member_alerts() {
    return member_rules;
}

}  // namespace bedplate
