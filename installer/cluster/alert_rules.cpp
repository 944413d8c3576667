// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody is told of. Each alert has a page in docs/runbooks and a test that makes it fire.
#include "cluster/alert_rules.hpp"

#include <format>

#include "cluster/alert_rules.hpp"
#include "cluster/files.hpp"

namespace bedplate {
namespace {

Json group(std::string_view name, std::span<const AlertRule> rules) {
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
    return Json{{"name", name}, {"rules", list}};
}

}  // namespace

std::string prometheus_rules() {
    const Json groups = Json::array({group("hosts", host_alerts()), group("hardware", hardware_alerts()),
                                     group("network", network_alerts()), group("cluster", cluster_alerts()),
                                     group("members", member_alerts()), group("ceph", ceph_alerts()),
                                     group("capacity", capacity_alerts()), group("logs", log_alerts()),
                                     group("edge", edge_alerts()), group("monitoring", monitoring_alerts())});
    return Json{{"groups", groups}}.dump(2) + "\n";
}

}  // namespace bedplate
