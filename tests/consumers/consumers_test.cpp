// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <format>

#include "base/text.hpp"
#include "network_plans.hpp"
#include "plan/network_files.hpp"
#include "platform/linux/linux.hpp"

namespace bedplate {

using namespace test;

namespace {

const fs::path run_folder = "/run/systemd/network";

CommandRunner& commands() {
    static const auto runner = linux_command_runner();
    return *runner;
}

/// In a network namespace of its own, so that nothing here is changed.
CommandResult alone(std::vector<std::string> argv, std::string input = {}) {
    argv.insert(argv.begin(), {"unshare", "--net", "--"});
    auto result =
        commands().run({.argv = std::move(argv),
                        .input = std::move(input),
                        .environment = {{"SYSTEMD_LOG_LEVEL", "debug"}, {"SYSTEMD_LOG_TARGET", "console"}}});
    INFO((result ? std::string() : result.error().to_text()));
    REQUIRE(result);
    return *result;
}

bool can_run() {
    return ::geteuid() == 0 && fs::exists("/usr/lib/systemd/systemd-networkd") &&
           fs::exists("/usr/sbin/nft") && alone({"true"}).exit_status == 0;
}

void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

/// What networkd says about our files beside "Successfully loaded", and how many it loaded.
struct Reading {
    std::string complaints;
    std::size_t loaded = 0;
};

Reading read_by_networkd(const NetworkLayout& layout) {
    fs::remove_all(run_folder);
    for (const auto& [path, text] : network_files(layout, Addresses::with, run_folder.string())) {
        write(path, text);
    }
    // It makes this folder only for itself and refuses one that belongs to somebody else.
    const fs::path state = "/run/systemd/netif";
    fs::create_directories(state);
    REQUIRE(commands().run({.argv = {"chown", "-R", "systemd-network:", state.string()}}));
    const auto result = alone({"timeout", "1", "/usr/lib/systemd/systemd-networkd"});
    Reading reading;
    for (const std::string& line : split(result.err + result.out, '\n')) {
        if (!line.starts_with(run_folder.string())) {
            continue;
        }
        if (line.ends_with(": Successfully loaded.")) {
            ++reading.loaded;
        } else {
            reading.complaints += line + "\n";
        }
    }
    return reading;
}

void check_read(const std::string& name, const NetworkPlan& plan) {
    const Reading reading = read_by_networkd(plan.layout);
    std::size_t files = 0;
    for (const auto& [path, text] : plan.files) {
        files += path.ends_with(".network") || path.ends_with(".netdev") ? 1 : 0;
    }
    INFO(name);
    CHECK(reading.complaints.empty());
    CHECK(reading.loaded == files);
    const auto nft = alone({"nft", "-c", "-f", "-"}, plan.files.at("/etc/nftables.conf"));
    CHECK(nft.err.empty());
    CHECK(nft.exit_status == 0);
}

/// A database to try commands of ovs-vsctl on, as long as this object.
class Database {
public:
    Database() {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        must({"ovsdb-tool", "create", folder_ + "/conf.db", "/usr/share/openvswitch/vswitch.ovsschema"});
        must({"ovsdb-server", folder_ + "/conf.db", "--remote=punix:" + folder_ + "/db.sock",
              "--unixctl=" + folder_ + "/ctl", "--pidfile=" + folder_ + "/pid", "--detach", "--no-chdir",
              "--log-file=" + folder_ + "/log"});
    }
    ~Database() {
        (void)commands().run({.argv = {"ovs-appctl", "-t", folder_ + "/ctl", "exit"}});
        fs::remove_all(folder_);
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] CommandResult dry_run(const std::string& exec_start) const {
        std::vector<std::string> argv{"ovs-vsctl", "--db=unix:" + folder_ + "/db.sock", "--dry-run",
                                      "--no-wait"};
        for (std::string word : split(exec_start.substr(exec_start.find(' ') + 1), ' ')) {
            // systemd takes \" for " (systemd.service(5)); nothing else of that kind is in there.
            for (auto at = word.find("\\\""); at != std::string::npos; at = word.find("\\\"")) {
                word.replace(at, 2, "\"");
            }
            argv.push_back(word);
        }
        return commands().run({.argv = argv}).value();
    }

private:
    static void must(std::vector<std::string> argv) {
        const auto result = commands().run({.argv = std::move(argv)});
        REQUIRE(result);
        INFO(result->err);
        REQUIRE(result->exit_status == 0);
    }
    std::string folder_ = "/run/bedplate-ovs-test";
};

}  // namespace

TEST_CASE("systemd-networkd and nft read the files of every machine without a complaint") {
    if (!can_run()) {
        SKIP("needs root, systemd-networkd and nft");
    }
    const auto profiles = all_profiles();
    std::size_t planned = 0;
    for (const std::string& name : machine_names()) {
        Report findings;
        if (const auto plan = network_for(load_machine(name), profiles, findings)) {
            check_read(name, *plan);
            ++planned;
        }
    }
    CHECK(planned > 3);
}

TEST_CASE("the check notices a file that is wrong") {
    if (!can_run()) {
        SKIP("needs root, systemd-networkd and nft");
    }
    Report findings;
    auto plan = network_for(load_machine("r750-boss-passthrough-nvme"), all_profiles(), findings);
    REQUIRE(plan);
    plan->layout.bonds.front().mode = "no-such-mode";
    CHECK(read_by_networkd(plan->layout).complaints.contains("Failed to parse"));
    CHECK(alone({"nft", "-c", "-f", "-"}, "table inet x { chain y { tcp dport nonsense accept } }")
              .exit_status != 0);
}

TEST_CASE("Open vSwitch and systemd read the unit that makes the bridges") {
    if (!can_run() || !fs::exists("/usr/bin/ovs-vsctl")) {
        SKIP("needs root and Open vSwitch");
    }
    Report findings;
    const auto plan =
        network_for(load_machine("r750-boss-passthrough-nvme"), all_profiles(), findings, BridgeKind::ovs);
    REQUIRE(plan);
    const std::string& unit = plan->files.at("/etc/systemd/system/bedplate-ovs.service");
    const Database database;
    std::size_t tried = 0;
    for (const std::string& line : split(unit, '\n')) {
        if (line.starts_with("ExecStart=")) {
            const auto result = database.dry_run(line.substr(10));
            INFO(line << "\n" << result.err);
            CHECK(result.exit_status == 0);
            ++tried;
        }
    }
    CHECK(tried == 1);
    const fs::path file = "/run/bedplate-ovs.service";
    write(file, unit);
    const auto verified =
        commands().run({.argv = {"systemd-analyze", "verify", "--man=no", file.string()}}).value();
    INFO(verified.err);
    CHECK(!verified.err.contains("bedplate-ovs.service:"));
    check_read("ovs", *plan);
}

}  // namespace bedplate
