// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/cluster_rules.hpp"

#include <catch2/catch_test_macros.hpp>

#include "registry/fencing.hpp"
#include "registry/keys.hpp"
#include "tests/support/fake_etcd.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;

namespace {

struct RulesBench {
    fakes::FakePlatform fake;
    fakes::FakeEtcd etcd{fake.http};
    Node node{.platform = fake.platform,
              .settings = node_settings_from_json(example::node_json(), example::site_json()).value()};
    std::string said;

    RulesBench() {
        fake.files.add_file(registry_access_path, R"({"endpoints": ["https://etcd:2379"], "ca": "", )"
                                                  R"("certificate": "", "key": ""})");
        node.say = [this](const std::string& line) { said += line + "\n"; };
    }

    [[nodiscard]] std::string stored() const { return etcd.get(registry_key("ha-policy")); }

    void corosync_has(const std::string& device, std::size_t members) {
        Json names = Json::array();
        for (const auto& member : example::members(static_cast<std::uint32_t>(members))) {
            names.push_back(member.hostname);
        }
        etcd.put("/bedplate/corosync",
                 Json{{"version", 4}, {"applied", 4}, {"members", names}, {"qdevice", device}}.dump());
    }

    Result<void> follow() {
        Etcd client(fake.http, {"https://etcd:2379"});
        Registry registry(client, fake.clock);
        return follow_qdevice(fake.platform, registry);
    }
};

}  // namespace

TEST_CASE("the rules of this node's site become the cluster's only with --commit") {
    RulesBench bench;
    REQUIRE(manage_rules(bench.node, false));
    CHECK(bench.stored().empty());
    CHECK(bench.said.contains("migration_threshold  3"));
    REQUIRE(manage_rules(bench.node, true));
    CHECK(bench.stored().contains("\"stickiness\":200"));
    bench.node.settings.ha.stickiness = 7;
    bench.said.clear();
    REQUIRE(manage_rules(bench.node, false));
    CHECK(bench.said.contains("stickiness           200"));
    CHECK(bench.said.contains("stickiness           7"));
    CHECK(bench.stored().contains("\"stickiness\":200"));
}

TEST_CASE("a quorum device needs a host, certificates and an even number of nodes") {
    RulesBench bench;
    CHECK(manage_qdevice(bench.node, false, true).error().code == "qdevice.none");
    bench.node.settings.ha.qdevice_host = "witness";
    CHECK(manage_qdevice(bench.node, false, true).error().code == "qdevice.certificates");
    bench.fake.files.add_directory("/etc/corosync/qdevice/net/nssdb");
    bench.corosync_has("", 2);
    REQUIRE(manage_qdevice(bench.node, false, false));
    CHECK(bench.said.contains("with --commit it is the one at witness"));
    bench.corosync_has("witness", 2);
    REQUIRE(manage_qdevice(bench.node, false, true));  // it is there already
}

TEST_CASE("the daemon of the quorum device follows what corosync is told") {
    RulesBench bench;
    bool active = false;
    bench.fake.commands.on("systemctl --quiet *",
                           [&](const Command&) { return CommandResult{.exit_status = active ? 0 : 3}; });
    bench.fake.commands.on("systemctl * --now corosync-qdevice.service");
    bench.corosync_has("", 2);
    REQUIRE(bench.follow());
    CHECK(bench.fake.commands.count("systemctl * --now *") == 0);
    bench.corosync_has("witness", 2);
    CHECK(bench.follow().error().code == "qdevice.certificates");
    bench.fake.files.add_directory("/etc/corosync/qdevice/net/nssdb");
    REQUIRE(bench.follow());
    CHECK(bench.fake.commands.count("systemctl enable --now corosync-qdevice.service") == 1);
    active = true;
    REQUIRE(bench.follow());
    bench.corosync_has("", 3);
    REQUIRE(bench.follow());
    CHECK(bench.fake.commands.count("systemctl disable --now corosync-qdevice.service") == 1);
}
