// SPDX-License-Identifier: GPL-3.0-or-later
// What goes into these files from the site (names, addresses, paths) was checked when the site was read.
#include "cluster/edge_files.hpp"

#include <algorithm>
#include <format>

namespace bedplate {
namespace {

// Ciphers with forward secrecy and authentication only, in OpenSSL's words (ciphers(1)).
constexpr std::string_view haproxy_head = R"(# Written by bedplate-firstboot; docs/edge.md.
global
    log stdout format raw daemon
    chroot /var/lib/haproxy
    user haproxy
    group haproxy
    maxconn 20000
    stats socket /run/haproxy/admin.sock mode 660 level admin
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20
    ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256

defaults
    mode http
    log global
    option httplog
    option dontlognull
    option forwardfor
    option redispatch 1
    retries 3
    timeout connect 5s
    timeout client 1m
    timeout server 1m
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout queue 30s
    timeout check 3s
    timeout tunnel 1h
    default-server check inter 2s fall 3 rise 2
)";

std::string frontend(const EdgeService& service, const EdgePolicy& policy,
                     const std::filesystem::path& certificates) {
    const bool secured = !service.certificate.empty();
    const std::string tls = secured ? std::format(" ssl crt {}/{}.pem alpn h2,http/1.1",
                                                  certificates.string(), service.certificate)
                                    : "";
    // Clients may say in that header whatever they like: what counts is how they came here.
    return std::format(
        "\nfrontend {0}\n"
        "    bind {1}:{2}{3}\n"
        "    http-request set-header X-Forwarded-Proto {4}\n"
        "    default_backend {0}\n",
        service.name, policy.address.to_text(), service.listen, tls, secured ? "https" : "http");
}

std::string backend(const EdgeService& service) {
    std::string text = std::format("\nbackend {}\n    balance leastconn\n", service.name);
    if (!service.check.empty()) {
        text +=
            std::format("    option httpchk GET {}\n    http-check expect status 200-399\n", service.check);
    }
    for (const std::string& server : service.backends) {
        text += std::format("    server {0} {0}\n", server);
    }
    return text;
}

/// A program that keepalived asks every two seconds: without an answer twice the node gives the address away.
std::string alive_script(std::string_view name, std::string_view url) {
    return std::format(
        "vrrp_script {} {{\n"
        "    script \"/usr/bin/curl --silent --fail --output /dev/null --max-time 2 {}\"\n"
        "    interval 2\n"
        "    timeout 3\n"
        "    fall 2\n"
        "    rise 2\n"
        "}}\n",
        name, url);
}

}  // namespace

std::vector<EdgeNode> edge_nodes(const EdgePolicy& policy, std::span<const Member> members) {
    std::vector<EdgeNode> nodes;
    for (const Member& member : members) {
        const auto listed = policy.nodes.find(member.hostname);
        if (listed != policy.nodes.end()) {
            nodes.push_back({member.hostname, listed->second, member.management});
        } else if (policy.nodes.empty() && member.control) {
            nodes.push_back({member.hostname, member.management, member.management});
        }
    }
    std::ranges::sort(nodes, {}, &EdgeNode::hostname);
    return nodes;
}

std::vector<EdgeService> servable(std::span<const EdgeService> services,
                                  const std::set<std::string>& certificates) {
    std::vector<EdgeService> result;
    for (const EdgeService& service : services) {
        if (service.certificate.empty() || certificates.contains(service.certificate)) {
            result.push_back(service);
        }
    }
    return result;
}

std::string haproxy_conf(const EdgePolicy& policy, std::span<const EdgeService> services,
                         const EdgeNode& self, const std::filesystem::path& certificates) {
    std::string text(haproxy_head);
    text += std::format(
        "\nfrontend metrics\n"
        "    bind {}:{}\n"
        "    monitor-uri /alive\n"
        "    http-request set-log-level silent\n"
        "    http-request use-service prometheus-exporter if {{ path /metrics }}\n"
        "    http-request deny deny_status 404\n",
        self.management.to_text(), haproxy_metrics_port);
    for (const EdgeService& service : services) {
        text += frontend(service, policy, certificates) + backend(service);
    }
    return text;
}

