// SPDX-License-Identifier: GPL-3.0-or-later
// What a node does about the cluster's machines: the agent that Pacemaker calls, what comes before Pacemaker,
// and what they must not be to run here.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "firstboot/steps.hpp"
#include "firstboot/virt.hpp"
#include "platform/linux/linux.hpp"
#include "registry/vms.hpp"
#include "tests/support/fake_etcd.hpp"
#include "tests/support/fake_platform.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/cluster/example.hpp"

using namespace bedplate;
using namespace bedplate::firstboot;

namespace {

/// What the heartbeat agent is given, where the cluster's one is called with this action and time.
std::string passed_on(const std::string& action, const std::string& timeout) {
    const fakes::TempDir dir;
    const auto agent = dir / "resource.d/heartbeat/VirtualDomain";
    auto files = linux_file_system();
    REQUIRE(files->make_directories(agent.parent_path(), 0755));
    REQUIRE(files->write(agent, "#!/bin/sh\necho \"$* $OCF_RESKEY_CRM_meta_timeout\"\nexit 7\n", 0755));
    Command command{.argv = {BEDPLATE_SOURCE_DIR "/firstboot/virtual_domain.sh", action},
                    .environment = {{"OCF_ROOT", dir.path().string()}}};
    if (!timeout.empty()) {
        command.environment.emplace_back("OCF_RESKEY_CRM_meta_timeout", timeout);
    }
    const auto done = linux_command_runner()->run(command);
    REQUIRE(done);
    INFO(done->err);
    CHECK(done->exit_status == 7);  // "not running": the answer is the agent's own
    return done->out;
}

VmRecord record(const std::string& name, const std::string& type, const std::string& cpu) {
    return {.spec = {.name = name, .ha = true},
            .xml = "<domain><cpu mode=\"custom\"><model>" + cpu + "</model></cpu></domain>",
            .type = type,
            .ready = true};
}

}  // namespace

TEST_CASE("the agent gives a guest two thirds of the time to end, and passes everything else on") {
    CHECK(passed_on("stop", "180000") == "stop 120000\n");
    CHECK(passed_on("stop", "") == "stop 60000\n");
    CHECK(passed_on("start", "120000") == "start 120000\n");
    CHECK(passed_on("migrate_to", "600000") == "migrate_to 600000\n");
    CHECK(passed_on("meta-data", "") == "meta-data \n");
}

TEST_CASE("machines that were made with a larger processor are named by a node that joins") {
    fakes::FakePlatform fake;
    fakes::FakeEtcd etcd(fake.http);
    Etcd client(fake.http, {std::string(fakes::FakeEtcd::endpoint)});
    Registry registry(client, fake.clock);
    REQUIRE(store_vm(registry, record("web", "kvm", "Newer")));
    REQUIRE(store_vm(registry, record("db", "kvm", "Newer")));
    REQUIRE(store_vm(registry, record("old", "kvm", "Older")));
    fake.commands.on("virsh * hypervisor-cpu-compare *", [&](const Command&) -> Result<CommandResult> {
        const bool newer = fake.files.read("/run/bedplate/cpus.xml").value_or("").contains("Newer");
        return CommandResult{.exit_status = newer ? 1 : 0,
                             .out = newer ? "CPU described is incompatible with the CPU provided\n"
                                          : "The CPU provided is a superset of CPU described\n",
                             .err = {},
                             .duration = {}};
    });
    CHECK(beyond_processor(fake.platform, registry, "node2").error().code == "vm.host-unknown");
    REQUIRE(publish_vm_host(registry, "node2", {.type = "kvm", .machine = "pc-q35-10.0"}));
    CHECK(beyond_processor(fake.platform, registry, "node2") == std::vector<std::string>{"db", "web"});
    CHECK(fake.commands.count("virsh * --virttype kvm") == 2);  // each processor once
    // Without KVM the machines are named for that.
    REQUIRE(publish_vm_host(registry, "node2", {.type = "qemu", .machine = "pc-q35-10.0"}));
    CHECK(beyond_processor(fake.platform, registry, "node2") == std::vector<std::string>{});
}
