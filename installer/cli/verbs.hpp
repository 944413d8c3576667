// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/json.hpp"
#include "base/result.hpp"

namespace bedplate::cli {

/// What parsing the command line leaves to be done: the chosen verb sets `run`, main calls it and exits with
/// what it returns. `json` is set by --json, which every verb that prints data takes.
struct Invocation {
    std::function<int()> run;
    bool json = false;
};

/// Print an error to stderr (as text, or as one JSON object with --json) and return its exit status.
int report_error(const Error& error, const Invocation& invocation);

/// Print a value to stdout as indented JSON.
void print_json(const Json& value);

// One function per verb, each in a file of its own; they add their subcommand with its options.
void add_inventory_verb(CLI::App& app, Invocation& invocation);
void add_validate_verb(CLI::App& app, Invocation& invocation);
void add_match_verb(CLI::App& app, Invocation& invocation);
void add_plan_verb(CLI::App& app, Invocation& invocation);
void add_size_verb(CLI::App& app, Invocation& invocation);
void add_install_verb(CLI::App& app, Invocation& invocation);
void add_journal_verb(CLI::App& app, Invocation& invocation);
void add_logs_verb(CLI::App& app, Invocation& invocation);
void add_node_verb(CLI::App& app, Invocation& invocation);
/// prove, apply, confirm, rollback
void add_network_verbs(CLI::App& app, Invocation& invocation);
void add_ticket_verb(CLI::App& app, Invocation& invocation);
/// create, list, migrate, remove, apply: of bedplate-vm, another program
void add_vm_verb(CLI::App& app, Invocation& invocation);
/// up, status, ssh, down: of bedplate-lab, another program
void add_lab_verb(CLI::App& app, Invocation& invocation);
/// build, inspect, verify, personalize
void add_image_verbs(CLI::App& app, Invocation& invocation);

}  // namespace bedplate::cli
