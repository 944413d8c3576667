// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <iterator>

#include "firstboot/steps.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;
using fakes::FakePlatform;

namespace {

/// A node with its list of members.
class Place {
public:
    explicit Place(std::vector<Member> members) : members_(std::move(members)) {
        fake.files.add_file(identity_path, to_json(example::identity()).dump());
        fake.commands.on("findmnt * /var/lib/prometheus", {.out = " 40000000000\n"});
        fake.commands.on("stat *", {.out = "root:root:644\n"});
        fake.commands.on("systemctl daemon-reload");
        fake.commands.on("systemctl try-restart *");
        tell();
    }

    void tell() {
        fake.files.add_file(members_path, to_text(Membership{.self = members_[0], .all = members_}));
    }

    void carry_out_step(const std::string& id) {
        const auto steps = monitoring_steps(node);
        const auto step = std::ranges::find(steps, id, &Step::id);
        REQUIRE(step != steps.end());
        const auto done = carry_out(step->steps, step->id);
        INFO((done ? "" : done.error().to_text()));
        REQUIRE(done);
    }

    std::vector<Member>& members() { return members_; }
    [[nodiscard]] bool has(const std::string& name) const {
        return fake.files.exists("/etc/prometheus/targets/" + name);
    }

    FakePlatform fake;
    Node node{.platform = fake.platform,
              .settings = node_settings_from_json(example::node_json(), example::site_json()).value()};

private:
    std::vector<Member> members_;
};

}  // namespace

TEST_CASE("files of targets follow the members: who joins is asked, who leaves is forgotten") {
    Place place(example::members(2));
    place.fake.files.add_file("/etc/prometheus/targets/README", "by hand");
    place.carry_out_step("monitoring.targets");
    CHECK(place.has("node-node2.json"));
    CHECK(place.has("etcd-node2.json"));
    CHECK_FALSE(place.has("node-node3.json"));

    place.members().push_back(example::member(3));
    place.tell();
    place.carry_out_step("monitoring.targets");
    CHECK(place.has("node-node3.json"));

    place.members()[1].state = Member::State::leaving;
    place.tell();
    place.carry_out_step("monitoring.targets");
    place.members().erase(place.members().begin() + 1);
    place.tell();
    const auto changes = place.fake.files.changes().size();
    place.carry_out_step("monitoring.targets");
    CHECK(place.fake.files.changes().size() == changes);  // it went when it began to leave
    for (const char* job : {"node", "libvirt", "hacluster", "ceph", "etcd", "prometheus", "alertmanager"}) {
        CHECK_FALSE(place.has(std::string(job) + "-node2.json"));
        CHECK(place.has(std::string(job) + "-node3.json"));
    }
    CHECK(place.has("README"));
    CHECK(place.fake.commands.count("systemctl *") == 0);
}

TEST_CASE("Alertmanager starts again when another control node comes, Prometheus does not") {
    Place place(example::members(1));
    for (const char* step : {"monitoring.server-config", "monitoring.alertmanager-config"}) {
        place.carry_out_step(step);
    }
    CHECK(place.fake.files.read("/etc/default/prometheus").value().contains("retention.size=10000MB"));
    CHECK(place.fake.commands.count("systemctl try-restart *") == 2);
    place.members().push_back(example::member(2));
    place.tell();
    for (const char* step : {"monitoring.server-config", "monitoring.alertmanager-config"}) {
        place.carry_out_step(step);
    }
    CHECK(place.fake.commands.count("systemctl try-restart prometheus.service") == 1);
    CHECK(place.fake.commands.count("systemctl try-restart prometheus-alertmanager.service") == 2);
    CHECK(place.fake.files.read("/etc/default/prometheus-alertmanager")
              .value()
              .contains("--cluster.peer=10.0.100.12:9094"));
}

TEST_CASE("libvirt's exporter asks where nobody can change anything") {
    Place place(example::members(1));
    place.carry_out_step("monitoring.config");
    CHECK(place.fake.files.read("/etc/default/prometheus-libvirt-exporter") ==
          "ARGS=\"--libvirt.uri=qemu:///system?socket=/run/libvirt/libvirt-sock-ro "
          "--web.listen-address=10.0.100.11:9177\"\n");
}

TEST_CASE("a node that is no control node asks nobody") {
    auto members = example::members(2);
    members[0].control = false;
    Place place(members);
    for (const char* step :
         {"monitoring.targets", "monitoring.server-config", "monitoring.alertmanager-config"}) {
        place.carry_out_step(step);
    }
    CHECK(place.fake.files.changes().empty());
}
