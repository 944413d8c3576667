// SPDX-License-Identifier: GPL-3.0-or-later
// Every generated file is held against the program that reads it.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <format>
#include <fstream>

#include "platform/linux/linux.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using example::identity;
using example::members;

namespace {

/// What the program says about a file with this text; empty: it takes it.
std::string objection(const std::string& text, std::vector<std::string> argv,
                      const std::string& name = "file") {
    const fakes::TempDir dir;
    const auto file = dir / name;
    REQUIRE(linux_file_system()->write(file, text).has_value());
    for (auto& argument : argv) {
        if (argument == "FILE") {
            argument = file.string();
        }
    }
    const auto result = linux_command_runner()->run({.argv = argv});
    if (!result) {
        return result.error().message;
    }
    return result->exit_status == 0 ? "" : result->out + result->err;
}

/// corosync reads its key and looks for itself among the nodes even where it only checks: it gets a key, and
/// node 1 is this machine.
std::string corosync_objection(std::uint64_t version, std::vector<Member> list,
                               const std::string& qdevice = {}) {
    const fakes::TempDir dir;
    const auto key = dir / "authkey";
    REQUIRE(linux_file_system()->write(key, std::string(256, 'k')).has_value());
    list[0].ring0 = Ipv4::parse("127.0.0.1").value();
    auto text = corosync_conf("prod", version, list, qdevice);
    const std::string after = "transport: knet\n";
    text.insert(text.find(after) + after.size(), "  keyfile: " + key.string() + "\n");
    return objection(text, {"corosync", "-t", "-c", "FILE"});
}

}  // namespace

TEST_CASE("corosync takes its configuration for one, two and sixteen nodes") {
    for (const std::uint32_t count : {1U, 2U, 3U, 16U}) {
        INFO(count << " nodes");
        const auto text = corosync_conf("prod", 7, members(count));
        CHECK(corosync_objection(7, members(count)).empty());
        CHECK(corosync_config_version(text) == 7);
        CHECK((text.find("two_node: 1") != std::string::npos) == (count == 2));
        CHECK(text.find("ring1_addr") != std::string::npos);
    }
}

TEST_CASE("corosync refuses a text that is none, so the check above can fail") {
    CHECK_FALSE(
        objection("totem {\n version: 9\n transport: carrier pigeon\n}\n", {"corosync", "-t", "-c", "FILE"})
            .empty());
}

TEST_CASE("one member without a second ring makes it one link for all") {
    auto list = members(3);
    list[1].ring1.reset();
    const auto text = corosync_conf("prod", 1, list);
    CHECK(corosync_objection(1, list).empty());
    CHECK(text.find("ring1_addr") == std::string::npos);
    CHECK(text.find("linknumber: 1") == std::string::npos);
}

TEST_CASE("the same ring twice is one link: corosync would count the second as a fault") {
    auto list = members(1);
    list[0].ring1 = list[0].ring0;
    CHECK(corosync_conf("prod", 1, list).find("ring1_addr") == std::string::npos);
}

TEST_CASE("a quorum device takes the place of two_node, and corosync takes it") {
    const auto list = members(2);
    const auto text = corosync_conf("prod", 3, list, "10.0.200.5");
    CHECK(text.contains("device {\n    model: net\n    votes: 1\n    net {\n      host: 10.0.200.5\n"));
    CHECK_FALSE(text.contains("two_node"));
    CHECK(corosync_objection(3, list, "10.0.200.5").empty());
    CHECK(corosync_objection(3, members(4), "10.0.200.5").empty());
}

TEST_CASE("libvirt's pool is the same one however many monitors there are") {
    const auto uuid = [](const std::string& xml) { return xml.substr(xml.find("<uuid>"), 42); };
    CHECK(uuid(libvirt_pool_xml(identity(), members(1))) == uuid(libvirt_pool_xml(identity(), members(3))));
    CHECK(uuid(libvirt_bridge_xml("service", "br-service", 200)) ==
          uuid(libvirt_bridge_xml("service", "br-service", std::nullopt)));
}

