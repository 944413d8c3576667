// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cluster/cluster.hpp"
#include "cluster/services.hpp"

namespace bedplate {

// The edge (docs/edge.md): HAProxy for HTTP and nginx for other TCP, on every edge node, behind one address
// that keepalived puts on one of them.

/// Where certificates with their keys are: NAME.pem.
inline constexpr std::string_view edge_certificates_folder = "/etc/bedplate/edge";
/// HAProxy's own metrics, on the management network; nginx's sign of life, on loopback.
inline constexpr std::uint16_t haproxy_metrics_port = 8405, nginx_alive_port = 8406;

/// A node that may carry the address.
struct EdgeNode {
    std::string hostname;
    Ipv4 address;  ///< in the edge's network
    Ipv4 management;
    bool operator==(const EdgeNode&) const = default;
};

/// Those of the members that may, by name. Which are control nodes is only known once they have joined.
[[nodiscard]] std::vector<EdgeNode> edge_nodes(const EdgePolicy& policy, std::span<const Member> members);

/// The services whose certificate is among `certificates`, and those that need none.
[[nodiscard]] std::vector<EdgeService> servable(std::span<const EdgeService> services,
                                                const std::set<std::string>& certificates);

/// /etc/haproxy/haproxy.cfg. `services` are those that can be served.
[[nodiscard]] std::string haproxy_conf(const EdgePolicy& policy, std::span<const EdgeService> services,
                                       const EdgeNode& self,
                                       const std::filesystem::path& certificates = edge_certificates_folder);
/// /etc/nginx/nginx.conf: the stream module, and nothing that serves files.
[[nodiscard]] std::string nginx_stream_conf(const EdgePolicy& policy);
/// /etc/keepalived/keepalived.conf. `interface` is the one that has this node's address; the first in `nodes`
/// is the first to get the edge's address, and whoever has it keeps it as long as it can serve.
[[nodiscard]] std::string keepalived_conf(const EdgePolicy& policy, const EdgeNode& self,
                                          std::span<const EdgeNode> nodes, std::string_view interface);
/// /etc/sysctl.d: the proxies listen on the address before it is here.
[[nodiscard]] std::string edge_sysctl();

}  // namespace bedplate
