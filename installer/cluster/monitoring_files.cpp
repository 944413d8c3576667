// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <format>

#include "cluster/files.hpp"

namespace bedplate {
namespace {

struct Rule {
    std::string_view name, expression, duration, severity, summary;
};

// Thresholds are those of the reference (CPU, queue, loss, bonds, quorum, fencing, OSDs, mirrors).
constexpr std::array rules{
    Rule{"HostHighCpu",
         R"((1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))) * 100 > 80)", "5m",
         "warning", "CPU above 80 % for 5 minutes on {{ $labels.instance }}"},
    Rule{
        "HostDiskQueue",
        R"x(rate(node_disk_io_time_weighted_seconds_total{device=~"(sd[a-z]+|nvme[0-9]+n[0-9]+)"}[2m]) > 50)x",
        "5m", "warning", "queue depth above 50 on {{ $labels.device }} of {{ $labels.instance }}"},
    Rule{"HostNetDrops",
         R"(rate(node_network_receive_drop_total{device!~"lo|tap.*|vnet.*|veth.*"}[5m]) + )"
         R"(rate(node_network_receive_errs_total{device!~"lo|tap.*|vnet.*|veth.*"}[5m]) > 1)",
         "5m", "warning", "packets are dropped on {{ $labels.device }} of {{ $labels.instance }}"},
    Rule{"BondDegraded", "node_bonding_active < node_bonding_slaves", "30s", "critical",
         "a port of {{ $labels.master }} on {{ $labels.instance }} is down"},
    Rule{"TcpRetransmits",
         "rate(node_netstat_Tcp_RetransSegs[5m]) / rate(node_netstat_Tcp_OutSegs[5m]) > 0.01", "10m",
         "warning", "more than 1 % of TCP segments of {{ $labels.instance }} are sent again"},
    Rule{"QuorumLost", "ha_cluster_corosync_quorate == 0", "15s", "critical",
         "{{ $labels.instance }} has no quorum"},
    Rule{"CorosyncRingFault", "ha_cluster_corosync_ring_errors > 0", "1m", "critical",
         "a corosync link of {{ $labels.instance }} is down"},
    Rule{"PacemakerNodeUnclean", R"(ha_cluster_pacemaker_nodes{status="unclean"} == 1)", "0s", "critical",
         "{{ $labels.node }} is unclean"},
    Rule{"StonithDisabled", "ha_cluster_pacemaker_stonith_enabled == 0", "5m", "critical",
         "fencing is switched off"},
    Rule{"OsdDown", "ceph_osd_up == 0", "1m", "critical", "{{ $labels.ceph_daemon }} is down"},
    Rule{"CephMonQuorumAtRisk",
         "count(ceph_mon_quorum_status == 1) <= floor(count(ceph_mon_metadata) / 2) + 1", "1m", "critical",
         "one more monitor down and Ceph stops"},
    Rule{"MdDegraded",
         R"(node_md_disks{state="failed"} > 0 or node_md_disks_required - ignoring(state) )"
         R"(node_md_disks{state="active"} > 0)",
         "0s", "critical", "a mirror of {{ $labels.instance }} is degraded"},
};

Json files_in(std::string pattern, std::string refresh) {
    return Json::array(
        {Json{{"files", Json::array({std::move(pattern)})}, {"refresh_interval", std::move(refresh)}}});
}

Json scrape(std::string_view job, bool honor_labels) {
    return Json{{"job_name", job},
                {"honor_labels", honor_labels},
                {"file_sd_configs", files_in(std::format("/etc/prometheus/targets/{}-*.json", job), "1m")}};
}

}  // namespace

// Each control node asks all nodes, so every exporter is asked up to five times in an interval; some of them
// start half a dozen programs for it.
//
// YAML is a superset of JSON, and JSON cannot be got wrong by an indentation.
std::string prometheus_conf(std::string_view cluster, std::string_view hostname) {
    const Json relabel{{"regex", "replica"}, {"action", "labeldrop"}};
    const Json managers{{"file_sd_configs", files_in("/etc/prometheus/targets/alertmanager-*.json", "1m")}};
    const Json labels{{"cluster", cluster}, {"replica", hostname}};
    const Json document{
        {"global",
         Json{{"scrape_interval", "30s"}, {"evaluation_interval", "30s"}, {"external_labels", labels}}},
        {"rule_files", Json::array({"/etc/prometheus/rules/bedplate.yml"})},
        {"alerting",
         Json{{"alert_relabel_configs", Json::array({relabel})}, {"alertmanagers", Json::array({managers})}}},
        {"scrape_configs", Json::array({scrape("node", false), scrape("ceph", true), scrape("libvirt", false),
                                        scrape("hacluster", false)})}};
    return document.dump(2) + "\n";
}

std::string prometheus_rules() {
    Json list = Json::array();
    for (const auto& rule : rules) {
        Json labels{{"severity", rule.severity}};
        Json annotations{{"summary", rule.summary}};
        list.push_back(Json{{"alert", rule.name},
                            {"expr", rule.expression},
                            {"for", rule.duration},
                            {"labels", std::move(labels)},
                            {"annotations", std::move(annotations)}});
    }
    const Json group{{"name", "bedplate"}, {"rules", list}};
    return Json{{"groups", Json::array({group})}}.dump(2) + "\n";
}

std::string prometheus_target(const Member& member, std::uint16_t port) {
    const Json labels{{"node", member.hostname}};
    const Json target{{"targets", Json::array({std::format("{}:{}", member.management.to_text(), port)})},
                      {"labels", labels}};
    return Json::array({target}).dump(2) + "\n";
}

std::string alertmanager_conf(std::span<const std::string> webhooks) {
    Json hooks = Json::array();
    for (const auto& url : webhooks) {
        hooks.push_back(Json{{"url", url}});
    }
    const Json receiver{{"name", "default"}, {"webhook_configs", hooks}};
    const Json route{{"receiver", "default"},
                     {"group_by", Json::array({"alertname", "instance"})},
                     {"group_wait", "30s"},
                     {"group_interval", "5m"},
                     {"repeat_interval", "4h"}};
    return Json{{"route", route}, {"receivers", Json::array({receiver})}}.dump(2) + "\n";
}

std::string hosts_file(std::span<const Member> members) {
    std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
    for (const auto& member : members) {
        const std::string full = member.domain.empty() ? "" : member.hostname + "." + member.domain + " ";
        text += std::format("{} {}{}\n", member.management.to_text(), full, member.hostname);
    }
    for (const auto& member : members) {
        text += std::format("{} {}-mig\n", member.migration.to_text(), member.hostname);
    }
    return text;
}

}  // namespace bedplate
