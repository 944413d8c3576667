// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <memory>

#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "engine/documents.hpp"
#include "probe/probe.hpp"
#include "profile/profile.hpp"

namespace bedplate::cli {

namespace {

struct MatchOptions {
    std::string inventory, profiles;
};

Result<int> match_profiles(const MatchOptions& options, const Invocation& invocation) {
    Machine machine;
    auto& platform = machine.platform();
    BEDPLATE_ASSIGN(const auto inventory, options.inventory.empty()
                                              ? probe(platform)
                                              : read_inventory(platform.files, options.inventory));
    BEDPLATE_ASSIGN(const auto profiles, load_profiles(platform.files, profile_places(options.profiles)));
    const auto result = match(inventory, profiles);
    if (invocation.json) {
        print_json(to_json(result));
    } else {
        for (const auto& verdict : result.verdicts) {
            std::cout << std::format("{:<28} {}\n", verdict.profile,
                                     verdict.matches ? std::format("fits (priority {}, {} clauses)",
                                                                   verdict.priority, verdict.clauses)
                                                     : "no: " + verdict.first_mismatch);
        }
    }
    BEDPLATE_ASSIGN(const auto* chosen, choose_profile(inventory, profiles));
    if (!invocation.json) {
        std::cout << "chosen: " << chosen->name << '\n';
    }
    return 0;
}

}  // namespace

void add_match_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand("match", "The profile that fits a machine, and why the others do not");
    auto options = std::make_shared<MatchOptions>();
    verb->add_option("--inventory", options->inventory, "Inventory file; without it this machine is probed");
    verb->add_option("--profiles", options->profiles, "Directory of profiles");
    verb->add_flag("--json", invocation.json, "Print the verdicts as JSON");
    verb->callback([options, &invocation] {
        invocation.run = [options, &invocation] {
            const auto status = match_profiles(*options, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