TEST_CASE("libvirt's schemas take the secret, the pool and the network") {
    CHECK(objection(libvirt_secret_xml(identity()), {"virt-xml-validate", "FILE"}, "secret.xml").empty());
    CHECK(objection(libvirt_pool_xml(identity(), members(3)), {"virt-xml-validate", "FILE"}, "pool.xml")
              .empty());
    CHECK(
        objection(libvirt_bridge_xml("service", "br-service", 200), {"virt-xml-validate", "FILE"}, "net.xml")
            .empty());
    CHECK(objection(libvirt_bridge_xml("service", "br-service", std::nullopt), {"virt-xml-validate", "FILE"},
                    "net.xml")
              .empty());
}

TEST_CASE("Prometheus takes its configuration and its rules") {
    CHECK(objection(prometheus_conf("prod", "node1"),
                    {"promtool", "check", "config", "--syntax-only", "FILE"}, "p.yml")
              .empty());
    CHECK(objection(prometheus_rules(), {"promtool", "check", "rules", "FILE"}, "rules.yml").empty());
    const auto target = parse_json(prometheus_target(members(1)[0], 9100), "target").value();
    CHECK(target.at(0).at("targets").at(0) == "10.0.100.11:9100");
    CHECK(target.at(0).at("labels").at("node") == "node1");
}

namespace {

std::string notifications() {
    const std::vector<std::string> hooks{"http://10.0.100.5:8080/alert", "https://pager.example.com/a?b=c"};
    return alertmanager_conf(hooks, "https://watch.example.com/prod");
}

/// Where Alertmanager sends an alert with these labels.
std::string receiver_of(const std::string& text, const std::vector<std::string>& labels) {
    const fakes::TempDir dir;
    REQUIRE(linux_file_system()->write(dir / "am.yml", text).has_value());
    std::vector<std::string> argv{"amtool", "config", "routes", "test",
                                  "--config.file=" + (dir / "am.yml").string()};
    argv.insert(argv.end(), labels.begin(), labels.end());
    const auto result = linux_command_runner()->run({.argv = argv});
    REQUIRE(result);
    return result->out.substr(0, result->out.find('\n'));
}

}  // namespace

TEST_CASE("Alertmanager takes its configuration, with receivers and without") {
    CHECK(objection(notifications(), {"amtool", "check-config", "FILE"}, "am.yml").empty());
    CHECK(objection(alertmanager_conf({}, ""), {"amtool", "check-config", "FILE"}, "am.yml").empty());
    CHECK_FALSE(objection("{\"route\": {}}", {"amtool", "check-config", "FILE"}, "am.yml").empty());
}

TEST_CASE("people hear of alerts, resolved ones too, and the heartbeat goes to nobody else") {
    CHECK(receiver_of(notifications(), {"alertname=HostDown", "severity=critical"}) == "default");
    CHECK(receiver_of(notifications(), {"alertname=HostHighCpu", "severity=warning"}) == "default");
    CHECK(receiver_of(notifications(), {"alertname=Watchdog", "severity=none"}) == "heartbeat");
    const auto conf = parse_json(notifications(), "am").value();
    CHECK(conf.at("receivers").at(0).at("webhook_configs").size() == 2);
    CHECK(conf.at("receivers").at(0).at("webhook_configs").at(0).at("send_resolved") == true);
    CHECK(conf.at("receivers").at(1).at("webhook_configs").at(0).at("url") ==
          "https://watch.example.com/prod");
}

TEST_CASE("a dead node silences what lies on it, but not whether it was fenced") {
    const auto rules = parse_json(alertmanager_conf({}, ""), "am").value().at("inhibit_rules");
    const Json& down = rules.at(0);
    CHECK(down.at("source_matchers") == Json::array({R"(alertname="HostDown")"}));
    CHECK(down.at("equal") == Json::array({"node"}));
    const auto target = down.at("target_matchers").at(0).get<std::string>();
    for (const char* told : {"HostDown", "PacemakerNodeUnclean", "FencingFailed", "Watchdog"}) {
        CHECK(target.contains(told));
    }
}

