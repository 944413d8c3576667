// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <map>
#include <memory>

#include "base/quantities.hpp"
#include "cli/hand_on.hpp"
#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "engine/node_report.hpp"

namespace bedplate::cli {

namespace {

/// Read the report; with a patience, again every second until the node is ready or the time is over.
Result<NodeReport> wait_for_report(Platform& platform, std::chrono::seconds patience) {
    const auto deadline = platform.clock.steady() + patience;
    for (;;) {
        auto report = read_node_report(platform.files, node_report_path);
        const bool ready = report && report->state == NodeReport::State::ready;
        if (ready || platform.clock.steady() >= deadline) {
            return report;
        }
        platform.clock.sleep(std::chrono::seconds{1});
    }
}

Result<int> node_status(const std::string& wait_ready, const Invocation& invocation) {
    Machine machine;
    std::chrono::seconds patience{0};
    if (!wait_ready.empty()) {
        BEDPLATE_ASSIGN(patience, parse_duration(wait_ready));
    }
    BEDPLATE_ASSIGN(const auto report, wait_for_report(machine.platform(), patience));
    if (invocation.json) {
        print_json(to_json(report));
    } else {
        std::cout << to_text(report);
    }
    return report.state == NodeReport::State::ready ? 0 : exit_status(ErrorKind::failed);
}

/// What runs on nodes does this; its output is ours. Returns only if it cannot be started.
Result<int> on_node(std::vector<std::string> arguments) {
    return hand_on("/usr/lib/bedplate/bedplate-firstboot", std::move(arguments), "node.not-a-node");
}

Result<int> node_remove(const std::string& name, bool purge, bool commit) {
    std::vector<std::string> arguments{"remove", name};
    if (purge) {
        arguments.emplace_back("--purge-osds");
    }
    if (commit) {
        arguments.emplace_back("--commit");
    }
    return on_node(std::move(arguments));
}

struct FencingAsked {
    std::string name, test;
    bool release = false, commit = false;
};

Result<int> node_fencing(const FencingAsked& asked) {
    std::vector<std::string> arguments{"fencing"};
    if (!asked.name.empty()) {
        arguments.push_back(asked.name);
    }
    if (!asked.test.empty()) {
        arguments.insert(arguments.end(), {"--test", asked.test});
    }
    for (const auto& [given, flag] :
         {std::pair{asked.release, "--release"}, std::pair{asked.commit, "--commit"}}) {
        if (given) {
            arguments.emplace_back(flag);
        }
    }
    return on_node(std::move(arguments));
}

/// A verb whose only questions are flags.
void add_plain(CLI::App& node, Invocation& invocation, const std::string& verb, const std::string& what,
               const std::vector<std::pair<std::string, std::string>>& flags) {
    auto* command = node.add_subcommand(verb, what);
    auto given = std::make_shared<std::map<std::string, bool>>();
    for (const auto& [flag, meaning] : flags) {
        command->add_flag(flag, (*given)[flag], meaning);
    }
    command->callback([verb, given, &invocation] {
        invocation.run = [verb, given, &invocation] {
            std::vector<std::string> arguments{verb};
            for (const auto& [flag, is_given] : *given) {
                if (is_given) {
                    arguments.push_back(flag);
                }
            }
            const auto exit = on_node(std::move(arguments));
            return exit ? *exit : report_error(exit.error(), invocation);
        };
    });
}

void add_fencing(CLI::App& node, Invocation& invocation) {
    auto* fencing = node.add_subcommand(
        "fencing", "How the cluster switches each node off, whether that is proved, and who is held out");
    auto asked = std::make_shared<FencingAsked>();
    fencing->add_option("NAME", asked->name, "One node");
    fencing
        ->add_option("--test", asked->test,
                     "Have it proved anew: status, or cycle, which switches the node off and on")
        ->check(CLI::IsMember({"status", "cycle"}));
    fencing->add_flag("--release", asked->release, "Let a node in again that was fenced again and again");
    fencing->add_flag("--commit", asked->commit, "Do it; without, it is only shown");
    fencing->callback([asked, &invocation] {
        invocation.run = [asked, &invocation] {
            const auto exit = node_fencing(*asked);
            return exit ? *exit : report_error(exit.error(), invocation);
        };
    });
}

}  // namespace

void add_node_verb(CLI::App& app, Invocation& invocation) {
    auto* node = app.add_subcommand("node", "This node and its place in the cluster");
    node->require_subcommand(1);
    auto* status = node->add_subcommand("status", "Every check of this node; exit status 0 when it is ready");
    auto wait_ready = std::make_shared<std::string>();
    status->add_option("--wait-ready", *wait_ready, "Wait so long for the node to be ready (30s, 10min)");
    status->add_flag("--json", invocation.json, "Print the report as JSON");
    status->callback([wait_ready, &invocation] {
        invocation.run = [wait_ready, &invocation] {
            const auto exit = node_status(*wait_ready, invocation);
            return exit ? *exit : report_error(exit.error(), invocation);
        };
    });
    auto* remove = node->add_subcommand(
        "remove", "Take another node out of the cluster: machines, OSDs, monitor, etcd, corosync, registry");
    auto name = std::make_shared<std::string>();
    auto purge = std::make_shared<bool>(false), commit = std::make_shared<bool>(false);
    remove->add_option("NAME", *name, "Its host name")->required();
    remove->add_flag("--purge-osds", *purge,
                     "Copy the data of its OSDs to others and forget them; else they are "
                     "kept for its reinstallation");
    remove->add_flag("--commit", *commit, "Do it; without, it is only shown");
    remove->callback([name, purge, commit, &invocation] {
        invocation.run = [name, purge, commit, &invocation] {
            const auto exit = node_remove(*name, *purge, *commit);
            return exit ? *exit : report_error(exit.error(), invocation);
        };
    });
    add_fencing(*node, invocation);
    const std::pair<std::string, std::string> committing{"--commit", "Do it; without, it is only shown"};
    add_plain(*node, invocation, "rules",
              "The cluster's rules of high availability, and those of this node's site", {committing});
    add_plain(*node, invocation, "qdevice",
              "The quorum device that the rules name, for an even number of nodes",
              {{"--remove", "Take it away"}, committing});
}

}  // namespace bedplate::cli
