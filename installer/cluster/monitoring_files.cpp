// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

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

}  // namespace

// Each control node asks all nodes, so every exporter is asked up to five times in an interval; some of them
// start half a dozen programs for it: the one of the cluster is asked half as often.
//
// YAML is a superset of JSON, and JSON cannot be got wrong by an indentation.
std::string prometheus_conf(std::string_view cluster, std::string_view hostname) {
    const Json relabel{{"regex", "replica"}, {"action", "labeldrop"}};
    const Json managers{{"file_sd_configs", files_in("/etc/prometheus/targets/alertmanager-*.json", "1m")}};
    const Json labels{{"cluster", cluster}, {"replica", hostname}};
    Json cluster_exporter = scrape("hacluster", false);
    cluster_exporter["scrape_interval"] = "1m";
    const Json document{
        {"global",
         Json{{"scrape_interval", "30s"}, {"evaluation_interval", "30s"}, {"external_labels", labels}}},
        {"rule_files", Json::array({"/etc/prometheus/rules/bedplate.yml"})},
        {"alerting",
         Json{{"alert_relabel_configs", Json::array({relabel})}, {"alertmanagers", Json::array({managers})}}},
        {"scrape_configs", Json::array({scrape("node", false), scrape("ceph", true), scrape("libvirt", false),
                                        cluster_exporter})}};
    return document.dump(2) + "\n";
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
