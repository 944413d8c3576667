// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "firstboot/steps.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;

namespace {

std::vector<std::string> ids(bool create) {
    fakes::FakePlatform fake;
    Node node{.platform = fake.platform,
              .settings = node_settings_from_json(example::node_json(), example::site_json()).value()};
    node.settings.create = create;
    std::vector<std::string> list;
    for (const auto& step : all_steps(node)) {
        list.push_back(step.id);
    }
    return list;
}

}  // namespace

TEST_CASE("the steps of a first boot have unique names and come in the order of their stages") {
    for (const bool create : {true, false}) {
        const auto list = ids(create);
        CHECK(std::set(list.begin(), list.end()).size() == list.size());
        const auto at = [&](const std::string& id) {
            const auto found = std::ranges::find(list, id);
            INFO(id);
            REQUIRE(found != list.end());
            return found - list.begin();
        };
        CHECK(at("network.addresses") == 0);
        CHECK(at("time.synchronised") == 1);
        CHECK(at("etcd.running") < at("ceph.config"));
        // A monitor whose clock is not the others' would hold everything up that comes after it.
        CHECK(at("time.agreed") < at("ceph.config"));
        CHECK(at("ceph.osds") < at("virt.pool"));
        CHECK(at("virt.daemon") < at("ha.pacemaker"));
        // What machines are here decides what processor they get.
        CHECK(at("virt.machines") < at("virt.cpu"));
        // A machine whose file is missing would be "not installed" to Pacemaker.
        CHECK(at("ha.machines") < at("ha.pacemaker"));
        CHECK(at("ha.pacemaker") < at("monitoring.exporters"));
        // A member's lines are on their way before somebody can miss them.
        CHECK(at("logs.running") < at("monitoring.exporters"));
        CHECK(at("logs.audit-config") < at("logs.audit"));
        CHECK_FALSE(std::ranges::contains(list, "edge.address"));
    }
}

TEST_CASE("the site's machines are made last, by the node that creates the cluster, if there are any") {
    fakes::FakePlatform fake;
    Node node{.platform = fake.platform,
              .settings = node_settings_from_json(example::node_json(), example::site_json()).value()};
    CHECK(all_steps(node).back().id != "ready.machines");
    node.settings.vms = {{.name = "web", .disk = gib(1)}};
    REQUIRE(all_steps(node).back().id == "ready.machines");
    fake.commands.on("/usr/lib/bedplate/bedplate-vm apply --commit", {.status = 1, .err = "no image yet"});
    const auto steps = all_steps(node).back().steps;
    CHECK(carry_out(steps, "ready.machines") == false);
    CHECK(carry_out(steps, "ready.machines") == true);  // once: what could not be made is the operator's
    node.settings.create = false;
    CHECK(all_steps(node).back().id != "ready.machines");
}

TEST_CASE(
    "only the node that creates the cluster makes keys; one that joins asks first and starts in standby") {
    const auto create = ids(true), join = ids(false);
    const auto has = [](const auto& list, const std::string& id) {
        return std::ranges::find(list, id) != list.end();
    };
    for (const auto* id : {"create.ca", "ceph.keys", "ceph.options", "ha.corosync-key", "create.registry"}) {
        CHECK(has(create, id));
        CHECK_FALSE(has(join, id));
    }
    CHECK(has(join, "join.grant"));
    CHECK(has(join, "ha.standby"));
    CHECK_FALSE(has(create, "ha.standby"));
    // It counts from its grant, so it runs corosync before anything that takes long.
    CHECK(std::ranges::find(join, "ha.corosync") < std::ranges::find(join, "etcd.running"));
    CHECK(join.back() == "ha.active");
    // The proof comes right before: everything else is there when the power goes for a moment.
    CHECK(std::ranges::find(join, "ha.fence-proof") < std::ranges::find(join, "ha.active"));
    CHECK(std::ranges::find(join, "monitoring.exporters") < std::ranges::find(join, "ha.fence-device"));
    CHECK_FALSE(has(create, "ha.fence-proof"));
    CHECK(has(create, "ha.capacity"));
    CHECK(has(join, "ceph.mgr-key"));
}