TEST_CASE("targets come with a member and go with one that leaves") {
    auto list = members(4);
    auto files = prometheus_targets(list);
    CHECK(files.size() == 4 * 3 + 3 * 4);
    CHECK(files.contains("node-node4.json"));
    CHECK_FALSE(files.contains("etcd-node4.json"));
    CHECK(files.at("etcd-node1.json").contains("10.0.100.11:2381"));
    list[0].state = Member::State::leaving;
    list[3].state = Member::State::joining;
    files = prometheus_targets(list);
    CHECK(files.contains("node-node4.json"));
    for (const auto& [name, text] : files) {
        CHECK_FALSE(name.ends_with("-node1.json"));
    }
}

TEST_CASE("HAProxy is a target on the nodes that may carry the edge's address, where it serves anything") {
    EdgePolicy edge;
    CHECK_FALSE(prometheus_targets(members(4), edge).contains("haproxy-node1.json"));
    edge.http.emplace_back().name = "web";
    const auto control = prometheus_targets(members(4), edge);
    CHECK(control.at("haproxy-node1.json").contains("10.0.100.11:8405"));
    CHECK_FALSE(control.contains("haproxy-node4.json"));
    edge.nodes = {{"node4", Ipv4::parse("10.0.50.14").value()}};
    const auto listed = prometheus_targets(members(4), edge);
    CHECK(listed.at("haproxy-node4.json").contains("10.0.100.14:8405"));
    CHECK_FALSE(listed.contains("haproxy-node1.json"));
}

TEST_CASE("an exporter may take nearly as long as the time between two questions") {
    const auto conf = parse_json(prometheus_conf("prod", "node1"), "p").value();
    CHECK(conf.at("global").at("scrape_timeout") == "25s");
    for (const Json& job : conf.at("scrape_configs")) {
        INFO(job.at("job_name"));
        const bool slow = job.at("job_name") == "hacluster";
        CHECK(job.value("scrape_timeout", "25s") == (slow ? "50s" : "25s"));
    }
}

TEST_CASE("every job of Prometheus has targets, and every target a job") {
    const auto conf = parse_json(prometheus_conf("prod", "node1"), "p").value();
    EdgePolicy edge;
    edge.http.emplace_back().name = "web";
    const auto files = prometheus_targets(members(1), edge);
    CHECK(conf.at("scrape_configs").size() == files.size());
    for (const Json& job : conf.at("scrape_configs")) {
        CHECK(files.contains(std::format("{}-node1.json", job.at("job_name").get<std::string>())));
    }
}

