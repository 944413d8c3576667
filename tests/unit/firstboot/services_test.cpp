// SPDX-License-Identifier: GPL-3.0-or-later
// Logs and edge on a node: what is set up, what is tended, and what is said of it.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "firstboot/edge.hpp"
#include "firstboot/logs.hpp"
#include "firstboot/steps.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using fakes::FakePlatform;

namespace {

/// A member of a cluster of four; node4 is no control node.
NodeSettings member_on(FakePlatform& fake, std::uint32_t number) {
    auto settings = node_settings_from_json(example::node_json(), example::site_json()).value();
    const Membership membership{.self = example::member(number), .all = example::members(4)};
    settings.hostname = membership.self.hostname;
    fake.files.add_file(members_path, to_text(membership));
    fake.files.add_directory("/var/spool/rsyslog");
    fake.commands.on("find /var/spool/rsyslog *");
    fake.commands.on("journalctl *", {.status = 1});
    fake.commands.on("findmnt * /var/log*", {.out = "21474836480\n"});
    return settings;
}

/// An edge of the control nodes, with one service that needs a certificate.
EdgePolicy edge() {
    return {.network = "management",
            .address = Ipv4::parse("10.0.100.200").value(),
            .subnet = Cidr::parse("10.0.100.0/24").value(),
            .router_id = 51,
            .nodes = {},
            .http = {{.name = "web", .listen = 443, .backends = {"10.0.50.21:8080"}, .certificate = "web"},
                     {.name = "plain", .listen = 80, .backends = {"10.0.50.21:8080"}}},
            .tcp = {{.name = "db", .listen = 5432, .backends = {"10.0.50.31:5432"}}}};
}

Result<void> carry_out_step(const std::vector<Step>& steps, const std::string& id) {
    const auto found = std::ranges::find(steps, id, &Step::id);
    REQUIRE(found != steps.end());
    return found->steps.apply();
}

void add_interfaces(FakePlatform& fake, const std::string& also = "") {
    fake.commands.on("ip -json *",
                     {.out = R"([{"ifname": "mgmt", "addr_info": [{"local": "10.0.100.11"})" + also + "]}]"});
}

constexpr std::string_view told_file = "/var/lib/prometheus/node-exporter/bedplate-logs.prom";

}  // namespace

TEST_CASE("a control node compresses days that are over, removes old ones, and tells what it has") {
    FakePlatform fake;
    const auto settings = member_on(fake, 1);
    // The clock of the test stands at the first second of 2026.
    fake.clock.advance(std::chrono::hours(12));
    fake.files.add_file("/var/log/bedplate/node2/2025-11-01.jsonl.zst", "old");
    fake.commands.on("find /var/log/bedplate *", {.out = "1767268740.5 9 node2/2026-01-01.jsonl\n"
                                                         "1767225000.5 9 node2/2025-12-31.jsonl\n"
                                                         "1762000000.5 3 node2/2025-11-01.jsonl.zst\n"});
    fake.commands.on("systemd-run *");
    REQUIRE(tend_logs(fake.platform, settings));
    CHECK_FALSE(fake.files.exists("/var/log/bedplate/node2/2025-11-01.jsonl.zst"));
    CHECK(fake.commands.count("systemd-run * zstd * --rm /var/log/bedplate/node2/2025-12-31.jsonl") == 1);
    CHECK(fake.commands.count("systemd-run *") == 1);
    const auto figures = fake.files.read(told_file);
    REQUIRE(figures);
    CHECK(figures->contains("bedplate_log_received_timestamp_seconds{from=\"node2\"} 1767268740\n"));
    CHECK(figures->contains("bedplate_log_queue_bytes{to=\"node3\"} 0\n"));
    CHECK(fake.commands.unexpected().empty());
}

TEST_CASE("what is kept leaves half of a small /var/log alone, whatever the site allows") {
    FakePlatform fake;
    const auto settings = member_on(fake, 1);
    fake.commands.on("findmnt * /var/log/bedplate", {.out = "1073741824\n"});
    fake.commands.on("systemd-run *");
    for (const char* day : {"2025-12-30", "2025-12-31"}) {
        fake.files.add_file(std::format("/var/log/bedplate/node2/{}.jsonl.zst", day), "old");
    }
    fake.commands.on("find /var/log/bedplate *",
                     {.out = "1767100000.5 400000000 node2/2025-12-30.jsonl.zst\n"
                             "1767200000.5 400000000 node2/2025-12-31.jsonl.zst\n"});
    REQUIRE(tend_logs(fake.platform, settings));
    CHECK_FALSE(fake.files.exists("/var/log/bedplate/node2/2025-12-30.jsonl.zst"));
    CHECK(fake.files.exists("/var/log/bedplate/node2/2025-12-31.jsonl.zst"));
}

