// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <memory>

#include "base/quantities.hpp"
#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "engine/node_report.hpp"
#include "platform/descriptor.hpp"

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
Result<int> node_remove(const std::string& name, bool purge, bool commit) {
    const std::string program = "/usr/lib/bedplate/bedplate-firstboot";
    std::vector<const char*> argv{program.c_str(), "remove", name.c_str()};
    if (purge) {
        argv.push_back("--purge-osds");
    }
    if (commit) {
        argv.push_back("--commit");
    }
    argv.push_back(nullptr);
    // execv(3) takes non-const pointers for historical reasons only.
    ::execv(program.c_str(), const_cast<char**>(argv.data()));
    return fail_errno("node.not-a-node", "start", program, errno);
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
}

}  // namespace bedplate::cli
