// SPDX-License-Identifier: GPL-3.0-or-later
// An installed node that shall create a cluster does, by itself: one monitor, one manager, one OSD, etcd,
// Pacemaker and a pool for virtual machines, in the time of a first boot; killed and switched off, too.
#include <catch2/catch_test_macros.hpp>
#include <format>
#include <random>
#include <thread>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "cluster_of_one.hpp"
#include "figures.hpp"
#include "installation.hpp"
#include "node_ready.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

using namespace bedplate;
using namespace bedplate::vm;
using std::chrono::minutes;

namespace {

const std::filesystem::path& layout() {
    static const auto path = top_directory() / "tests/vm/layouts/create.yaml";
    return path;
}

const std::filesystem::path& secrets_scan() {
    static const auto path = top_directory() / "tests/vm/secrets/scan";
    return path;
}

void check_ready(const GuestSsh& ssh, const std::string& what, minutes limit) {
    const Timed timed(what);
    const auto trouble = not_ready(ssh, limit);
    INFO(trouble);
    REQUIRE(trouble.empty());
}

/// What systemd reads out of the firmware at its start: the first boot is killed once at every step, when
/// what the step does has been done and does not stand in the journal yet.
std::string kills_at_every_step() {
    const std::string dropin =
        "[Service]\n"
        "Environment=BEDPLATE_FAILPOINT=*:applied BEDPLATE_FAILPOINT_DIR=/var/lib/bedplate/points\n"
        "ExecStartPre=mkdir -p /var/lib/bedplate/points\n"
        "RestartSec=1\n"
        "[Unit]\n"
        "StartLimitIntervalSec=0\n";
    return "io.systemd.credential.binary:systemd.unit-dropin.bedplate-firstboot.service~kills=" +
           to_base64(dropin);
}

}  // namespace

TEST_CASE("a node that shall create a cluster is one after its first boot", "[create]") {
    Workspace workspace("create");
    Server server(workspace, layout(), "create");
    install_creator(server);
    auto vm = server.node();
    const auto& ssh = server.ssh();
    INFO(run_script(ssh, secrets_scan(), "watch"));
    check_ready(ssh, "from the first login to a cluster of one", minutes(20));
    check_cluster_of_one(ssh);
    check_pool(ssh);
    proved(std::format("no secret lies open: {}", run_script(ssh, secrets_scan(), "look")));
    proved("one node with monitor, manager, OSD, etcd, Pacemaker and a pool of libvirt");
    // The first boot is over: the next one finds everything done.
    must(vm->powerdown());
    CHECK(must(vm->wait_exit(scaled(minutes(5)))).status == 0);
    vm = server.node();
    check_ready(ssh, "from the login to ready, at the second boot", minutes(15));
    CHECK(must(ssh.output("rbd --pool vms ls")) == "proof");
    vm->power_cut();
    workspace.succeeded();
}

TEST_CASE("a first boot that is killed once at every step converges", "[create-kills]") {
    Workspace workspace("create-kills");
    Server server(workspace, layout(), "create");
    install_creator(server);
    server.set_oem_strings({kills_at_every_step()});
    auto vm = server.node();
    const auto& ssh = server.ssh();
    check_ready(ssh, "from the first login to a cluster of one, killed at every step", minutes(40));
    const auto steps = split(must(ssh.output("ls /var/lib/bedplate/points")), '\n');
    CHECK(must(ssh.output("systemctl show --property NRestarts --value bedplate-firstboot")) ==
          std::to_string(steps.size()));
    CHECK(steps.size() >= 20);
    check_cluster_of_one(ssh);
    check_pool(ssh);
    proved(std::format("killed {} times, once at every step that changed something", steps.size()));
    vm->power_cut();
    workspace.succeeded();
}

TEST_CASE("a first boot that is switched off at any time converges", "[create-resets]") {
    Workspace workspace("create-resets");
    Server server(workspace, layout(), "create");
    install_creator(server);
    const auto seed = test_seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    constexpr unsigned resets = 5;
    std::string moments;
    for (unsigned reset = 0; reset < resets; ++reset) {
        auto vm = server.node();
        // From the login to the cluster it is twice as long, under emulation on two processors.
        constexpr unsigned longest = 140;
        const auto after = 1 + random() % longest;
        std::this_thread::sleep_for(std::chrono::seconds(after));
        const auto done = server.ssh().output(
            "bedplate journal --json /var/lib/bedplate/firstboot.jsonl | grep -c '\"satisfied\\|\"finished' "
            "|| true");
        moments += std::format("{}{} s (step {})", moments.empty() ? "" : ", ", after, done ? *done : "?");
        vm->power_cut();
    }
    const auto vm = server.node();
    const auto& ssh = server.ssh();
    check_ready(ssh, "from the sixth login to a cluster of one", minutes(20));
    check_cluster_of_one(ssh);
    check_pool(ssh);
    proved(std::format("switched off five times, seed {}, after {}", seed, moments));
    vm->power_cut();
    workspace.succeeded();
}
