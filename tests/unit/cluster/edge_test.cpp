// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "cluster/edge_files.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using example::members;

namespace {

Ipv4 ip(std::string_view text) {
    return Ipv4::parse(text).value();
}

Json edge_json() {
    return Json::parse(
        R"({"network": "service", "address": "10.0.50.200", "subnet": "10.0.50.0/24", "router_id": 51,
        "nodes": {"node2": "10.0.50.12", "node1": "10.0.50.11", "node9": "10.0.50.19"},
        "http": [{"name": "web", "listen": 443, "backends": ["10.0.50.21:8080"], "check": "/healthz", "certificate": "web"},
                 {"name": "plain", "listen": 80, "backends": ["10.0.50.21:8080", "10.0.50.22:8080"]}],
        "tcp": [{"name": "db", "listen": 5432, "backends": ["10.0.50.31:5432"]}]})");
}

EdgePolicy edge() {
    return edge_policy_from_json(edge_json()).value();
}

}  // namespace

TEST_CASE("an edge that the installer left is read with every field") {
    auto site = example::site_json();
    CHECK_FALSE(node_settings_from_json(example::node_json(), site).value().edge);
    site["edge"] = edge_json();
    site["logs"] = {{"retention_days", 9},
                    {"queue", 1024},
                    {"elasticsearch", {{"url", "https://x"}, {"index", "i"}, {"ca", ""}}}};
    const auto settings = node_settings_from_json(example::node_json(), site).value();
    REQUIRE(settings.edge);
    CHECK(settings.edge->http.at(0).certificate == "web");
    CHECK(settings.edge->nodes.at("node2") == ip("10.0.50.12"));
    CHECK(settings.edge->tcp.at(0).listen == 5432);
    CHECK(settings.logs.retention_days == 9);
    CHECK(settings.logs.queue == Bytes{1024});
    CHECK(settings.logs.max_size == gib(8));
    CHECK(settings.logs.elasticsearch->index == "i");
    site["edge"].erase("subnet");
    CHECK_FALSE(node_settings_from_json(example::node_json(), site));
}

TEST_CASE("listed nodes carry the edge once they are members; else the control nodes do") {
    const auto listed = edge_nodes(edge(), members(4));
    REQUIRE(listed.size() == 2);  // node9 is no member yet
    CHECK(listed[0] == EdgeNode{"node1", ip("10.0.50.11"), ip("10.0.100.11")});
    auto control = edge();
    control.nodes.clear();
    const auto nodes = edge_nodes(control, members(4));
    REQUIRE(nodes.size() == 3);
    CHECK(nodes[2] == EdgeNode{"node3", ip("10.0.100.13"), ip("10.0.100.13")});
}

TEST_CASE("a service whose certificate is missing does not keep the others from being served") {
    const auto policy = edge();
    CHECK(servable(policy.http, {"web"}).size() == 2);
    const auto without = servable(policy.http, {});
    REQUIRE(without.size() == 1);
    const auto text = haproxy_conf(policy, without, edge_nodes(policy, members(3))[0]);
    CHECK_FALSE(text.contains("ssl crt"));
    CHECK(text.contains("bind 10.0.50.200:80\n"));
}

TEST_CASE(
    "HAProxy listens on the edge's address, checks its backends, and shows metrics on the management "
    "network") {
    const auto policy = edge();
    const auto text = haproxy_conf(policy, policy.http, edge_nodes(policy, members(3))[1]);
    CHECK(text.contains("bind 10.0.50.200:443 ssl crt /etc/bedplate/edge/web.pem alpn h2,http/1.1\n"));
    CHECK(text.contains("option httpchk GET /healthz\n"));
    CHECK(text.contains("server 10.0.50.22:8080 10.0.50.22:8080\n"));
    CHECK(text.contains("default-server check"));
    CHECK(text.contains("bind 10.0.100.12:8405\n"));
    CHECK(text.contains("ssl-min-ver TLSv1.2"));
}

TEST_CASE("nginx passes TCP on and serves nothing itself but a sign of life on loopback") {
    const auto text = nginx_stream_conf(edge());
    CHECK(text.contains("server { listen 10.0.50.200:5432 so_keepalive=on; proxy_pass db; }"));
    CHECK(text.contains("server 10.0.50.31:5432 max_fails=1 fail_timeout=10s;"));
    CHECK(text.contains("listen 127.0.0.1:8406"));
    CHECK_FALSE(text.contains("root "));
}

TEST_CASE("keepalived speaks to the other edge nodes alone, and asks the proxies that there are") {
    auto policy = edge();
    const auto nodes = edge_nodes(policy, members(3));
    const auto first = keepalived_conf(policy, nodes[0], nodes, "svc");
    const auto second = keepalived_conf(policy, nodes[1], nodes, "svc");
    CHECK(first.contains("priority 200\n"));
    CHECK(second.contains("priority 199\n"));
    CHECK(second.contains("unicast_src_ip 10.0.50.12\n"));
    CHECK(second.contains("unicast_peer {\n        10.0.50.11\n    }"));
    CHECK(second.contains("10.0.50.200/24 dev svc\n"));
    CHECK(second.contains("http://10.0.100.12:8405/alive"));
    CHECK(second.contains("track_script {\n        haproxy\n        nginx\n    }"));
    CHECK(second.contains("nopreempt"));
    policy.tcp.clear();
    CHECK_FALSE(keepalived_conf(policy, nodes[0], nodes, "svc").contains("nginx"));
    CHECK_FALSE(keepalived_conf(policy, nodes[0], std::span(nodes).first(1), "svc").contains("unicast"));
}

TEST_CASE("the node's secrets are read, and a text that is none shows nothing of itself") {
    const auto secrets = node_secrets_from_text(
        R"({"elasticsearch": {"user": "u", "password": "p"}, "edge_certificates": {"web": "PEM"}})");
    REQUIRE(secrets);
    CHECK(secrets->elasticsearch->password.reveal() == "p");
    CHECK(secrets->edge_certificates.at("web").reveal() == "PEM");
    const auto none = node_secrets_from_text(R"({"elasticsearch": "canary)");
    REQUIRE_FALSE(none);
    CHECK(none.error().code == "node.file");
    CHECK_FALSE(none.error().to_text().contains("canary"));
}
