// SPDX-License-Identifier: GPL-3.0-or-later
// What nodes send, what control nodes keep and for how long, and what the kernel writes down.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/text.hpp"
#include "cluster/log_files.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using example::member;
using example::members;

namespace {

std::size_t count_of(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

constexpr std::chrono::sys_days today = std::chrono::year{2026} / 11 / 28;

std::int64_t seconds(std::chrono::sys_seconds time) {
    return time.time_since_epoch().count();
}

/// A line of find(1) for a file that was last written at noon of its day.
std::string found(std::string_view node, std::chrono::sys_days day, std::uint64_t size,
                  std::string_view ending = "jsonl") {
    return std::format("{}.1234567890 {} {}/{:%F}.{}\n", seconds(day + std::chrono::hours(12)), size, node,
                       day, ending);
}

LogPolicy small_policy() {
    LogPolicy policy;
    policy.retention_days = 7;
    policy.max_size = mib(1);
    return policy;
}

}  // namespace

TEST_CASE("every node sends to every control node, each with a queue of its own") {
    const auto all = members(5);
    const auto worker = rsyslog_conf(LogPolicy{}, all[4], all, {});
    CHECK(count_of(worker, "type=\"omrelp\"") == 3);
    CHECK(worker.contains("queue.filename=\"to-node1\""));
    CHECK(worker.contains("target=\"10.0.100.12\" port=\"2514\" localClientIp=\"10.0.100.15\""));
    CHECK(worker.contains("tls.permittedPeer=[\"node3\"]"));
    CHECK(worker.contains("queue.maxDiskSpace=\"1073741824\""));
    CHECK_FALSE(worker.contains("imrelp"));
    const auto control = rsyslog_conf(LogPolicy{}, all[1], all, {});
    CHECK(count_of(control, "type=\"omrelp\"") == 3);
    CHECK(control.contains("tls.permittedPeer=[\"node1\", \"node2\", \"node3\", \"node4\", \"node5\"]"));
    CHECK(control.contains("input(type=\"imrelp\" address=\"10.0.100.12\" port=\"2514\""));
    CHECK_FALSE(control.contains("omelasticsearch"));
}

TEST_CASE("only control nodes forward, and a login is only sent over https") {
    const auto all = members(4);
    const NodeSecrets::Login login{.user = Secret("writer"), .password = Secret("canary")};
    LogPolicy policy;
    policy.elasticsearch = LogPolicy::Elasticsearch{.url = "https://logs:9200", .index = "prod", .ca = ""};
    const auto secured = rsyslog_conf(policy, all[0], all, login);
    CHECK(
        secured.contains("server=\"https://logs:9200\" tls.cacert=\"/etc/ssl/certs/ca-certificates.crt\" "
                         "uid=\"writer\" pwd=\"canary\""));
    CHECK(secured.contains("searchIndex=\"prod\""));
    CHECK_FALSE(rsyslog_conf(policy, all[3], all, login).contains("canary"));
    policy.elasticsearch->url = "http://logs:9200";
    CHECK_FALSE(rsyslog_conf(policy, all[0], all, login).contains("canary"));
}

TEST_CASE("a connection's lines belong to the member with that address, whatever they say") {
    const auto table = parse_json(log_senders(members(2)), "table").value();
    CHECK(table.at("nomatch") == "unknown");
    CHECK(table.at("table").at(1) == Json{{"index", "10.0.100.12"}, {"value", "node2"}});
}

TEST_CASE("what find prints is taken as it is, and what is no log is left alone") {
    const auto files = parse_found(
        "1764331200.5 10 node1/2026-11-28.jsonl\n"
        "1764331200.5 11 node1/2026-11-27.jsonl.zst\n"
        "1764331200.5 12 node1/notes.txt\n"
        "1764331200.5 13 2026-11-27.jsonl\n"
        "1764331200.5 14 a/b/2026-11-27.jsonl\n"
        "1764331200.5 15 node 2/2026-02-30.jsonl\n"
        "nonsense\n\n");
    CHECK(files.size() == 6);
    const auto kept = kept_logs(files);
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].path == "node1/2026-11-27.jsonl.zst");
    CHECK(kept[1].day == today);
    CHECK(kept[1].size == Bytes{10});
}

TEST_CASE("days that are over are compressed, and go when they are too old") {
    std::string out;
    for (int age = 0; age <= 9; ++age) {
        out += found("node1", today - std::chrono::days(age), 100, age > 5 ? "jsonl.zst" : "jsonl");
    }
    const auto kept = kept_logs(parse_found(out));
    const auto chores = log_chores(kept, today + std::chrono::hours(13), small_policy());
    CHECK(chores.remove ==
          std::vector<std::string>{"node1/2026-11-19.jsonl.zst", "node1/2026-11-20.jsonl.zst"});
    CHECK(chores.compress.size() == 5);
    CHECK_FALSE(std::ranges::contains(chores.compress, "node1/2026-11-28.jsonl"));
}