TEST_CASE("the journal leaves room in a small /var/log, and its file wins over Debian's") {
    FakePlatform fake;
    Node node{.platform = fake.platform, .settings = member_on(fake, 1)};
    fake.commands.on("systemctl *");
    const std::string folder = "/etc/systemd/journald.conf.d";
    const auto written = [&] {
        REQUIRE(carry_out_step(log_steps(node), "logs.journal"));
        const auto names = fake.files.list(folder).value();
        REQUIRE(names.size() == 1);
        CHECK(names.front() > "syslog.conf");
        return fake.files.read(folder + "/" + names.front()).value();
    };
    CHECK(written().contains("ForwardToSyslog=no\n"));
    CHECK(written().contains("SystemMaxUse=2147483648\nSystemKeepFree=1073741824\n"));
    fake.commands.on("findmnt * /var/log", {.out = "1073741824\n"});
    CHECK(written().contains("SystemMaxUse=268435456\nSystemKeepFree=134217728\n"));
    fake.commands.on("findmnt * /var/log", {.out = "?\n"});
    CHECK(carry_out_step(log_steps(node), "logs.journal").error().code == "node.file-system");
}

TEST_CASE(
    "a node throws the queue of a former control node away, and starts rsyslog again where it gave one up") {
    FakePlatform fake;
    const auto settings = member_on(fake, 4);
    fake.files.add_file("/var/spool/rsyslog/to-node9.00000001", "x");
    fake.files.add_file("/var/spool/rsyslog/to-node2.00000001", "x");
    fake.commands.on("find /var/spool/rsyslog *",
                     {.out = "1.0 1 to-node9.00000001\n1.0 1 to-node2.00000001\n1.0 1 imjournal.state\n"});
    SECTION("all is well") {
        REQUIRE(tend_logs(fake.platform, settings));
        CHECK(fake.commands.count("systemctl *") == 0);
    }
    SECTION("a receiver was given up") {
        fake.commands.on("journalctl *", {.out = "omrelp[10.0.100.11:2514]: ... - DISABLING action\n"});
        fake.commands.on("systemctl try-restart rsyslog.service");
        REQUIRE(tend_logs(fake.platform, settings));
        CHECK(fake.commands.count("systemctl try-restart rsyslog.service") == 1);
    }
    CHECK_FALSE(fake.files.exists("/var/spool/rsyslog/to-node9.00000001"));
    CHECK(fake.files.exists("/var/spool/rsyslog/to-node2.00000001"));
    CHECK_FALSE(fake.files.read(told_file).value().contains("received"));
}

TEST_CASE("rsyslog's file holds a login and is root's alone; who sends is followed") {
    FakePlatform fake;
    Node node{.platform = fake.platform, .settings = member_on(fake, 1)};
    node.settings.logs.elasticsearch =
        LogPolicy::Elasticsearch{.url = "https://logs:9200", .index = "prod", .ca = "PEM"};
    fake.files.add_file(node_secrets_path, R"({"elasticsearch": {"user": "u", "password": "canary"}})", 0600);
    fake.commands.on("systemctl *");
    fake.commands.on("sysctl *");
    REQUIRE(carry_out_step(log_steps(node), "logs.config"));
    CHECK(fake.files.read("/etc/rsyslog.conf").value().contains("pwd=\"canary\""));
    CHECK(fake.files.mode_of("/etc/rsyslog.conf") == 0600);
    CHECK(fake.files.read("/etc/bedplate/elasticsearch-ca.pem") == "PEM");
    CHECK(fake.files.read("/etc/bedplate/log-senders.json").value().contains("10.0.100.14"));
    CHECK(fake.commands.count("systemctl try-restart rsyslog.service") == 1);
    // It would go on without its port where the node's address comes after it.
    CHECK(fake.files.read("/etc/sysctl.d/60-bedplate-logs.conf").value().contains("ip_nonlocal_bind = 1"));
    CHECK(fake.commands.count("sysctl * --load=/etc/sysctl.d/60-bedplate-logs.conf") == 1);
    for (const auto& line : fake.commands.lines()) {
        CHECK_FALSE(line.contains("canary"));
    }
}

