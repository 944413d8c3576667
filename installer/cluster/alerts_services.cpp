// SPDX-License-Identifier: GPL-3.0-or-later
// Ceph as its manager tells it, and the monitoring itself.
#include <array>

#include "cluster/alert_rules.hpp"

namespace bedplate {
namespace {

constexpr std::array ceph_rules{
    // With its host, where the manager knows it: what lies on a node that is down is told with the node.
    AlertRule{
        "OsdDown",
        R"x(label_replace((ceph_osd_up == 0) * on (ceph_daemon) group_left (hostname) )x"
        R"x(ceph_osd_metadata, "node", "$1", "hostname", "(.+)") or on (ceph_daemon) ceph_osd_up == 0)x",
        "1m", alert_critical, "{{ $labels.ceph_daemon }} is down"},
    AlertRule{"CephHealthError", "ceph_health_status == 2", "5m", alert_critical, "Ceph reports HEALTH_ERR"},
    AlertRule{"CephSilent", "absent(ceph_health_status)", "5m", alert_critical,
              "no manager tells how Ceph is"},
    AlertRule{"CephPgsInactive", "sum(ceph_pg_total) - sum(ceph_pg_active) > 0", "2m", alert_critical,
              "{{ $value }} placement groups serve nobody"},
    AlertRule{"CephMonQuorumAtRisk",
              "count(ceph_mon_quorum_status == 1) <= floor(count(ceph_mon_metadata) / 2) + 1", "1m",
              alert_critical, "one more monitor down and Ceph stops"},
    AlertRule{"CephNearFull", "ceph_cluster_total_used_raw_bytes / ceph_cluster_total_bytes > 0.75", "10m",
              alert_warning, "Ceph is {{ $value | humanizePercentage }} full"},
    AlertRule{"OsdNearFull", "ceph_osd_stat_bytes_used / ceph_osd_stat_bytes > 0.8", "10m", alert_warning,
              "{{ $labels.ceph_daemon }} is {{ $value | humanizePercentage }} full"},
    // What is left after the largest host is lost, up to the ratio at which Ceph calls an OSD nearly full.
    // Three copies lie on as many hosts: with three hosts or two, those of the lost one are not made anew,
    // and only the share of the others has to fit. One host alone has nothing to spare.
    AlertRule{"CephBelowSpare",
              "ceph_cluster_total_used_raw_bytes * on () "
              "clamp_max(((count(count by (hostname) (ceph_osd_metadata)) > 1) - 1) / "
              "clamp_max(count(count by (hostname) (ceph_osd_metadata)), 3), 1) > on () "
              "0.85 * (ceph_cluster_total_bytes - on () "
              "max(sum by (hostname) (ceph_osd_stat_bytes * on (ceph_daemon) group_left (hostname) "
              "ceph_osd_metadata)))",
              "10m", alert_warning, "the data would not fit after the loss of the largest host"},
};

constexpr std::array monitoring_rules{
    // Not of a node that joins and whose exporters have not begun yet.
    AlertRule{"ExporterDown",
              R"x(up{job!="node"} == 0 unless on (node) (label_replace(max by (member) )x"
              R"x((bedplate_member{state=~"joining|standby"}) == 1, "node", "$1", "member", "(.+)") )x"
              R"x(unless on (node) max_over_time(up{job="node"}[6h]) == 1))x",
              "5m", alert_warning, "{{ $labels.job }} on {{ $labels.node }} tells nothing"},
    AlertRule{"PrometheusRuleFailures",
              "sum by (node) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0", "10m",
              alert_warning, "Prometheus on {{ $labels.node }} cannot evaluate all of its rules"},
    // Of those that answer when they are asked: a control node that is down is told of by HostDown, an
    // Alertmanager that is by ExporterDown.
    AlertRule{"PrometheusCannotSend",
              R"x(sum by (node) (label_replace(increase(prometheus_notifications_errors_total[5m]), )x"
              R"x("at", "$1", "alertmanager", "https?://([^/]+)/.*") and on (at) )x"
              R"x(label_replace(up{job="alertmanager"} == 1, "at", "$1", "instance", "(.+)")) > 0)x",
              "10m", alert_warning, "Prometheus on {{ $labels.node }} does not reach every Alertmanager"},
    AlertRule{"AlertsNotDelivered",
              "sum by (node, integration) (increase(alertmanager_notifications_failed_total[10m])) > 0", "0s",
              alert_warning, "Alertmanager on {{ $labels.node }} does not reach a receiver of alerts"},
    // Against those that answer: a control node that is down is told of by HostDown.
    AlertRule{"AlertmanagerNotClustered",
              R"(alertmanager_cluster_members < on () group_left () count(up{job="alertmanager"} == 1))",
              "10m", alert_warning, "Alertmanager on {{ $labels.node }} does not see all others"},
    // For whoever waits for a sign of life (monitoring.heartbeat of the site).
    AlertRule{"Watchdog", "vector(1)", "0s", alert_none, "the monitoring works"},
};

}  // namespace

std::span<const AlertRule> ceph_alerts() {
    return ceph_rules;
}

std::span<const AlertRule> monitoring_alerts() {
    return monitoring_rules;
}

}  // namespace bedplate
