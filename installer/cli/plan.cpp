// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "engine/session.hpp"
#include "probe/probe.hpp"

namespace bedplate::cli {

namespace {

/// Exit status of `plan --check` where carrying the plan out would write something.
constexpr int would_change = 5;

struct PlanOptions {
    std::string inventory, site, profiles, node, format = "text";
    bool check = false;
};

Result<int> print_plan(const PlanOptions& options, const Invocation& invocation) {
    Machine machine;
    auto& platform = machine.platform();
    BEDPLATE_ASSIGN(const auto site, load_site_from(platform, options.site));
    BEDPLATE_ASSIGN(const auto profiles, load_profiles(platform.files, profile_places(options.profiles)));
    BEDPLATE_ASSIGN(const auto inventory, options.inventory.empty()
                                              ? probe(platform)
                                              : read_inventory(platform.files, options.inventory));
    const auto hostname = options.node.empty() ? std::nullopt : std::optional(options.node);
    BEDPLATE_ASSIGN(const auto plan, plan_for(inventory, site, profiles, hostname));
    if (invocation.json || options.format == "json") {
        print_json(to_json(plan));
    } else if (options.format == "commands") {
        std::cout << to_commands_text(plan);
    } else {
        std::cout << to_text(plan);
    }
    const bool writes =
        std::ranges::any_of(plan.actions, [](const Action& a) { return a.device.has_value(); });
    return options.check && writes ? would_change : 0;
}

}  // namespace

void add_plan_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("plan", "The whole plan for a machine; writes nothing, needs no root");
    auto options = std::make_shared<PlanOptions>();
    verb->add_option("--inventory", options->inventory, "Inventory file; without it this machine is probed");
    verb->add_option("--site", options->site, "Site document: file or URL")->required();
    verb->add_option("--profiles", options->profiles, "Directory of profiles");
    verb->add_option("--node", options->node,
                     "Host name of the site's node entry, instead of matching the machine");
    verb->add_option("--format", options->format, "What to print")
        ->check(CLI::IsMember({"text", "json", "commands"}));
    verb->add_flag("--check", options->check, "Exit with 5 if the plan would change anything");
    verb->add_flag("--json", invocation.json, "Same as --format json; errors are JSON too");
    verb->callback([options, &invocation] {
        invocation.run = [options, &invocation] {
            const auto status = print_plan(*options, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
