// SPDX-License-Identifier: GPL-3.0-or-later
// The `bedplate` command: puts the verbs together and turns their answers into exit statuses.
#include <cstdio>
#include <iostream>

#include "base/foreign_text.hpp"
#include "cli/bmc.hpp"
#include "cli/verbs.hpp"
#include "execute/events.hpp"

namespace bedplate::cli {

int report_error(const Error& error, const Invocation& invocation) {
    if (invocation.json) {
        Json json{{"schema", "bedplate/error/v1"}};
        json.update(to_json(error));
        std::cerr << pretty(json) << '\n';
    } else if (error.kind == ErrorKind::findings) {
        std::cerr << error.message;
    } else {
        std::cerr << "bedplate: " << error.to_text() << '\n';
    }
    return exit_status(error.kind);
}

void print_json(const Json& value) {
    std::cout << pretty(value) << '\n';
}

namespace {

int run(int argc, char** argv) {
    CLI::App app{
        "Bedplate installs KVM, Ceph and Pacemaker nodes on bare metal.\n"
        "Exit status: 0 done, 1 failed, 2 usage, 3 findings in a document, 4 refused, 5 would change "
        "things."};
    app.set_version_flag("--version", std::string("bedplate ") + BEDPLATE_VERSION);
    app.require_subcommand(1);
    Invocation invocation;
    add_inventory_verb(app, invocation);
    add_validate_verb(app, invocation);
    add_match_verb(app, invocation);
    add_plan_verb(app, invocation);
    add_size_verb(app, invocation);
    add_install_verb(app, invocation);
    add_journal_verb(app, invocation);
    add_logs_verb(app, invocation);
    add_bmc_verb(app, invocation);
    add_node_verb(app, invocation);
    add_network_verbs(app, invocation);
    add_ticket_verb(app, invocation);
    add_vm_verb(app, invocation);
    add_image_verbs(app, invocation);
    add_lab_verb(app, invocation);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        // --help and --version come this way too, with status 0.
        return app.exit(e) == 0 ? 0 : exit_status(ErrorKind::usage);
    }
    const int status = invocation.run();
    // Nobody may take a truncated plan for a whole one: a full pipe or disk is a failure.
    std::cout.flush();
    return std::cout ? status : exit_status(ErrorKind::failed);
}

}  // namespace

}  // namespace bedplate::cli

int main(int argc, char** argv) {
    try {
        return bedplate::cli::run(argc, argv);
    } catch (const std::exception& e) {
        std::fputs("bedplate: internal error: ", stderr);
        std::fputs(e.what(), stderr);
        std::fputs("\n", stderr);
        return 1;
    }
}
