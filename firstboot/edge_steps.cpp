// SPDX-License-Identifier: GPL-3.0-or-later
// The edge: HAProxy, nginx and keepalived from rendered files (docs/edge.md).
#include <algorithm>
#include <format>
#include <set>

#include "base/text.hpp"
#include "firstboot/edge.hpp"
#include "firstboot/logs.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view sysctl_file = "/etc/sysctl.d/60-bedplate-edge.conf";

std::string certificate_path(std::string_view name) {
    return std::format("{}/{}.pem", edge_certificates_folder, name);
}

/// Certificates that are here: those of the node's secrets, and those that somebody put into the folder.
Result<std::set<std::string>> certificates_here(Platform& platform, const EdgePolicy& policy) {
    BEDPLATE_ASSIGN(const auto secrets, read_node_secrets(platform.files));
    std::set<std::string> names;
    for (const auto& service : policy.http) {
        if (secrets.edge_certificates.contains(service.certificate) ||
            (!service.certificate.empty() && platform.files.exists(certificate_path(service.certificate)))) {
            names.insert(service.certificate);
        }
    }
    return names;
}

/// The interface that has an address of this node.
Result<std::string> interface_with(Platform& platform, Ipv4 address) {
    BEDPLATE_ASSIGN(const auto out,
                    run_checked(platform.commands, {.argv = {"ip", "-json", "-4", "address", "show"}}));
    BEDPLATE_ASSIGN(const Json links, parse_json(out, "ip -json address"));
    for (const Json& link : links) {
        for (const Json& entry : link.value("addr_info", Json::array())) {
            if (entry.value("local", "") == address.to_text()) {
                return link.value("ifname", "");
            }
        }
    }
    return fail("edge.interface", std::format("{} is on no port", address.to_text()));
}

/// Only the services that this node can serve: one whose certificate is missing must not keep the others
/// from starting. `bedplate node status` names it.
Result<std::vector<ManagedFile>> proxy_files(Node& node, const EdgeNode& self) {
    Platform& platform = node.platform;
    const EdgePolicy& policy = *node.settings.edge;
    BEDPLATE_ASSIGN(const auto secrets, read_node_secrets(platform.files));
    BEDPLATE_ASSIGN(const auto certificates, certificates_here(platform, policy));
    std::vector<ManagedFile> files{{.path = std::string(sysctl_file), .text = edge_sysctl()}};
    for (const auto& name : certificates) {
        const auto given = secrets.edge_certificates.find(name);
        if (given != secrets.edge_certificates.end()) {
            files.push_back({.path = certificate_path(name), .text = given->second.reveal(), .mode = 0600});
        }
    }
    if (!policy.http.empty()) {
        files.push_back({.path = "/etc/haproxy/haproxy.cfg",
                         .text = haproxy_conf(policy, servable(policy.http, certificates), self)});
    }
    if (!policy.tcp.empty()) {
        files.push_back({.path = "/etc/nginx/nginx.conf", .text = nginx_stream_conf(policy)});
    }
    return files;
}

Result<std::vector<ManagedFile>> address_files(Node& node, const EdgeNode& self) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    BEDPLATE_ASSIGN(const auto interface, interface_with(node.platform, self.address));
    const auto nodes = edge_nodes(*node.settings.edge, membership.all);
    return std::vector<ManagedFile>{{.path = "/etc/keepalived/keepalived.conf",
                                     .text = keepalived_conf(*node.settings.edge, self, nodes, interface)}};
}

std::vector<std::string> proxy_units(const EdgePolicy& policy) {
    std::vector<std::string> units;
    if (!policy.http.empty()) {
        units.emplace_back("haproxy.service");
    }
    if (!policy.tcp.empty()) {
        units.emplace_back("nginx.service");
    }
    return units;
}

/// Both check their files before they take them up, and go on with the old ones else.
Result<void> take_up_proxies(Platform& platform, const EdgePolicy& policy) {
    BEDPLATE_TRY(run_all(platform, {{"sysctl", "--quiet", std::format("--load={}", sysctl_file)}}));
    BEDPLATE_TRY(run_checked(platform.commands, systemctl({"try-reload-or-restart"}, proxy_units(policy))));
    return {};
}

