// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/services.hpp"

namespace bedplate {
namespace {

std::vector<EdgeService> services_from_json(const Json& list) {
    std::vector<EdgeService> services;
    for (const Json& entry : list) {
        services.push_back({.name = entry.at("name"),
                            .listen = entry.at("listen"),
                            .backends = entry.at("backends"),
                            .check = entry.value("check", ""),
                            .certificate = entry.value("certificate", "")});
    }
    return services;
}

}  // namespace

LogPolicy log_policy_from_json(const Json& logs) {
    LogPolicy policy;
    policy.retention_days = logs.value("retention_days", policy.retention_days);
    policy.max_size = Bytes{logs.value("max_size", policy.max_size.value)};
    policy.queue = Bytes{logs.value("queue", policy.queue.value)};
    if (logs.contains("elasticsearch")) {
        const Json& where = logs.at("elasticsearch");
        policy.elasticsearch = LogPolicy::Elasticsearch{
            .url = where.at("url"), .index = where.at("index"), .ca = where.value("ca", "")};
    }
    return policy;
}

Result<EdgePolicy> edge_policy_from_json(const Json& edge) {
    EdgePolicy policy{.network = edge.at("network"), .router_id = edge.at("router_id")};
    BEDPLATE_ASSIGN(policy.address, Ipv4::parse(edge.at("address").get<std::string>()));
    BEDPLATE_ASSIGN(policy.subnet, Cidr::parse(edge.at("subnet").get<std::string>()));
    for (const auto& [name, address] : edge.at("nodes").items()) {
        BEDPLATE_ASSIGN(policy.nodes[name], Ipv4::parse(address.get<std::string>()));
    }
    policy.http = services_from_json(edge.at("http"));
    policy.tcp = services_from_json(edge.at("tcp"));
    return policy;
}

Result<NodeSecrets> node_secrets_from_text(std::string_view text) {
    try {
        const Json json = Json::parse(text);
        NodeSecrets secrets;
        if (json.contains("elasticsearch")) {
            const Json& login = json.at("elasticsearch");
            secrets.elasticsearch =
                NodeSecrets::Login{.user = Secret(login.at("user").get<std::string>()),
                                   .password = Secret(login.at("password").get<std::string>())};
        }
        const Json certificates = json.value("edge_certificates", Json::object());
        for (const auto& [name, pem] : certificates.items()) {
            secrets.edge_certificates.emplace(name, Secret(pem.get<std::string>()));
        }
        return secrets;
    } catch (const nlohmann::json::exception&) {
        // Its own words may quote what it could not read.
        return fail("node.file", "the node's secrets cannot be read", std::string(node_secrets_path));
    }
}

}  // namespace bedplate
