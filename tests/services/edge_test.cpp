// SPDX-License-Identifier: GPL-3.0-or-later
// HAProxy and nginx with the product's files on loopback: a backend dies, and nobody notices.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <set>

#include "base/text.hpp"
#include "cluster/edge_files.hpp"
#include "platform/linux/linux.hpp"
#include "platform/time_scale.hpp"
#include "tests/services/backend.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/vm/require.hpp"

using namespace bedplate;
using namespace bedplate::servicetest;
using vm::must;

namespace {

constexpr const char* haproxy = "/usr/sbin/haproxy";
constexpr const char* nginx = "/usr/sbin/nginx";

void need(const char* program) {
    if (::geteuid() != 0 || !std::filesystem::exists(program)) {
        SKIP("needs root and " << program);
    }
}

/// Places and accounts that are the node's are not for a test.
std::string without(const std::string& text, const std::vector<std::string>& beginnings) {
    std::string kept;
    for (const auto& line : split(text, '\n')) {
        const bool dropped = std::ranges::any_of(
            beginnings, [&](const std::string& begin) { return trim(line).starts_with(begin); });
        kept += dropped ? "" : line + "\n";
    }
    return kept;
}

/// The address is one of loopback that nothing else uses, and so is this node's on the management network.
EdgePolicy policy(const std::vector<std::uint16_t>& backends, std::uint16_t listen, std::string check) {
    EdgePolicy edge{.network = "management",
                    .address = must(Ipv4::parse("127.0.0.9")),
                    .subnet = must(Cidr::parse("127.0.0.0/8")),
                    .router_id = 51};
    EdgeService service{.name = "web", .listen = listen, .check = std::move(check)};
    for (const auto port : backends) {
        service.backends.push_back(std::format("127.0.0.1:{}", port));
    }
    edge.http = {service};
    service.check.clear();
    edge.tcp = {service};
    return edge;
}

EdgeNode self() {
    return {.hostname = "node1",
            .address = must(Ipv4::parse("127.0.0.3")),
            .management = must(Ipv4::parse("127.0.0.3"))};
}

/// Asks so many times; every answer has to be a good one. Who answered.
std::set<std::string> ask(const std::string& url, int times) {
    const auto http = curl_http();
    std::set<std::string> names;
    for (int i = 0; i < times; ++i) {
        const auto answer = must(http->send({.url = url, .timeout = scaled(std::chrono::seconds{30})}));
        CHECK(answer.status == 200);
        names.insert(answer.body);
    }
    return names;
}

/// Both answer; then one dies, and every request goes on being answered by the other.
void outlives_a_backend(const std::string& url, Backend& first) {
    constexpr int times = 20;
    CHECK(ask(url, times) == std::set<std::string>{"first", "second"});
    first.die();
    CHECK(ask(url, times) == std::set<std::string>{"second"});
}

}  // namespace

TEST_CASE("requests to HAProxy go on when a backend dies, and its metrics say so") {
    need(haproxy);
    Backend first("first"), second("second");
    const auto port = fakes::free_port();
    const auto edge = policy({first.port(), second.port()}, port, "/healthz");
    const fakes::TempDir dir;
    const auto files = linux_file_system();
    const auto conf = dir / "haproxy.cfg";
    must(files->write(conf, without(haproxy_conf(edge, edge.http, self(), dir.path()),
                                    {"user ", "group ", "chroot ", "stats socket ", "maxconn "})));
    fakes::Process proxy({haproxy, "-db", "-f", conf.string()}, dir / "log");
    fakes::wait_for_port("127.0.0.9", port, dir / "log");
    outlives_a_backend(std::format("http://127.0.0.9:{}/", port), first);

    const auto http = curl_http();
    const std::string own = std::format("http://127.0.0.3:{}", haproxy_metrics_port);
    CHECK(must(http->send({.url = own + "/alive"})).status == 200);
    CHECK(must(http->send({.url = own + "/elsewhere"})).status == 404);
    const auto metrics = must(http->send({.url = own + "/metrics"}));
    CHECK(metrics.status == 200);
    CHECK(metrics.body.contains("haproxy_backend_status{proxy=\"web\",state=\"UP\"} 1"));
    CHECK(metrics.body.contains("haproxy_server_status{proxy=\"web\""));
}

TEST_CASE("connections through nginx go on when a backend dies") {
    need(nginx);
    if (!std::filesystem::exists("/usr/lib/nginx/modules/ngx_stream_module.so")) {
        SKIP("needs libnginx-mod-stream");
    }
    Backend first("first"), second("second");
    const auto port = fakes::free_port();
    const auto edge = policy({first.port(), second.port()}, port, "");
    const fakes::TempDir dir;
    const auto files = linux_file_system();
    const auto conf = dir / "nginx.conf";
    must(files->write(conf, "pid " + (dir / "pid").string() + ";\n" +
                                without(nginx_stream_conf(edge), {"pid ", "user ", "error_log "})));
    // In one process: workers would outlive a master that is killed.
    fakes::Process proxy(
        {nginx, "-e", (dir / "log").string(), "-c", conf.string(), "-g", "daemon off; master_process off;"},
        dir / "log");
    fakes::wait_for_port("127.0.0.9", port, dir / "log");
    outlives_a_backend(std::format("http://127.0.0.9:{}/", port), first);
    const auto alive =
        must(curl_http()->send({.url = std::format("http://127.0.0.1:{}/alive", nginx_alive_port)}));
    CHECK(alive.status == 204);
}
