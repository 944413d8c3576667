// SPDX-License-Identifier: GPL-3.0-or-later
// `logs` and `edge` of a site, and what they have in the secrets.
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "documents.hpp"

using namespace bedplate;
using namespace bedplate::test;

namespace {

const std::string site_head =
    "schema: bedplate/site/v1\n"
    "cluster: {name: prod}\n"
    "networks:\n"
    "  management: {subnet: 10.0.100.0/24, gateway: 10.0.100.1}\n"
    "  service: {subnet: 10.0.50.0/24, vlan: 200}\n"
    "access: {ssh_authorized_keys: []}\n"
    "nodes:\n"
    "  - {match: {service_tag: A}, hostname: node1, address: 11, cluster: create}\n"
    "  - {match: {service_tag: B}, hostname: node2, address: 12}\n"
    "  - {match: {service_tag: C}, hostname: node3, address: {management: 13}}\n";

const std::string whole_edge =
    "edge:\n"
    "  address: {network: service, host: 200}\n"
    "  nodes: [node1, node2]\n"
    "  http:\n"
    "    - {name: web, listen: 443, backends: [\"10.0.50.21:8080\"], check: /healthz, tls: {certificate: "
    "web}}\n"
    "  tcp:\n"
    "    - {name: db, listen: 5432, backends: [\"10.0.50.31:5432\", \"10.0.50.32:5432\"]}\n";

constexpr const char* certificate = "-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n";

Report report_of(const std::string& more) {
    Report report;
    (void)load_site(site_head + more, "site.yaml", report);
    return report;
}

/// The codes of what is wrong; what everybody has (nobody can log in) is left out.
std::vector<std::string> service_codes(const std::string& more) {
    auto list = codes(report_of(more));
    std::erase(list, "site.no-access");
    return list;
}

Site service_site(const std::string& more) {
    Report report;
    auto site = load_site(site_head + more, "site.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    return *site;
}

NodeSpec node_of(const Site& site, const std::string& hostname) {
    auto node = compose(site, machine("r640-boss-h740p-vmedia"), hostname);
    REQUIRE(node);
    return *node;
}

std::string indented(std::string text, const std::string& by) {
    std::string result;
    for (const auto& line : split(text, '\n')) {
        result += line.empty() ? "" : by + line + "\n";
    }
    return result;
}

}  // namespace

TEST_CASE("a site that says nothing of logs keeps them for thirty days and forwards them nowhere") {
    const auto site = service_site("");
    CHECK(site.logs.retention == std::chrono::days(30));
    CHECK(site.logs.max_size == gib(8));
    CHECK(site.logs.queue == gib(1));
    CHECK_FALSE(site.logs.elasticsearch);
    CHECK_FALSE(site.edge);
}

TEST_CASE("logs: room, time and Elasticsearch are read") {
    const auto site = service_site(std::string("logs:\n"
                                               "  retention: 90d\n"
                                               "  max_size: 12GiB\n"
                                               "  queue: 512MiB\n"
                                               "  forward:\n"
                                               "    elasticsearch:\n"
                                               "      url: https://logs.example.com:9200\n"
                                               "      index: prod-logs\n"
                                               "      ca: |\n") +
                                   indented(certificate, "        "));
    CHECK(site.logs.retention == std::chrono::days(90));
    CHECK(site.logs.max_size == gib(12));
    CHECK(site.logs.queue == mib(512));
    REQUIRE(site.logs.elasticsearch);
    CHECK(site.logs.elasticsearch->url == "https://logs.example.com:9200");
    CHECK(site.logs.elasticsearch->index == "prod-logs");
    CHECK(site.logs.elasticsearch->ca == certificate);
}

TEST_CASE("logs: what cannot be meant is refused, what is doubtful is said") {
    using Codes = std::vector<std::string>;
    const auto elastic = [](const std::string& text) {
        return "logs: {forward: {elasticsearch: {" + text + "}}}\n";
    };
    CHECK(service_codes("logs: {retention: 12h}\n") == Codes{"site.logs-retention"});
    CHECK(service_codes("logs: {max_size: 1MiB}\n") == Codes{"yaml.value"});
    CHECK(service_codes("logs: {keep: 12d}\n") == Codes{"yaml.unknown-key"});
    CHECK(service_codes(elastic("url: \"http://logs:9200\"")) == Codes{"site.logs-clear"});
    CHECK(service_codes(elastic("url: \"https://me:secret@logs:9200\"")) == Codes{"site.logs-credentials"});
    CHECK(service_codes(elastic("url: \"https://logs:9200\", index: Logs")) == Codes{"yaml.value"});
    CHECK(service_codes(elastic("url: \"https://logs:9200\", ca: nonsense")) == Codes{"yaml.value"});
    CHECK(service_codes(elastic("index: logs")) == Codes{"yaml.missing-key"});
}

TEST_CASE("edge: every key is read, and each node knows who may carry the address") {
    const auto site = service_site(whole_edge);
    REQUIRE(site.edge);
    CHECK(site.edge->router_id == 51);
    CHECK(site.edge->http.at(0).certificate == "web");
    CHECK(site.edge->http.at(0).check == "/healthz");
    CHECK(site.edge->tcp.at(0).backends.size() == 2);

    const auto node = node_of(site, "node3");
    REQUIRE(node.edge);
    CHECK(node.edge->address == Ipv4::parse("10.0.50.200").value());
    CHECK(node.edge->nodes == std::map<std::string, Ipv4>{{"node1", Ipv4::parse("10.0.50.11").value()},
                                                          {"node2", Ipv4::parse("10.0.50.12").value()}});
    CHECK(node.edge->may_be_on("node1"));
    CHECK_FALSE(node.edge->may_be_on("node3"));
}

TEST_CASE("edge: the control nodes carry an address of the management network") {
    const std::string services = ", tcp: [{name: db, listen: 5432, backends: [\"10.0.50.31:5432\"]}]}\n";
    const auto site =
        service_site("edge: {address: {network: management, host: 200}, nodes: control" + services);
    CHECK(node_of(site, "node3").edge->may_be_on("node3"));
    CHECK(service_codes("edge: {address: {network: service, host: 200}" + services) ==
          std::vector<std::string>{"site.edge-nodes"});
    CHECK(service_codes("edge: {address: {network: management, host: 200}, nodes: workers" + services) ==
          std::vector<std::string>{"yaml.value"});
}

TEST_CASE("edge: what cannot be meant is refused") {
    struct Case {
        std::string from, to, code;
    };
    const std::vector<Case> cases{
        {"host: 200", "host: 11", "site.edge-address"},
        {"host: 200", "host: 300", "site.edge-address"},
        {"network: service", "network: storage_public", "site.edge-address"},
        {"[node1, node2]", "[node1, node9]", "site.edge-nodes"},
        {"[node1, node2]", "[node1, node3]", "site.edge-nodes"},
        {"[node1, node2]", "[node1, node1]", "site.edge-nodes"},
        {"name: db", "name: web", "site.edge-name"},
        {"listen: 5432", "listen: 443", "site.edge-port"},
        {"listen: 5432", "listen: 22", "site.edge-port"},
        {"listen: 5432", "listen: 65536", "yaml.value"},
        {"10.0.50.32:5432", "10.0.50.31:5432", "site.edge-backends"},
        {"[\"10.0.50.21:8080\"]", "[]", "site.edge-backends"},
        {"10.0.50.21:8080", "db.example.com:8080", "yaml.value"},
        {"10.0.50.21:8080", "10.0.50.21", "yaml.value"},
        {"10.0.50.21:8080", "10.0.50.21:0", "yaml.value"},
        {"check: /healthz", "check: \"/a b\"", "yaml.value"},
        {"certificate: web", "certificate: ../web", "yaml.value"},
        {"name: db, listen", "name: db, check: /x, listen", "yaml.unknown-key"},
    };
    CHECK(service_codes(whole_edge).empty());
    for (const auto& one : cases) {
        INFO(one.from << " -> " << one.to);
        CHECK(service_codes(with(whole_edge, one.from, one.to)) == std::vector{one.code});
    }
    CHECK(service_codes("edge: {address: {network: management, host: 200}}\n") ==
          std::vector<std::string>{"site.edge-name"});
}

TEST_CASE("secrets of services are read, handed to the nodes that need them, and never shown") {
    const std::string key = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
    const std::string text =
        "schema: bedplate/secrets/v1\n"
        "elasticsearch: {user: writer, password: canary-word}\n"
        "edge_certificates:\n"
        "  - name: web\n"
        "    pem: |\n" +
        indented(certificate + key, "      ");
    Report report;
    const auto secrets = load_secrets(text, "secrets.yaml", report);
    INFO(report.to_text());
    REQUIRE(secrets);
    CHECK(secrets->elasticsearch->password.reveal() == "canary-word");
    CHECK(secrets->edge_certificates.at("web").reveal() == certificate + key);

    const auto forwards = service_site("logs: {forward: {elasticsearch: {url: \"https://logs:9200\"}}}\n");
    CHECK(needs_secrets(node_of(forwards, "node3")));
    CHECK(node_secrets(*secrets, node_of(forwards, "node3"))->reveal().contains("canary-word"));
    CHECK_FALSE(node_secrets(*secrets, node_of(forwards, "node3"))->reveal().contains("PRIVATE KEY"));
    const auto edge = service_site(whole_edge);
    CHECK(node_secrets(*secrets, node_of(edge, "node1"))->reveal().contains("PRIVATE KEY"));
    CHECK_FALSE(node_secrets(*secrets, node_of(edge, "node1"))->reveal().contains("canary-word"));
    CHECK_FALSE(needs_secrets(node_of(edge, "node3")));
    CHECK_FALSE(node_secrets(*secrets, node_of(edge, "node3")));
    CHECK_FALSE(needs_secrets(node_of(service_site(""), "node1")));

    for (const auto& [from, to] : {std::pair{"canary-word", "\"canary word\""},
                                   std::pair{"END PRIVATE", "END PUBLIC"}, std::pair{"user: writer, ", ""}}) {
        Report bad;
        CHECK_FALSE(load_secrets(with(text, from, to), "secrets.yaml", bad));
        CHECK_FALSE(bad.to_text().contains("canary"));
        CHECK_FALSE(bad.to_text().contains("Y2FuYXJ5"));
    }
}
