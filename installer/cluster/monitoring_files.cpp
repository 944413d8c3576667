// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "cluster/alert_rules.hpp"
#include "cluster/edge_files.hpp"
#include "cluster/files.hpp"

namespace bedplate {
namespace {

Json files_in(std::string pattern, std::string refresh) {
    return Json::array(
        {Json{{"files", Json::array({std::move(pattern)})}, {"refresh_interval", std::move(refresh)}}});
}

Json scrape(std::string_view job, bool honor_labels) {
    return Json{{"job_name", job},
                {"honor_labels", honor_labels},
                {"file_sd_configs", files_in(std::format("/etc/prometheus/targets/{}-*.json", job), "1m")}};
}

/// Asked once a minute, and of the answer only what somebody asks for is kept.
Json seldom(std::string_view job, std::string_view kept) {
    Json result = scrape(job, false);
    result["scrape_interval"] = "1m";
    result["metric_relabel_configs"] = Json::array(
        {Json{{"source_labels", Json::array({"__name__"})}, {"regex", kept}, {"action", "keep"}}});
    return result;
}

/// Which manager tells does not matter: when another takes over, what is told stays the same series.
Json ceph() {
    Json result = scrape("ceph", true);
    result["metric_relabel_configs"] =
        Json::array({Json{{"source_labels", Json::array({"instance"})},
                          {"regex", std::format(".+:{}", port_of(Exporter::ceph))},
                          {"target_label", "instance"},
                          {"replacement", "ceph"}},
                     Json{{"regex", "node"}, {"action", "labeldrop"}}});
    return result;
}

constexpr std::string_view etcd_kept =
    "etcd_server_(has_leader|is_leader|leader_changes_seen_total|quota_backend_bytes)|"
    "etcd_mvcc_db_total_size.*|etcd_disk_(wal_fsync|backend_commit)_duration_seconds.*";
constexpr std::string_view prometheus_kept =
    "prometheus_(rule_evaluation_failures_total|notifications_.*|tsdb_head_series|tsdb_storage_blocks_bytes|"
    "config_last_reload_successful)";
constexpr std::string_view alertmanager_kept =
    "alertmanager_(cluster_members|notifications_total|notifications_failed_total|alerts)";

constexpr std::string_view haproxy_kept =
    "haproxy_(backend|server)_status|haproxy_backend_(http_responses_total|current_sessions|response_time_"
    "average_seconds)";

Json matchers(std::initializer_list<std::string_view> list) {
    Json result = Json::array();
    for (const auto& one : list) {
        result.emplace_back(one);
    }
    return result;
}

Json webhook(std::string_view url) {
    return Json{{"url", url}, {"send_resolved", true}};
}

/// Alerts that say nothing new once another is there.
Json inhibitions() {
    // Whether a node that is down is fenced is what one has to know then.
    const Json node_down{{"source_matchers", matchers({R"(alertname="HostDown")"})},
                         {"target_matchers",
                          matchers({R"(alertname!~"HostDown|PacemakerNodeUnclean|FencingFailed|Watchdog")"})},
                         {"equal", matchers({"node"})}};
    const Json no_link{{"source_matchers", matchers({R"(alertname="BondDegraded")"})},
                       {"target_matchers", matchers({R"(alertname="LacpLegLost")"})},
                       {"equal", matchers({"node", "master"})}};
    const Json full{{"source_matchers", matchers({R"(alertname="CephNearFull")"})},
                    {"target_matchers", matchers({R"(alertname="CephBelowSpare")"})},
                    {"equal", matchers({"cluster"})}};
    return Json::array({node_down, no_link, full});
}

}  // namespace

std::uint16_t port_of(Exporter exporter) {
    switch (exporter) {
        case Exporter::node:
            return 9100;
        case Exporter::libvirt:
            return 9177;
        case Exporter::hacluster:
            return 9664;
        case Exporter::ceph:
            return 9283;
        case Exporter::etcd:
            return 2381;
        case Exporter::prometheus:
            return 9090;
        case Exporter::alertmanager:
            return 9093;
        case Exporter::haproxy:
            return haproxy_metrics_port;
    }
    return 0;
}

// Each control node asks all nodes, so every exporter is asked up to five times in an interval; some of them
// start half a dozen programs for it: the one of the cluster is asked half as often. On a busy node that
// takes longer than the ten seconds after which Prometheus would give up by default; it may take nearly the
// interval.
//
// YAML is a superset of JSON, and JSON cannot be got wrong by an indentation.
std::string prometheus_conf(std::string_view cluster, std::string_view hostname) {
    const Json relabel{{"regex", "replica"}, {"action", "labeldrop"}};
    const Json managers{{"file_sd_configs", files_in("/etc/prometheus/targets/alertmanager-*.json", "1m")}};
    const Json labels{{"cluster", cluster}, {"replica", hostname}};
    // It names the node that it speaks of in a label `node` of its own.
    Json cluster_exporter = scrape("hacluster", true);
    cluster_exporter["scrape_interval"] = "1m";
    cluster_exporter["scrape_timeout"] = "50s";
    const Json document{
        {"global", Json{{"scrape_interval", "30s"},
                        {"scrape_timeout", "25s"},
                        {"evaluation_interval", "30s"},
                        {"external_labels", labels}}},
        {"rule_files", Json::array({"/etc/prometheus/rules/bedplate.yml"})},
        {"alerting",
         Json{{"alert_relabel_configs", Json::array({relabel})}, {"alertmanagers", Json::array({managers})}}},
        {"scrape_configs",
         Json::array({scrape("node", false), ceph(), scrape("libvirt", false), cluster_exporter,
                      seldom("etcd", etcd_kept), seldom("prometheus", prometheus_kept),
                      seldom("alertmanager", alertmanager_kept), seldom("haproxy", haproxy_kept)})}};
    return document.dump(2) + "\n";
}

std::string prometheus_target(const Member& member, std::uint16_t port) {
    const Json labels{{"node", member.hostname}};
    const Json target{{"targets", Json::array({std::format("{}:{}", member.management.to_text(), port)})},
                      {"labels", labels}};
    return Json::array({target}).dump(2) + "\n";
}

std::map<std::string, std::string> prometheus_targets(std::span<const Member> members,
                                                      const std::optional<EdgePolicy>& edge) {
    std::optional<std::vector<EdgeNode>> proxies;
    if (edge && !edge->http.empty()) {
        proxies = edge_nodes(*edge, members);
    }
    std::map<std::string, std::string> files;
    for (const auto& member : members) {
        if (member.state == Member::State::leaving) {
            continue;
        }
        const auto add = [&](std::string_view job, Exporter exporter) {
            files.emplace(std::format("{}-{}.json", job, member.hostname),
                          prometheus_target(member, port_of(exporter)));
        };
        add("node", Exporter::node);
        add("libvirt", Exporter::libvirt);
        add("hacluster", Exporter::hacluster);
        if (member.control) {
            add("ceph", Exporter::ceph);
            add("etcd", Exporter::etcd);
            add("prometheus", Exporter::prometheus);
            add("alertmanager", Exporter::alertmanager);
        }
        if (proxies && std::ranges::contains(*proxies, member.hostname, &EdgeNode::hostname)) {
            add("haproxy", Exporter::haproxy);
        }
    }
    return files;
}

std::string prometheus_arguments(const Member& self, const NodeSettings& settings, Bytes room) {
    constexpr std::uint64_t mega = 1'000'000;
    return std::format(
        "--storage.tsdb.retention.time={}d --storage.tsdb.retention.size={}MB "
        "--web.listen-address={}:{} --web.user-assets={}",
        settings.retention_days, std::max<std::uint64_t>(room.value / mega, 1), self.management.to_text(),
        port_of(Exporter::prometheus), dashboard_folder);
}

std::string alertmanager_arguments(const Member& self, std::span<const Member> members) {
    std::string text = std::format("--web.listen-address={0}:{1} --cluster.listen-address={0}:9094",
                                   self.management.to_text(), port_of(Exporter::alertmanager));
    for (const auto& member : members) {
        const bool there = member.control && member.state != Member::State::leaving;
        if (there && member.hostname != self.hostname) {
            text += std::format(" --cluster.peer={}:9094", member.management.to_text());
        }
    }
    return text;
}

std::string alertmanager_conf(std::span<const std::string> webhooks, const std::string& heartbeat) {
    Json hooks = Json::array();
    for (const auto& url : webhooks) {
        hooks.push_back(webhook(url));
    }
    Json beats = Json::array();
    if (!heartbeat.empty()) {
        beats.push_back(webhook(heartbeat));
    }
    const Json watchdog{{"receiver", "heartbeat"},
                        {"matchers", matchers({R"(alertname="Watchdog")"})},
                        {"group_wait", "0s"},
                        {"group_interval", "1m"},
                        {"repeat_interval", "5m"}};
    const Json urgent{{"receiver", "default"},
                      {"matchers", matchers({std::format(R"(severity="{}")", alert_critical)})},
                      {"group_wait", "10s"},
                      {"group_interval", "1m"},
                      {"repeat_interval", "1h"}};
    const Json route{{"receiver", "default"},    {"group_by", Json::array({"cluster", "alertname"})},
                     {"group_wait", "30s"},      {"group_interval", "5m"},
                     {"repeat_interval", "12h"}, {"routes", Json::array({watchdog, urgent})}};
    const Json people{{"name", "default"}, {"webhook_configs", hooks}};
    const Json waiting{{"name", "heartbeat"}, {"webhook_configs", beats}};
    return Json{{"route", route},
                {"inhibit_rules", inhibitions()},
                {"receivers", Json::array({people, waiting})}}
               .dump(2) +
           "\n";
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
