// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/hand_on.hpp"
#include "cli/verbs.hpp"

namespace bedplate::cli {

void add_vm_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand(
        "vm", "Virtual machines, on a node: create, list, migrate, remove, apply (vm --help)");
    // bedplate-vm knows its own arguments.
    verb->prefix_command();
    verb->set_help_flag();
    verb->callback([verb, &invocation] {
        invocation.run = [arguments = verb->remaining(), &invocation] {
            const auto exit = hand_on("/usr/lib/bedplate/bedplate-vm", arguments, "vm.not-a-node");
            return exit ? *exit : report_error(exit.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
