// SPDX-License-Identifier: GPL-3.0-or-later
// bedplate-firstboot: run by systemd on an installed node.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "base/foreign_text.hpp"
#include "firstboot/checks.hpp"
#include "firstboot/cluster_rules.hpp"
#include "firstboot/fencing.hpp"
#include "firstboot/follow.hpp"
#include "firstboot/hardware.hpp"
#include "firstboot/identity.hpp"
#include "firstboot/logs.hpp"
#include "firstboot/metrics.hpp"
#include "firstboot/osd_prepare.hpp"
#include "firstboot/removal.hpp"
#include "firstboot/steps.hpp"
#include "platform/linux/linux.hpp"

namespace {

using namespace bedplate;

/// The registry is the only server that this program speaks to.
std::unique_ptr<Http> member_http() {
    const std::string pki(node_pki);
    return curl_http(HttpTls{
        .ca_file = pki + "/ca.crt", .certificate_file = pki + "/node.crt", .key_file = pki + "/node.key"});
}

Result<void> identity(Platform& platform) {
    BEDPLATE_ASSIGN(const auto made, firstboot::make_identity(platform));
    for (const auto& what : made) {
        std::cout << "made: " << what << '\n';
    }
    return {};
}

Result<void> report(Platform& platform) {
    BEDPLATE_ASSIGN(const auto report, firstboot::check_node(platform));
    BEDPLATE_TRY(platform.files.write(node_report_path, pretty(to_json(report)) + "\n"));
    std::cout << to_text(report);
    if (report.state == NodeReport::State::failed) {
        return fail("node.check", report.error.value_or(""));
    }
    return {};
}

Result<void> osds(Result<std::vector<std::string>> done) {
    BEDPLATE_TRY(done);
    for (const auto& line : *done) {
        std::cout << line << '\n';
    }
    return {};
}

Result<NodeReport> write_report(Platform& platform) {
    BEDPLATE_ASSIGN(auto report, firstboot::check_node(platform));
    BEDPLATE_TRY(platform.files.write(node_report_path, to_json(report).dump(2) + "\n"));
    return report;
}

/// A minute; where looking takes long (dozens of programs on a busy or emulated processor), so much that a
/// ready node spends a twentieth of its time on it, but five minutes at most. A node that is not ready is
/// waited for.
std::chrono::steady_clock::duration pause_after_report(std::chrono::steady_clock::duration took, bool ready) {
    using std::chrono::minutes;
    constexpr int share = 20;
    return ready ? std::clamp<std::chrono::steady_clock::duration>(share * took, minutes{1}, minutes{5})
                 : minutes{1};
}

/// For as long as the node runs: write what the registry says of the others into this node's files, and look
/// at the node. Nothing that fails here ends it.
Result<void> follow(Platform& platform, firstboot::Node& node) {
    std::string last;
    firstboot::Follower follower(node);
    firstboot::NodeMetrics metrics(platform);
    auto due = platform.clock.steady();
    for (;;) {
        const auto done = follower.once();
        if (!done && done.error().code == "node.removed") {
            std::cout << done.error().to_text() << std::endl;
            BEDPLATE_TRY(write_report(platform));
            return {};  // nothing is left to do here, now or at the next start
        }
        const std::string now = done ? "" : done.error().message;
        if (now != last) {
            std::cout << (done ? "following the registry again" : "cannot follow the registry: " + now)
                      << std::endl;
            last = now;
        }
        if (const auto begun = platform.clock.steady(); begun >= due) {
            BEDPLATE_ASSIGN(const auto report, write_report(platform));
            if (const auto tended = firstboot::tend_logs(platform, node.settings); !tended) {
                std::cout << "logs: " << tended.error().to_text() << std::endl;
            }
            const auto done_at = platform.clock.steady();
            due = done_at + pause_after_report(done_at - begun, report.state == NodeReport::State::ready);
            metrics.look(report);
        }
        static_cast<void>(metrics.tell());  // a file that stays as it is is told by an alert (ReadingsOld)
        platform.clock.sleep(std::chrono::seconds{5});
    }
}

/// Everything that makes an installed system a node, then its report.
Result<void> first_boot(Platform& platform) {
    BEDPLATE_TRY(platform.files.make_directories("/run/bedplate", 0700));
    BEDPLATE_ASSIGN(auto settings, firstboot::read_node_settings(platform.files));
    firstboot::Node node{.platform = platform, .settings = std::move(settings)};
    NodeReport header{.hostname = node.settings.hostname,
                      .cluster = node.settings.cluster,
                      .generation = node.settings.generation,
                      .plan_digest = node.settings.plan_digest};
    node.say = [](const std::string& line) { std::cout << line << std::endl; };
    firstboot::RunnerOptions options;
    options.say = node.say;
    // Once a member, a restart of the machine only looks: a service that is not up yet is not to be made
    // again.
    const auto finished = platform.files.read(firstboot::finished_path);
    if (!finished || *finished != node.settings.plan_digest + "\n") {
        const auto follower = firstboot::follow_membership(platform, node.settings.hostname, member_http());
        BEDPLATE_TRY(firstboot::Runner(platform, options, header).run(firstboot::all_steps(node)));
        BEDPLATE_TRY(platform.files.write(firstboot::finished_path, node.settings.plan_digest + "\n"));
    }
    return follow(platform, node);
}

Result<firstboot::Node> node_for_people(Platform& platform) {
    BEDPLATE_ASSIGN(auto settings, firstboot::read_node_settings(platform.files));
    return firstboot::Node{.platform = platform,
                           .settings = std::move(settings),
                           .say = [](const std::string& line) { std::cout << line << std::endl; }};
}

/// Show what taking a node out means, and do it if that was asked for.
Result<void> remove(Platform& platform, const std::string& name, bool purge, bool commit) {
    BEDPLATE_TRY(platform.files.make_directories("/run/bedplate", 0700));
    BEDPLATE_ASSIGN(auto node, node_for_people(platform));
    BEDPLATE_ASSIGN(const auto facts, firstboot::removal_facts(node, name, purge));
    BEDPLATE_TRY(may_remove(facts));
    for (const auto& step : firstboot::removal_steps(node, facts)) {
        std::cout << std::format("{:<8} {}", step.stage, step.summary) << std::endl;
        if (commit) {
            BEDPLATE_TRY(carry_out(step.steps, step.id));
        }
    }
    std::cout << (commit ? name + " is no member any more\n" : "nothing was changed; --commit does this\n");
    if (!purge && !facts.osds.empty()) {
        std::cout << std::format("its OSDs ({}) are kept for its reinstallation\n", facts.osds.size());
    }
    return {};
}

Result<void> fencing(Platform& platform, firstboot::FencingOrder order, const std::string& test) {
    if (!test.empty()) {
        BEDPLATE_ASSIGN(order.test, parse_fence_test(test));
    }
    BEDPLATE_ASSIGN(auto node, node_for_people(platform));
    return firstboot::manage_fencing(node, order);
}

Result<void> rules(Platform& platform, bool commit) {
    BEDPLATE_ASSIGN(auto node, node_for_people(platform));
    return firstboot::manage_rules(node, commit);
}

Result<void> qdevice(Platform& platform, bool remove, bool commit) {
    BEDPLATE_ASSIGN(auto node, node_for_people(platform));
    return firstboot::manage_qdevice(node, remove, commit);
}

/// What pacemaker.service asks before it starts; whatever goes wrong with the question is no reason not to.
int guard(Platform& platform) {
    constexpr int start = 0, stay_out = 1;
    try {
        auto node = node_for_people(platform);
        return !node || firstboot::may_start_pacemaker(*node) ? start : stay_out;
    } catch (const std::exception& e) {
        std::cerr << "bedplate-firstboot: " << e.what() << '\n';
        return start;
    }
}

int run(int argc, char** argv) {
    CLI::App app{"Makes an installed system a node at its first start"};
    app.require_subcommand(1);
    auto* make_identity = app.add_subcommand("identity", "Host keys and names that are this node's alone");
    auto* check = app.add_subcommand("report", "Check the node and write its report");
    auto* make_osds = app.add_subcommand("osds", "Make the planned OSDs and start all of them");
    auto* start_osds = app.add_subcommand("osds-activate", "Start the OSDs that were kept");
    app.add_subcommand("run", "Create or join the cluster, then report; what is done already is left alone");
    auto* hardware = app.add_subcommand("hardware", "Ask disks and BMC how they are, for the node exporter");
    auto* take_out = app.add_subcommand("remove", "Take another node out of the cluster");
    std::string name;
    bool purge = false, commit = false;
    take_out->add_option("NAME", name, "Host name of the node")->required();
    take_out->add_flag("--purge-osds", purge, "Copy the data of its OSDs to others and forget them");
    take_out->add_flag("--commit", commit, "Do it; without, it is only shown");
    auto* fence = app.add_subcommand("fencing", "How each node is switched off, and the proofs");
    firstboot::FencingOrder order;
    std::string test;
    fence->add_option("NAME", order.hostname, "Host name of one node");
    fence->add_option("--test", test, "Have it proved anew: status, or cycle, which switches it off and on")
        ->check(CLI::IsMember({"status", "cycle"}));
    fence->add_flag("--release", order.release, "Let a node in again that was fenced again and again");
    fence->add_flag("--commit", order.commit, "Do it; without, it is only shown");
    auto* own_rules = app.add_subcommand("rules", "The cluster's rules of high availability");
    auto* device = app.add_subcommand("qdevice", "corosync's quorum device");
    bool without = false;
    device->add_flag("--remove", without, "Take it away");
    for (auto* verb : {own_rules, device}) {
        verb->add_flag("--commit", commit, "Do it; without, it is only shown");
    }
    auto* may_start = app.add_subcommand("guard", "Whether Pacemaker may start here: exit status 0");
    CLI11_PARSE(app, argc, argv);

    RealPlatform machine(member_http());
    Platform& platform = machine.get();
    if (may_start->parsed()) {
        return guard(platform);
    }
    const auto done = make_identity->parsed() ? identity(platform)
                      : check->parsed()       ? report(platform)
                      : make_osds->parsed()   ? osds(firstboot::prepare_osds(platform))
                      : start_osds->parsed()  ? osds(firstboot::activate_osds(platform))
                      : take_out->parsed()    ? remove(platform, name, purge, commit)
                      : fence->parsed()       ? fencing(platform, order, test)
                      : own_rules->parsed()   ? rules(platform, commit)
                      : device->parsed()      ? qdevice(platform, without, commit)
                      : hardware->parsed()    ? firstboot::write_hardware_metrics(platform)
                                              : first_boot(platform);
    if (!done) {
        std::cerr << "bedplate-firstboot: " << done.error().to_text() << '\n';
        return exit_status(done.error().kind);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        std::fputs("bedplate-firstboot: internal error: ", stderr);
        std::fputs(e.what(), stderr);
        std::fputs("\n", stderr);
        return 1;
    }
}
