// SPDX-License-Identifier: GPL-3.0-or-later
// The files of logs and edge, read by the programs that they are for.
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <format>

#include "base/text.hpp"
#include "cluster/edge_files.hpp"
#include "cluster/log_files.hpp"
#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using example::members;

namespace {

namespace fs = std::filesystem;

CommandRunner& programs() {
    static const auto runner = linux_command_runner();
    return *runner;
}

void need(const char* program) {
    if (!fs::exists(program)) {
        SKIP("needs " << program);
    }
}

/// What the program says about a file with this text; empty: it takes it.
std::string objection(const fs::path& file, const std::string& text, std::vector<std::string> argv) {
    REQUIRE(linux_file_system()->write(file, text).has_value());
    for (auto& argument : argv) {
        if (argument == "FILE") {
            argument = file.string();
        }
    }
    const auto result = programs().run({.argv = argv});
    REQUIRE(result);
    return result->exit_status == 0
               ? ""
               : std::format("status {}: {}{}", result->exit_status, result->out, result->err);
}

/// A certificate of its own with its key, as files ca.crt, node.crt, node.key and web.pem.
void make_certificate(const fs::path& folder) {
    const auto files = linux_file_system();
    const auto made = programs().run(
        {.argv = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-days", "2", "-subj", "/CN=node1", "-keyout", (folder / "node.key").string(), "-out",
                  (folder / "node.crt").string()}});
    REQUIRE(made);
    REQUIRE(made->exit_status == 0);
    const auto certificate = files->read(folder / "node.crt"), key = files->read(folder / "node.key");
    REQUIRE(certificate);
    REQUIRE(key);
    REQUIRE(files->write(folder / "ca.crt", *certificate).has_value());
    REQUIRE(files->write(folder / "web.pem", *certificate + *key).has_value());
}

LogPolicy forwarding() {
    LogPolicy policy;
    policy.elasticsearch =
        LogPolicy::Elasticsearch{.url = "https://logs.example.com:9200", .index = "bedplate-prod", .ca = "x"};
    return policy;
}

EdgePolicy edge() {
    const EdgeService secured{.name = "web",
                              .listen = 8443,
                              .backends = {"10.0.50.11:8080", "10.0.50.12:8080"},
                              .check = "/healthz?a=1&b=~2",
                              .certificate = "web"};
    const EdgeService plain{.name = "plain-2", .listen = 8080, .backends = {"10.0.50.11:8080"}};
    return {.network = "management",
            .address = Ipv4::parse("127.0.0.9").value(),
            .subnet = Cidr::parse("127.0.0.0/8").value(),
            .router_id = 51,
            .nodes = {},
            .http = {secured, plain},
            .tcp = {plain}};
}

/// A port of this machine that is not loopback, on which keepalived would speak; empty: there is none.
std::string some_interface() {
    for (const auto& entry : fs::directory_iterator("/sys/class/net")) {
        if (entry.path().filename() != "lo") {
            return entry.path().filename();
        }
    }
    return "";
}

}  // namespace

TEST_CASE("rsyslogd takes the configuration of senders and receivers, with and without Elasticsearch") {
    constexpr const char* program = "/usr/sbin/rsyslogd";
    need(program);
    need("/usr/lib/x86_64-linux-gnu/rsyslog/omrelp.so");
    const fakes::TempDir dir;
    make_certificate(dir.path());
    LogPlaces places{.pki = dir.path(),
                     .spool = dir.path(),
                     .kept = dir / "kept",
                     .table = dir / "senders.json",
                     .elasticsearch_ca = dir / "ca.crt"};
    const std::vector<std::string> argv{program, "-N1", "-f", "FILE"};
    for (const std::uint32_t count : {1U, 3U, 16U}) {
        const auto all = members(count);
        REQUIRE(linux_file_system()->write(places.table, log_senders(all)).has_value());
        INFO(count << " nodes");
        for (const auto& self : {all.front(), all.back()}) {
            CHECK(objection(dir / "a.conf", rsyslog_conf(LogPolicy{}, self, all, {}, places), argv).empty());
        }
        // Every character that a login may have.
        const NodeSecrets::Login login{
            .user = Secret("bedplate"),
            .password = Secret("a$b%c#d!e&f(g)h*i+j,k-l.m/n:o;p<q=r>s?t@u[v]w^x_y`z{|}~'")};
        CHECK(objection(dir / "b.conf", rsyslog_conf(forwarding(), all.front(), all, login, places), argv)
                  .empty());
    }
    const auto wrong = rsyslog_conf(LogPolicy{}, members(1)[0], members(1), {}, places) +
                       "action(type=\"omrelp\" no.such=\"parameter\")\n";
    CHECK_FALSE(objection(dir / "c.conf", wrong, argv).empty());
}

TEST_CASE("haproxy takes the edge's configuration") {
    constexpr const char* program = "/usr/sbin/haproxy";
    need(program);
    const fakes::TempDir dir;
    make_certificate(dir.path());
    const EdgeNode self{.hostname = "node1",
                        .address = Ipv4::parse("127.0.0.3").value(),
                        .management = Ipv4::parse("127.0.0.3").value()};
    const std::vector<std::string> argv{program, "-c", "-q", "-f", "FILE"};
    const auto text = haproxy_conf(edge(), edge().http, self, dir.path());
    CHECK(objection(dir / "haproxy.cfg", text, argv).empty());
    // Nothing to serve is no reason not to start.
    CHECK(objection(dir / "none.cfg", haproxy_conf(edge(), {}, self, dir.path()), argv).empty());
    CHECK_FALSE(objection(dir / "wrong.cfg", text + "    no-such-word\n", argv).empty());
}

TEST_CASE("nginx takes the edge's configuration") {
    constexpr const char* program = "/usr/sbin/nginx";
    need(program);
    need("/usr/lib/nginx/modules/ngx_stream_module.so");
    if (::geteuid() != 0) {
        SKIP("needs root");
    }
    const fakes::TempDir dir;
    auto text = nginx_stream_conf(edge());
    const std::string pid = "pid /run/nginx.pid;";
    text.replace(text.find(pid), pid.size(), "pid " + (dir / "pid").string() + ";");
    const std::vector<std::string> argv{program, "-t", "-q", "-e", (dir / "log").string(), "-c", "FILE"};
    CHECK(objection(dir / "nginx.conf", text, argv).empty());
    CHECK_FALSE(objection(dir / "wrong.conf", text + "no_such_word;\n", argv).empty());
}

TEST_CASE("keepalived takes the edge's configuration") {
    constexpr const char* program = "/usr/sbin/keepalived";
    need(program);
    need("/usr/bin/curl");
    const auto interface = some_interface();
    if (::geteuid() != 0 || interface.empty()) {
        SKIP("needs root and a network port beside loopback");
    }
    const fakes::TempDir dir;
    auto policy = edge();
    policy.address = Ipv4::parse("10.0.100.200").value();
    policy.subnet = Cidr::parse("10.0.100.0/24").value();
    const std::vector<std::string> argv{program, "--config-test", "--use-file", "FILE"};
    for (const std::uint32_t count : {1U, 3U}) {
        const auto nodes = edge_nodes(policy, members(count));
        REQUIRE(nodes.size() == count);
        const auto text = keepalived_conf(policy, nodes.front(), nodes, interface);
        INFO(text);
        CHECK(objection(dir / "keepalived.conf", text, argv).empty());
        CHECK_FALSE(objection(dir / "wrong.conf", text + "no_such_word\n", argv).empty());
    }
}