Result<bool> proxies_listen(Platform& platform, const EdgePolicy& policy) {
    BEDPLATE_ASSIGN(const bool metrics,
                    policy.http.empty() ? Result<bool>(true) : listens_on(platform, haproxy_metrics_port));
    BEDPLATE_ASSIGN(const bool alive,
                    policy.tcp.empty() ? Result<bool>(true) : listens_on(platform, nginx_alive_port));
    return metrics && alive;
}

/// Steps of an edge node; on others there is nothing to do. Which a control node is, is known when it is its
/// turn.
Steps on_edge(Node& node, const std::function<Steps(const EdgeNode&)>& steps) {
    const auto mine = [&node]() { return own_edge_node(node.platform, node.settings); };
    return {.observe = [mine, steps]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto self, mine());
                return self ? steps(*self).observe() : Result<Observation>(satisfied());
            },
            .apply = [mine, steps]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto self, mine());
                return self ? steps(*self).apply() : Result<void>();
            }};
}

Steps proxy_config_steps(Node& node) {
    return on_edge(node, [&node](const EdgeNode& self) {
        return file_steps(
            node.platform, [&node, self] { return proxy_files(node, self); },
            [&node] { return take_up_proxies(node.platform, *node.settings.edge); });
    });
}

Steps address_config_steps(Node& node) {
    return on_edge(node, [&node](const EdgeNode& self) {
        return file_steps(
            node.platform, [&node, self] { return address_files(node, self); },
            [&node]() -> Result<void> {
                // A reload keeps the address where it is.
                BEDPLATE_TRY(run_checked(node.platform.commands,
                                         systemctl({"try-reload-or-restart"}, {"keepalived.service"})));
                return {};
            });
    });
}

}  // namespace

Result<std::optional<EdgeNode>> own_edge_node(Platform& platform, const NodeSettings& settings) {
    if (!settings.edge) {
        return std::nullopt;
    }
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    const auto nodes = edge_nodes(*settings.edge, membership.all);
    const auto self = std::ranges::find(nodes, settings.hostname, &EdgeNode::hostname);
    return self == nodes.end() ? std::nullopt : std::optional(*self);
}

Result<NodeCheck> check_edge(Platform& platform, const NodeSettings& settings) {
    BEDPLATE_ASSIGN(const auto self, own_edge_node(platform, settings));
    if (!self) {
        return NodeCheck{.id = "edge", .ok = true, .detail = "not an edge node"};
    }
    const EdgePolicy& policy = *settings.edge;
    BEDPLATE_ASSIGN(const auto certificates, certificates_here(platform, policy));
    std::vector<std::string> wrong;
    for (const auto& service : policy.http) {
        if (!service.certificate.empty() && !certificates.contains(service.certificate)) {
            wrong.push_back(std::format("{} is not served: {} is missing", service.name,
                                        certificate_path(service.certificate)));
        }
    }
    auto units = proxy_units(policy);
    units.emplace_back("keepalived.service");
    for (const auto& unit : units) {
        BEDPLATE_ASSIGN(const bool active, units_active(platform, {unit}));
        if (!active) {
            wrong.push_back(unit + " does not run");
        }
    }
    const bool here = interface_with(platform, policy.address).has_value();
    const std::string where = policy.address.to_text() + (here ? " is here" : " is not here");
    return NodeCheck{.id = "edge",
                     .ok = wrong.empty(),
                     .detail = wrong.empty() ? where : join(wrong, "; ") + "; " + where};
}

std::vector<Step> edge_steps(Node& node) {
    Platform& platform = node.platform;
    if (!node.settings.edge) {
        return {};
    }
    return {
        {"edge.config", "edge", "configure the edge's proxies", proxy_config_steps(node)},
        {"edge.proxies", "edge", "start the edge's proxies",
         on_edge(node,
                 [&node, &platform](const EdgeNode&) {
                     const EdgePolicy& policy = *node.settings.edge;
                     return unit_steps(platform, proxy_units(policy),
                                       [&platform, &policy] { return proxies_listen(platform, policy); });
                 })},
        {"edge.address-config", "edge", "say who may carry the edge's address", address_config_steps(node)},
        {"edge.address", "edge", "let the edge's address go where it is served",
         on_edge(node, [&platform](const EdgeNode&) {
             return unit_steps(platform, {"keepalived.service"}, []() -> Result<bool> { return true; });
         })}};
}

}  // namespace bedplate::firstboot
