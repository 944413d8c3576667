// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

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
    };
}

/// Hosts with an OSD each, whose sizes are given, and what all of them hold together.
AlertCase spare_case(const std::vector<unsigned>& sizes, const std::string& too_much,
                     const std::string& enough) {
    unsigned total = 0;
    std::vector<Series> series;
    for (std::size_t n = 0; n < sizes.size(); ++n) {
        const std::string size = std::format("{}x60", sizes[n]);
        series.push_back(
            {std::format(R"(ceph_osd_stat_bytes{{ceph_daemon="osd.{}",instance="ceph",job="ceph"}})", n),
             size, size});
        series.push_back(
            {std::format(
                 R"(ceph_osd_metadata{{ceph_daemon="osd.{0}",hostname="n{0}",instance="ceph",job="ceph"}})",
                 n),
             "1x60", "1x60"});
        total += sizes[n];
    }
    const std::string all = std::format("{}x60", total);
    series.push_back({R"(ceph_cluster_total_bytes{instance="ceph",job="ceph"})", all, all});
    series.push_back({R"(ceph_cluster_total_used_raw_bytes{instance="ceph",job="ceph"})", too_much + "x60",
                      enough + "x60"});
    return {"CephBelowSpare", series, Json::object(),
            "the data would not fit after the loss of the largest host"};
}

std::vector<AlertCase> spare_cases() {
    // Five hosts: all of it has to fit on four. Three or two: what the others have already.
    std::vector<AlertCase> cases{spare_case({20, 20, 20, 20, 20}, "69", "67"),
                                 spare_case({100, 100, 100}, "256", "254"),
                                 spare_case({100, 100, 200}, "256", "254"), spare_case({40, 60}, "69", "67")};
    // The second host is taken out, and with it what could be spare.
    auto alone = spare_case({50, 50}, "99", "99");
    for (auto& one : alone.series) {
        if (one.name.contains("osd.1")) {
            one.quiet = "_x60";
        }
    }
    cases.push_back(alone);
    return cases;
}

std::vector<AlertCase> monitoring_cases() {
    const std::string failed =
        R"(alertmanager_notifications_failed_total{integration="webhook",reason="other",node="n1"})";
    const std::string unsent =
        R"(prometheus_notifications_errors_total{alertmanager="http://10.0.0.12:9093/api/v2/alerts",)"
        R"(instance="10.0.0.11:9090",job="prometheus",node="n1"})";
    const std::string answers = R"(up{instance="10.0.0.12:9093",job="alertmanager",node="n2"})";
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
         {{unsent, "0+1x60", "3x60"}, {answers, "1x60", "1x60"}},
         {{"node", "n1"}},
         "Prometheus on n1 does not reach every Alertmanager"},
        // The other control node is down.
        {"PrometheusCannotSend",
         {{unsent, "0+1x60", "0+1x60"}, {answers, "1x60", "0x60"}},
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
    for (auto& more : {spare_cases(), monitoring_cases()}) {
        cases.insert(cases.end(), more.begin(), more.end());
    }
    return cases;
}

}  // namespace bedplate::test