TEST_CASE("checks of logs say what waits, who is silent, and which rules are missing") {
    FakePlatform fake;
    auto settings = member_on(fake, 1);
    settings.logs.queue = mib(16);
    fake.commands.on("systemctl --quiet *");
    CHECK(check_log_sending(fake.platform, settings).value().ok);
    fake.commands.on("find /var/spool/rsyslog *", {.out = "1.0 15728640 to-node3.00000001\n"});
    const auto full = check_log_sending(fake.platform, settings).value();
    CHECK_FALSE(full.ok);
    CHECK(full.detail == "on the disk: 15 MiB for node3");

    fake.clock.advance(std::chrono::hours(12));
    fake.files.add_directory("/var/log/bedplate");
    fake.commands.on("ss *", {.out = "LISTEN 0 128 10.0.100.11:2514\n"});
    fake.commands.on("find /var/log/bedplate *", {.out = "1767268740.5 9 node1/2026-01-01.jsonl\n"
                                                         "1767268740.5 9 node2/2026-01-01.jsonl\n"
                                                         "1767260000.5 9 node3/2026-01-01.jsonl\n"});
    const auto receiving = check_log_receiving(fake.platform).value();
    CHECK_FALSE(receiving.ok);
    CHECK(receiving.detail == "not heard of for 15 minutes: node3, node4");

    fake.commands.on("auditctl -s", {.out = "enabled 1\nfailure 1\n"});
    fake.commands.on("auditctl -l", {.out = audit_rules()});
    CHECK(check_audit(fake.platform).value().ok);
    fake.commands.on("auditctl -l", {.out = "No rules\n"});
    CHECK_FALSE(check_audit(fake.platform).value().ok);
    fake.commands.on("auditctl -s", {.out = "enabled 0\n"});
    CHECK(check_audit(fake.platform).value().detail == "the kernel's audit is switched off");
}

TEST_CASE("an edge node gets proxies and a place in the row; what it cannot serve is left out and said") {
    FakePlatform fake;
    Node node{.platform = fake.platform, .settings = member_on(fake, 1)};
    node.settings.edge = edge();
    add_interfaces(fake);
    fake.commands.on("systemctl *");
    fake.commands.on("sysctl *");
    const auto steps = edge_steps(node);
    REQUIRE(carry_out_step(steps, "edge.config"));
    REQUIRE(carry_out_step(steps, "edge.address-config"));
    CHECK_FALSE(fake.files.read("/etc/haproxy/haproxy.cfg").value().contains("frontend web"));
    CHECK(fake.files.read("/etc/haproxy/haproxy.cfg").value().contains("frontend plain"));
    CHECK(fake.files.read("/etc/nginx/nginx.conf").value().contains("proxy_pass db"));
    CHECK(fake.files.read("/etc/keepalived/keepalived.conf").value().contains("interface mgmt\n"));
    CHECK(fake.commands.count("systemctl try-reload-or-restart haproxy.service nginx.service") == 1);
    const auto check = check_edge(fake.platform, node.settings).value();
    CHECK_FALSE(check.ok);
    CHECK(check.detail ==
          "web is not served: /etc/bedplate/edge/web.pem is missing; 10.0.100.200 is not here");

    fake.files.add_file(node_secrets_path, R"({"edge_certificates": {"web": "canary"}})", 0600);
    REQUIRE(carry_out_step(steps, "edge.config"));
    CHECK(fake.files.read("/etc/bedplate/edge/web.pem") == "canary");
    CHECK(fake.files.mode_of("/etc/bedplate/edge/web.pem") == 0600);
    CHECK(fake.files.read("/etc/haproxy/haproxy.cfg").value().contains("frontend web"));
    add_interfaces(fake, R"(, {"local": "10.0.100.200"})");
    CHECK(check_edge(fake.platform, node.settings).value().detail == "10.0.100.200 is here");
}

TEST_CASE("a member that may not carry the edge's address has nothing to do for it") {
    FakePlatform fake;
    Node node{.platform = fake.platform, .settings = member_on(fake, 4)};
    node.settings.edge = edge();
    for (const auto& step : edge_steps(node)) {
        INFO(step.id);
        REQUIRE(step.steps.observe());
        CHECK(step.steps.observe()->state == Observation::State::satisfied);
    }
    CHECK(check_edge(fake.platform, node.settings).value().ok);
    CHECK(fake.commands.commands().empty());
    node.settings.edge.reset();
    CHECK(edge_steps(node).empty());
}
