// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/cluster/alert_cases.hpp"

namespace bedplate::test {
namespace {

std::vector<AlertCase> ceph_cases() {
    return {
        {"OsdDown",
         {{R"(ceph_osd_up{ceph_daemon="osd.3"})", "0x60", "1x60"},
          {R"(ceph_osd_metadata{ceph_daemon="osd.3",hostname="n2"})", "1x60", "1x60"}},
         {{"ceph_daemon", "osd.3"}, {"hostname", "n2"}, {"node", "n2"}},
         "osd.3 is down"},
        // Its host is not known any more: told all the same.
        {"OsdDown",
         {{R"(ceph_osd_up{ceph_daemon="osd.3"})", "0x60", "1x60"}},
         {{"ceph_daemon", "osd.3"}},
         "osd.3 is down"},
        {"CephHealthError",
         {{"ceph_health_status", "2x60", "1x60"}},
         Json::object(),
         "Ceph reports HEALTH_ERR"},
        {"CephSilent",
         {{"ceph_health_status", "_x60", "0x60"}},
         Json::object(),
         "no manager tells how Ceph is"},
        {"CephPgsInactive",
         {{R"(ceph_pg_total{pool_id="1"})", "33x60", "33x60"},
          {R"(ceph_pg_active{pool_id="1"})", "30x60", "33x60"}},
         Json::object(),
         "3 placement groups serve nobody"},
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
        {"OsdNearFull",
         {{R"(ceph_osd_stat_bytes_used{ceph_daemon="osd.3"})", "90x60", "20x60"},
          {R"(ceph_osd_stat_bytes{ceph_daemon="osd.3"})", "100x60", "100x60"}},
         {{"ceph_daemon", "osd.3"}},
         "osd.3 is 90% full"},
        {"CephBelowSpare",
         {{"ceph_cluster_total_used_raw_bytes", "60x60", "50x60"},
          {"ceph_cluster_total_bytes", "100x60", "100x60"},
          {R"(ceph_osd_stat_bytes{ceph_daemon="osd.0"})", "20x60", "20x60"},
          {R"(ceph_osd_stat_bytes{ceph_daemon="osd.1"})", "20x60", "20x60"},
          {R"(ceph_osd_stat_bytes{ceph_daemon="osd.2"})", "60x60", "30x60"},
          {R"(ceph_osd_metadata{ceph_daemon="osd.0",hostname="n1"})", "1x60", "1x60"},
          {R"(ceph_osd_metadata{ceph_daemon="osd.1",hostname="n1"})", "1x60", "1x60"},
          {R"(ceph_osd_metadata{ceph_daemon="osd.2",hostname="n2"})", "1x60", "1x60"}},
         Json::object(),
         "the data would not fit after the loss of the largest host"},
    };
}

std::vector<AlertCase> monitoring_cases() {
    const std::string failed =
        R"(alertmanager_notifications_failed_total{integration="webhook",reason="other",node="n1"})";
    return {
        {"ExporterDown",
         {{R"(up{job="libvirt",node="n1"})", "0x60", "1x60"}},
         {{"job", "libvirt"}, {"node", "n1"}},
         "libvirt on n1 tells nothing"},
        {"PrometheusRuleFailures",
         {{R"(prometheus_rule_evaluation_failures_total{rule_group="a",node="n1"})", "0+1x60", "0x60"},
          {R"(prometheus_rule_evaluation_failures_total{rule_group="b",node="n1"})", "0+1x60", "7x60"}},
         {{"node", "n1"}},
         "Prometheus on n1 cannot evaluate all of its rules"},
        {"PrometheusCannotSend",
         {{R"(prometheus_notifications_errors_total{alertmanager="x",node="n1"})", "0+1x60", "3x60"}},
         {{"node", "n1"}},
         "Prometheus on n1 does not reach every Alertmanager"},
        {"AlertsNotDelivered",
         {{failed, "0+1x60", "3x60"}},
         {{"integration", "webhook"}, {"node", "n1"}},
         "Alertmanager on n1 does not reach a receiver of alerts"},
        // The third one does not answer, and that is told by another alert.
        {"AlertmanagerNotClustered",
         {{R"(alertmanager_cluster_members{job="alertmanager",node="n1"})", "1x60", "2x60"},
          {R"(up{job="alertmanager",node="n1"})", "1x60", "1x60"},
          {R"(up{job="alertmanager",node="n2"})", "1x60", "1x60"},
          {R"(up{job="alertmanager",node="n3"})", "0x60", "0x60"}},
         {{"job", "alertmanager"}, {"node", "n1"}},
         "Alertmanager on n1 does not see all others"},
        {"Watchdog", {}, Json::object(), "the monitoring works", "25m", true},
    };
}

}  // namespace

std::vector<AlertCase> service_cases() {
    auto cases = ceph_cases();
    for (auto& one : monitoring_cases()) {
        cases.push_back(one);
    }
    return cases;
}

}  // namespace bedplate::test
