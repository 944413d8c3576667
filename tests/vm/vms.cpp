// SPDX-License-Identifier: GPL-3.0-or-later
#include "vms.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <format>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "figures.hpp"
#include "harness/workspace.hpp"
#include "platform/linux/linux.hpp"
#include "platform/time_scale.hpp"
#include "require.hpp"

namespace bedplate::vm {

using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

std::string console(const std::string& name) {
    return std::format("/var/log/libvirt/qemu/{}-console.log", name);
}

/// Every line of the console from now on, with the node's time before it, in /run/counter-NAME.
void watch(const GuestSsh& ssh, const std::string& name) {
    must(
        ssh.output(std::format("systemctl stop counter-{0}.service 2>/dev/null; rm -f /run/counter-{0}; "
                               "systemd-run --quiet --collect "
                               "--unit=counter-{0} sh -c 'tail -n0 -F {1} 2>/dev/null | while read -r line; "
                               "do echo \"$(date +%s.%N) "
                               "$line\"; done >/run/counter-{0}'",
                               name, console(name))));
}

/// Times, in seconds, at which a node saw a number.
std::vector<double> times(const GuestSsh& ssh, const std::string& name) {
    must(ssh.output(std::format("systemctl stop counter-{}.service || true", name)));
    const auto text = must(ssh.output(std::format("cat /run/counter-{} 2>/dev/null || true", name)));
    std::vector<double> seen;
    for (const auto& line : split(text, '\n')) {
        const auto words = split(line, ' ');
        if (words.size() == 3 && words[1] == "counter") {
            seen.push_back(std::strtod(words[0].c_str(), nullptr));
        }
    }
    return seen;
}

milliseconds longest_gap(std::vector<double> seen) {
    std::ranges::sort(seen);
    double longest = 0;
    for (std::size_t i = 1; i < seen.size(); ++i) {
        longest = std::max(longest, seen[i] - seen[i - 1]);
    }
    return milliseconds(static_cast<long>(longest * 1000));
}

}  // namespace

std::string ClusterVms::verb(const std::string& arguments) {
    const auto done = must(cluster_.ssh(1).run(
        std::format("BEDPLATE_TIME_SCALE={} bedplate vm {} 2>&1", time_scale(), arguments),
        scaled(minutes(30))));
    INFO(done.out << done.err);
    REQUIRE(done.exit_status == 0);
    return done.out;
}

std::string ClusterVms::make_counter_image() {
    const auto script = must(linux_file_system()->read(top_directory() / "tests/vm/counter-image"));
    const auto done = must(cluster_.ssh(1).run(script, scaled(minutes(5))));
    INFO(done.out << done.err);
    REQUIRE(done.exit_status == 0);
    return std::string(trim(done.out));
}

void ClusterVms::create(const std::string& name, const std::string& image) {
    const Timed timed("an HA machine, from the command until it is started");
    const auto command =
        std::format("create {} --memory 256MiB --image {} --network management --ha", name, image);
    CHECK(verb(command).contains("nothing was changed"));
    CHECK(must(cluster_.ssh(1).output("rbd ls vms")).find(name) == std::string::npos);
    CHECK(verb(command + " --commit").contains(name + " runs"));
    for (unsigned number = 1; number <= cluster_.size(); ++number) {
        must(cluster_.ssh(number).output(std::format("test -s /etc/bedplate/vms/{}.xml", name)));
    }
}

unsigned ClusterVms::node_of(const std::string& name) {
    const auto list = must(cluster_.ssh(1).json("bedplate vm list --json"));
    for (const Json& row : list) {
        if (row.value("name", "") == name) {
            INFO(row.dump());
            CHECK(row.value("ha", false));
            for (unsigned number = 1; number <= cluster_.size(); ++number) {
                if (row.value("state", "") == "running" &&
                    row.value("node", "") == RackCluster::hostname(number)) {
                    return number;
                }
            }
        }
    }
    return 0;
}

std::uint64_t ClusterVms::counter(const std::string& name) {
    const auto text =
        must(cluster_.ssh(1).output(std::format("rbd export vms/{} - 2>/dev/null | dd bs=512 skip=2000 "
                                                "count=1 iflag=fullblock status=none | tr -cd 0-9",
                                                name)));
    return parse_unsigned(text).value_or(0);
}

void ClusterVms::check_counts(const std::string& name) {
    const Timed timed("the guest counts, from here");
    const auto before = counter(name);
    const auto deadline = std::chrono::steady_clock::now() + scaled(minutes(3));
    while (counter(name) <= before) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(std::chrono::seconds(2));
    }
}

milliseconds ClusterVms::migrate(const std::string& name, unsigned to) {
    const auto from = node_of(name);
    REQUIRE(from != 0);
    const auto before = counter(name);
    watch(cluster_.ssh(from), name);
    watch(cluster_.ssh(to), name);
    const Timed timed(std::format("moving it from node {} to node {}", from, to));
    CHECK(verb(std::format("migrate {} --to {}", name, RackCluster::hostname(to))).contains("runs on"));
    CHECK(node_of(name) == to);
    check_counts(name);
    CHECK(counter(name) > before);
    auto seen = times(cluster_.ssh(from), name);
    const auto later = times(cluster_.ssh(to), name);
    CHECK_FALSE(seen.empty());
    CHECK_FALSE(later.empty());
    // It was not started anew: then it would have said where it begins.
    CHECK(must(cluster_.ssh(to).output(std::format("grep -c begins /run/counter-{} || true", name))) == "0");
    seen.insert(seen.end(), later.begin(), later.end());
    // No wish for a node is left behind.
    CHECK(must(cluster_.ssh(1).output("cibadmin --query --scope constraints | grep -c cli- || true")) == "0");
    return longest_gap(std::move(seen));
}

void ClusterVms::remove(const std::string& name) {
    CHECK(verb("remove " + name + " --purge-disk").contains("nothing was changed"));
    CHECK(node_of(name) != 0);
    CHECK(verb("remove " + name + " --purge-disk --commit").contains(name + " is no more"));
    CHECK(must(cluster_.ssh(1).output(std::format("rbd ls vms | grep -c '^{}' || true", name))) == "0");
    CHECK(must(cluster_.ssh(1).output(std::format("crm_mon -1 | grep -c vm-{} || true", name))) == "0");
    for (unsigned number = 1; number <= cluster_.size(); ++number) {
        const auto& ssh = cluster_.ssh(number);
        CHECK(must(ssh.output(std::format("virsh list --all --name | grep -cx {} || true", name))) == "0");
        must(ssh.output(std::format(
            "for i in $(seq 60); do test -e /etc/bedplate/vms/{}.xml || exit 0; sleep 1; done; exit 1",
            name)));
    }
}

void check_vms(RackCluster& cluster) {
    ClusterVms vms(cluster);
    const auto image = vms.make_counter_image();
    vms.create("counter", image);
    vms.check_counts("counter");
    const auto first = vms.node_of("counter");
    REQUIRE(first != 0);
    const auto second = first % cluster.size() + 1;
    const auto there = vms.migrate("counter", second), back = vms.migrate("counter", first);
    proved(std::format(
        "an HA machine moved from node {} to {} and back while it counted; longest silence {} and {}", first,
        second, there, back));
    vms.remove("counter");
}

}  // namespace bedplate::vm