std::string nginx_stream_conf(const EdgePolicy& policy) {
    std::string text = std::format(
        "# Written by bedplate-firstboot; docs/edge.md.\n"
        "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
        "user www-data;\n"
        "worker_processes auto;\n"
        "worker_rlimit_nofile 65536;\n"
        "pid /run/nginx.pid;\n"
        "error_log syslog:server=unix:/dev/log,tag=nginx,facility=daemon,nohostname warn;\n"
        "events {{ worker_connections 16384; }}\n"
        "http {{\n"
        "    access_log off;\n"
        "    server {{ listen 127.0.0.1:{}; location = /alive {{ return 204; }} }}\n"
        "}}\n"
        "stream {{\n"
        "    log_format edge '$server_addr:$server_port $remote_addr to $upstream_addr, status $status, '\n"
        "                    '$bytes_received in, $bytes_sent out, $session_time s';\n"
        "    access_log syslog:server=unix:/dev/log,tag=nginx,facility=daemon,nohostname edge;\n"
        "    proxy_connect_timeout 3s;\n"
        "    proxy_timeout 1h;\n"
        "    proxy_socket_keepalive on;\n",
        nginx_alive_port);
    for (const EdgeService& service : policy.tcp) {
        // A backend that does not take a connection is passed over at once, and left out for ten seconds.
        text +=
            std::format("    upstream {0} {{\n        zone {0} 64k;\n        least_conn;\n", service.name);
        for (const std::string& server : service.backends) {
            text += std::format("        server {} max_fails=1 fail_timeout=10s;\n", server);
        }
        text += std::format("    }}\n    server {{ listen {}:{} so_keepalive=on; proxy_pass {}; }}\n",
                            policy.address.to_text(), service.listen, service.name);
    }
    return text + "}\n";
}

std::string keepalived_conf(const EdgePolicy& policy, const EdgeNode& self, std::span<const EdgeNode> nodes,
                            std::string_view interface) {
    constexpr unsigned highest = 200;
    std::string peers, scripts, tracked;
    unsigned priority = highest;
    for (const EdgeNode& node : nodes) {
        if (node.hostname == self.hostname) {
            priority = highest - static_cast<unsigned>(&node - nodes.data());
        } else {
            peers += std::format("        {}\n", node.address.to_text());
        }
    }
    const auto track = [&](std::string_view name, const std::string& url) {
        scripts += alive_script(name, url);
        tracked += std::format("        {}\n", name);
    };
    if (!policy.http.empty()) {
        track("haproxy", std::format("http://{}:{}/alive", self.management.to_text(), haproxy_metrics_port));
    }
    if (!policy.tcp.empty()) {
        track("nginx", std::format("http://127.0.0.1:{}/alive", nginx_alive_port));
    }
    const std::string unicast =
        peers.empty()
            ? ""
            : std::format("    unicast_src_ip {}\n    check_unicast_src\n    unicast_peer {{\n{}    }}\n",
                          self.address.to_text(), peers);
    return std::format(
        "# Written by bedplate-firstboot; docs/edge.md.\n"
        "global_defs {{\n"
        "    router_id {0}\n"
        "    vrrp_version 3\n"
        "    enable_script_security\n"
        "    script_user root\n"
        "    vrrp_garp_master_refresh 60\n"
        "}}\n"
        "{1}"
        "vrrp_instance edge {{\n"
        "    state BACKUP\n"
        "    nopreempt\n"
        "    interface {2}\n"
        "    virtual_router_id {3}\n"
        "    priority {4}\n"
        "    advert_int 1\n"
        "{5}"
        "    virtual_ipaddress {{\n        {6}/{7} dev {2}\n    }}\n"
        "    track_script {{\n{8}    }}\n"
        "}}\n",
        self.hostname, scripts, interface, policy.router_id, priority, unicast, policy.address.to_text(),
        policy.subnet.prefix, tracked);
}

std::string edge_sysctl() {
    return "# Written by bedplate-firstboot: the edge's proxies listen on an address that may be elsewhere.\n"
           "net.ipv4.ip_nonlocal_bind = 1\n"
           "net.core.somaxconn = 8192\n"
           "net.ipv4.tcp_max_syn_backlog = 8192\n";
}

}  // namespace bedplate
