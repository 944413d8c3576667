// SPDX-License-Identifier: GPL-3.0-or-later
// A node with a registry and a BMC, for the tests of fencing.
#pragma once

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "firstboot/fencing.hpp"
#include "firstboot/steps.hpp"
#include "registry/keys.hpp"
#include "tests/support/fake_etcd.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/unit/cluster/example.hpp"

namespace bedplate::firstboot {

/// A member of a cluster with a registry, seen from one of its nodes.
struct Bench {
    fakes::FakePlatform fake;
    fakes::FakeEtcd etcd{fake.http};
    Node node;

    explicit Bench(const std::string& hostname = "node1", std::uint32_t count = 3)
        : node{.platform = fake.platform, .settings = settings(hostname)} {
        fake.files.add_file(registry_access_path, R"({"endpoints": ["https://etcd:2379"], "ca": "", )"
                                                  R"("certificate": "", "key": ""})");
        fake.files.add_file("/proc/sys/kernel/random/boot_id", "boot-1\n");
        fake.files.add_file("/proc/sys/kernel/random/uuid", "request-of-" + hostname + "\n");
        fake.files.add_file("/proc/cpuinfo", "processor : 0\nmodel name : x\nprocessor : 1\n");
        fake.files.add_file("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
        fake.files.add_file(bmc_path, R"({"user": "root", "password": "canary-horse"})");
        Membership membership{.all = example::members(count)};
        membership.self = *std::ranges::find(membership.all, hostname, &Member::hostname);
        fake.files.add_file(members_path, to_text(membership));
        for (const auto& member : membership.all) {
            etcd.put(registry_key("nodes", member.hostname), to_json(member).dump());
        }
        etcd.put(registry_key("next"), R"({"id": 9, "nodes": 3, "control": 3})");
        fake.commands.on("crm_mon *", [](const Command&) {
            CommandResult result;
            for (const auto* name : {"node1", "node2", "node3"}) {
                result.out += std::string("<node name=\"") + name + "\" online=\"true\" standby=\"false\">";
            }
            return result;
        });
        fake.commands.on("cibadmin *", {.out = "<cib/>"});
        fake.commands.on("crm_attribute *");
        fake.commands.on("crm_attribute * cpu --query *", {.out = "3\n"});
        fake.commands.on("crm_attribute * hv_memory --query *", {.out = "1843\n"});
        fake.commands.on("fence_ipmilan", {.out = "Status: ON\n"});
        fake.commands.on("fence_ipmilan -o metadata", {.out = "<resource-agent/>\n"});
        fake.commands.on("stonith_admin *", {.out = "<pacemaker-result/>"});
    }

    static NodeSettings settings(const std::string& hostname) {
        Json json = example::node_json();
        json["hostname"] = hostname;
        json["cluster_action"] = hostname == "node1" ? "create" : "join";
        json["fencing"] = {{"agent", "fence_ipmilan"}, {"via", "bmc"},  {"watchdog", false},
                           {"address", "10.0.9.1"},    {"port", 6231U}, {"cipher", 3U}};
        return node_settings_from_json(json, example::site_json()).value();
    }

    template <typename Work>
    auto with_registry(const Work& work) {
        Etcd client(fake.http, {"https://etcd:2379"});
        Registry registry(client, fake.clock);
        return work(registry);
    }

    FencingRecord record(const std::string& hostname) {
        return with_registry(
            [&](Registry& registry) { return FencingRegistry(registry).record(hostname).value(); });
    }

    /// A node that has published how it is switched off, and asks.
    void asks(const std::string& hostname, FenceTest test, const std::string& boot = "boot-9") {
        with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            REQUIRE(fencing.publish(hostname, device()));
            REQUIRE(fencing.ask(hostname, {.id = "r1", .test = test, .boot_id = boot, .at = 0}));
            return 0;
        });
    }

    /// Every member has the files of what is published now.
    void all_have_files() {
        with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            const auto digest = devices_digest(fencing.list().value());
            for (const auto* name : {"node1", "node2", "node3"}) {
                REQUIRE(fencing.acknowledge(name, digest));
            }
            return 0;
        });
    }

    void answer(const std::string& asking) {
        with_registry([&](Registry& registry) {
            FencingRegistry fencing(registry);
            FenceFiles files(fake.platform, node.settings.hostname);
            REQUIRE(answer_request(node, fencing, files, asking, fencing.record(asking).value()));
            return 0;
        });
    }

    static FenceDevice device() {
        return {.agent = "fence_ipmilan",
                .address = "10.0.9.2",
                .port = 6232,
                .cipher = 3,
                .user = "root",
                .password = Secret("canary-horse")};
    }

    /// No command, its input included, and nothing that was said shows the password.
    void check_secrecy() const {
        for (const auto& command : fake.commands.commands()) {
            CHECK_FALSE(quote_command(command.argv).contains("canary"));
            CHECK_FALSE(command.input.contains("canary"));
        }
    }
};

inline Result<void> follow(Bench& bench, FencingFollower& follower) {
    return bench.with_registry([&](Registry& registry) -> Result<void> {
        BEDPLATE_ASSIGN(const auto members, registry.list_members());
        return follower.once(registry, members);
    });
}

inline const Step& step_named(const std::vector<Step>& steps, const std::string& id) {
    const auto found = std::ranges::find(steps, id, &Step::id);
    REQUIRE(found != steps.end());
    return *found;
}

}  // namespace bedplate::firstboot