TEST_CASE("what rsyslog may still have open is not compressed") {
    const auto yesterday = today - std::chrono::days(1);
    const auto line =
        std::format("{}.0 100 node1/{:%F}.jsonl\n", seconds(today - std::chrono::seconds(1)), yesterday);
    const auto kept = kept_logs(parse_found(line));
    CHECK(log_chores(kept, today + std::chrono::minutes(5), small_policy()).compress.empty());
    CHECK(log_chores(kept, today + std::chrono::minutes(20), small_policy()).compress.size() == 1);
}

TEST_CASE("the oldest days of all nodes go first where there is too much, today's never") {
    const auto half = mib(1).value / 2;
    const auto yesterday = today - std::chrono::days(1), before = today - std::chrono::days(2);
    const auto kept = kept_logs(parse_found(found("node1", today, half) + found("node2", today, half) +
                                            found("node1", yesterday, 10) + found("node2", before, 10)));
    const auto chores = log_chores(kept, today + std::chrono::hours(13), small_policy());
    CHECK(chores.remove == std::vector<std::string>{"node2/2026-11-26.jsonl", "node1/2026-11-27.jsonl"});
    const auto more = kept_logs(parse_found(found("node1", today, 3 * half)));
    CHECK(log_chores(more, today + std::chrono::hours(13), small_policy()).remove.empty());
}

TEST_CASE("queues whose receiver is no control node any more are thrown away, and nothing else") {
    const auto spool = parse_found(
        "1764331200.0 1 to-node1.00000001\n1764331200.0 1 to-node1.qi\n"
        "1764331200.0 1 to-node10.00000001\n1764331200.0 1 to-node9.qi\n"
        "1764331200.0 1 imjournal.state\n1764331200.0 1 elasticsearch.00000001\n");
    LogPolicy policy;
    CHECK(orphaned_queues(spool, members(3), policy) ==
          std::vector<std::string>{"to-node10.00000001", "to-node9.qi", "elasticsearch.00000001"});
    policy.elasticsearch = LogPolicy::Elasticsearch{};
    CHECK(orphaned_queues(spool, members(3), policy) ==
          std::vector<std::string>{"to-node10.00000001", "to-node9.qi"});
}

TEST_CASE("figures say what waits for whom, and on control nodes when each member was heard of") {
    const auto spool = parse_found("1764331200.0 300 to-node2.00000001\n1764331200.0 40 to-node2.qi\n");
    const auto kept =
        kept_logs(parse_found(found("node1", today, 1) + found("node1", today, 1, "jsonl.zst")));
    const auto all = members(4);
    const auto control = log_metrics(spool, kept, all[0], all, LogPolicy{});
    CHECK(control.contains("bedplate_log_queue_bytes{to=\"node2\"} 340\n"));
    CHECK(control.contains("bedplate_log_queue_bytes{to=\"node1\"} 0\n"));
    CHECK(control.contains("bedplate_log_queue_limit_bytes{to=\"node3\"} 1073741824\n"));
    CHECK(control.contains(std::format("bedplate_log_received_timestamp_seconds{{from=\"node1\"}} {}\n",
                                       seconds(today + std::chrono::hours(12)))));
    CHECK(control.contains("bedplate_log_received_timestamp_seconds{from=\"node4\"} 0\n"));
    CHECK_FALSE(log_metrics(spool, {}, all[3], all, LogPolicy{}).contains("received"));
}

TEST_CASE("a missing audit rule is noticed by its key") {
    const auto rules = audit_rules();
    CHECK_FALSE(missing_audit_rule(rules));
    CHECK(missing_audit_rule("No rules\n"));
    auto lines = split(rules, '\n');
    const auto one = std::ranges::find_if(
        lines, [](const std::string& line) { return line.contains("/etc/shadow") && line.contains("b32"); });
    REQUIRE(one != lines.end());
    lines.erase(one);
    CHECK(missing_audit_rule(join(lines, "\n")) == "identity");
}

TEST_CASE("the audit leaves chronyd out before it looks at the clock, and knows every folder that it needs") {
    const auto rules = audit_rules();
    CHECK(rules.find("-a never,exit -F arch=b32") < rules.find("-a always"));
    CHECK(rules.contains("-F exe=/usr/sbin/chronyd"));
    for (const auto& folder : audited_folders()) {
        CHECK(rules.contains("-F dir=" + folder + " "));
    }
    CHECK(std::ranges::contains(audited_folders(), "/root/.ssh"));
    CHECK(auditd_conf().contains("num_logs = 8\n"));
}
