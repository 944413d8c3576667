// SPDX-License-Identifier: GPL-3.0-or-later
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"

namespace bedplate {

std::string etcd_peer_url(const Member& member) {
    return std::format("https://{}:2380", member.management.to_text());
}

std::string etcd_conf(const ClusterIdentity& identity, const Member& node, std::span<const Member> initial,
                      bool fresh) {
    const std::string ip = node.management.to_text();
    std::vector<std::string> peers;
    for (const auto& member : initial) {
        peers.push_back(member.hostname + "=" + etcd_peer_url(member));
    }
    const std::string pki(etcd_pki);
    const Json tls{{"cert-file", pki + "/node.crt"},
                   {"key-file", pki + "/node.key"},
                   {"trusted-ca-file", pki + "/ca.crt"},
                   {"client-cert-auth", true}};
    const Json document{
        {"name", node.hostname},
        {"data-dir", "/var/lib/etcd/bedplate"},
        {"listen-client-urls", std::format("https://{}:2379,https://127.0.0.1:2379", ip)},
        {"advertise-client-urls", std::format("https://{}:2379", ip)},
        // A certificate for the port of the clients would let Prometheus write into the registry.
        {"listen-metrics-urls", std::format("http://{}:{}", ip, port_of(Exporter::etcd))},
        {"listen-peer-urls", etcd_peer_url(node)},
        {"initial-advertise-peer-urls", etcd_peer_url(node)},
        {"initial-cluster", join(peers, ",")},
        {"initial-cluster-token", identity.fsid.to_text()},
        {"initial-cluster-state", fresh ? "new" : "existing"},
        {"client-transport-security", tls},
        {"peer-transport-security", tls},
        {"auto-compaction-mode", "periodic"},
        {"auto-compaction-retention", "24h"},
        // Heartbeats share the network with storage traffic: the defaults (100 ms, 1 s) elect for nothing.
        // And nobody waits for a new leader but joins.
        {"heartbeat-interval", 500},
        {"election-timeout", 5000},
        {"log-level", "warn"},
    };
    return document.dump(2) + "\n";
}

}  // namespace bedplate
