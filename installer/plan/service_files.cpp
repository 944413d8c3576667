// SPDX-License-Identifier: GPL-3.0-or-later
// What first boot has to know of the site's services: logs and edge.
#include "plan/service_files.hpp"

#include <algorithm>

namespace bedplate {
namespace {

Json services_json(const std::vector<EdgeServiceSpec>& services) {
    Json list = Json::array();
    for (const EdgeServiceSpec& service : services) {
        Json entry{{"name", service.name}, {"listen", service.listen}, {"backends", service.backends}};
        if (!service.check.empty()) {
            entry["check"] = service.check;
        }
        if (!service.certificate.empty()) {
            entry["certificate"] = service.certificate;
        }
        list.push_back(entry);
    }
    return list;
}

}  // namespace

Json logs_document(const LogSettings& logs) {
    Json document{{"retention_days", std::chrono::ceil<std::chrono::days>(logs.retention).count()},
                  {"max_size", logs.max_size.value},
                  {"queue", logs.queue.value}};
    if (logs.elasticsearch) {
        document["elasticsearch"] = Json{{"url", logs.elasticsearch->url},
                                         {"index", logs.elasticsearch->index},
                                         {"ca", logs.elasticsearch->ca}};
    }
    return document;
}

Json edge_document(const NodeEdge& edge) {
    Json nodes = Json::object();
    for (const auto& [name, address] : edge.nodes) {
        nodes[name] = address.to_text();
    }
    return Json{{"network", edge.spec.network},
                {"address", edge.address.to_text()},
                {"subnet", edge.subnet.to_text()},
                {"router_id", edge.spec.router_id},
                {"nodes", nodes},
                {"http", services_json(edge.spec.http)},
                {"tcp", services_json(edge.spec.tcp)}};
}

std::vector<OpenPorts> edge_openings(const NodeSpec& node) {
    if (!node.edge || !node.edge->may_be_on(node.hostname)) {
        return {};
    }
    const EdgeSpec& edge = node.edge->spec;
    std::vector<std::uint32_t> ports;
    for (const auto* services : {&edge.http, &edge.tcp}) {
        for (const EdgeServiceSpec& service : *services) {
            ports.push_back(service.listen);
        }
    }
    std::ranges::sort(ports);
    std::vector<std::string> texts;
    for (const std::uint32_t port : ports) {
        texts.push_back(std::to_string(port));
    }
    return {{"edge", "tcp", texts, {edge.network}, false},
            {"edge-metrics", "tcp", {"8405"}, {"management"}},
            {"vrrp", "112", {}, {edge.network}}};
}

}  // namespace bedplate