TEST_CASE("measurements have an end, and the Alertmanagers know of one another") {
    auto settings = node_settings_from_json(example::node_json(), example::site_json()).value();
    settings.retention_days = 14;
    const auto list = members(4);
    CHECK(prometheus_arguments(list[0], settings, Bytes{10'000'000'000}) ==
          "--storage.tsdb.retention.time=14d --storage.tsdb.retention.size=10000MB "
          "--web.listen-address=10.0.100.11:9090 --web.user-assets=/usr/share/bedplate/dashboard");
    CHECK(alertmanager_arguments(list[1], list) ==
          "--web.listen-address=10.0.100.12:9093 --cluster.listen-address=10.0.100.12:9094 "
          "--cluster.peer=10.0.100.11:9094 --cluster.peer=10.0.100.13:9094");
}

TEST_CASE("etcd tells its figures where nobody can change anything") {
    const auto list = members(1);
    const auto conf = parse_json(etcd_conf(identity(), list[0], list, true), "etcd").value();
    CHECK(conf.at("listen-metrics-urls") == "http://10.0.100.11:2381");
}

TEST_CASE("a member follows the time of the control nodes, and not its own") {
    CHECK(chrony_members("node2", members(4)) ==
          "# Written by bedplate-firstboot: the control nodes.\n"
          "server 10.0.100.11 iburst minpoll 3 maxpoll 6\n"
          "server 10.0.100.13 iburst minpoll 3 maxpoll 6\n");
}

TEST_CASE("ceph.conf names the control nodes as monitors and asks for secure mode everywhere") {
    const auto node = node_settings_from_json(example::node_json(), example::site_json()).value();
    const auto text = ceph_conf(identity(), node, members(4));
    CHECK(text.find("mon_initial_members = node1, node2, node3\n") != std::string::npos);
    CHECK(text.find("mon_host = [v2:10.0.30.11:3300/0,v1:10.0.30.11:6789/0],[v2:10.0.30.12") !=
          std::string::npos);
    CHECK(text.find("public_network = 10.0.30.0/24\ncluster_network = 10.0.30.0/24\n") != std::string::npos);
    CHECK(text.find("crush_location = root=default host=node1\nosd_memory_target = ") != std::string::npos);
    CHECK(text.find(
              "\n[mgr]\nmgr_disabled_modules = restful,influx,telegraf,zabbix,insights,mirroring,nfs,snap_"
              "schedule,stats,localpool,osd_perf_query,osd_support,selftest,test_orchestrator\n") !=
          std::string::npos);
    for (const auto* mode : {"ms_cluster_mode", "ms_service_mode", "ms_client_mode", "ms_mon_client_mode"}) {
        CHECK(text.find(std::string(mode) + " = secure\n") != std::string::npos);
    }
}

TEST_CASE("the pool keeps three copies on three hosts, and what there is room for before") {
    CHECK(pool_policy(1, 1) == PoolPolicy{.size = 1, .min_size = 1, .across_hosts = false});
    CHECK(pool_policy(1, 2) == PoolPolicy{.size = 2, .min_size = 1, .across_hosts = false});
    CHECK(pool_policy(1, 5) == PoolPolicy{.size = 3, .min_size = 2, .across_hosts = false});
    CHECK(pool_policy(2, 5) == PoolPolicy{.size = 2, .min_size = 1, .across_hosts = true});
    CHECK(pool_policy(3, 3) == PoolPolicy{.size = 3, .min_size = 2, .across_hosts = true});
}

TEST_CASE("the options are one section each for Ceph") {
    const std::vector<CephOption> options{{"mon", "a", "1"}, {"global", "b", "2"}, {"mon", "c", "3"}};
    CHECK(ceph_options_conf(options) == "[global]\nb = 2\n[mon]\na = 1\nc = 3\n");
}

TEST_CASE("every member is in the hosts file, with its migration name") {
    const auto text = hosts_file(members(2));
    CHECK(text.find("10.0.100.11 node1.dc1.example.com node1\n") != std::string::npos);
    CHECK(text.find("10.0.40.12 node2-mig\n") != std::string::npos);
}

TEST_CASE("the manager's base module is the packaged one with an empty list of notifications") {
    const fakes::TempDir folder;
    std::filesystem::create_directories(folder / "shim");
    std::filesystem::create_directories(folder / "packaged");
    std::ofstream(folder / "shim/sitecustomize.py") << manager_customization();
    std::ofstream(folder / "packaged/mgr_module.py") << "class MgrModule:\n    pass\nCLI = 7\n";
    // The manager looks into its own folder first.
    const auto path =
        std::format("PYTHONPATH={}:{}", (folder / "packaged").string(), (folder / "shim").string());
    const auto script =
        "from mgr_module import CLI, MgrModule\n"
        "assert CLI == 7 and MgrModule.NOTIFY_TYPES == [], MgrModule\n";
    CHECK(objection(script, {"env", path, "python3", "FILE"}, "check.py").empty());
}

TEST_CASE("the bcrypt module does what Ceph's dashboard asks of it") {
    const auto script = bcrypt_shim() +
                        "h = hashpw(b'secret', gensalt(4))\n"
                        "assert h.startswith(b'$2b$04$'), h\n"
                        "assert checkpw(b'secret', h) and not checkpw(b'Secret', h)\n";
    CHECK(objection(script, {"python3", "FILE"}, "bcrypt_check.py").empty());
}
