// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/machine.hpp"
#include "cli/verbs.hpp"
#include "engine/documents.hpp"
#include "engine/site_size.hpp"

namespace bedplate::cli {

namespace {

struct SizeOptions {
    std::string site, profiles;
    std::vector<std::string> inventories;
};

/// A cluster without a spare node is a finding like one that is too small: a script asks whether all is well.
bool is_sound(const Report& findings) {
    return std::ranges::all_of(findings.findings(),
                               [](const Finding& finding) { return finding.severity == Severity::note; });
}

Result<int> print_size(const SizeOptions& options, const Invocation& invocation) {
    Machine machine;
    auto& platform = machine.platform();
    BEDPLATE_ASSIGN(const auto site, load_site_from(platform, options.site));
    BEDPLATE_ASSIGN(const auto profiles, load_profiles(platform.files, profile_places(options.profiles)));
    std::vector<Inventory> inventories;
    for (const auto& path : options.inventories) {
        BEDPLATE_ASSIGN(auto inventory, read_inventory(platform.files, path));
        inventories.push_back(std::move(inventory));
    }
    BEDPLATE_ASSIGN(const auto size, size_of_site(site, inventories, profiles));
    if (invocation.json) {
        print_json(to_json(size));
    } else {
        std::cout << to_text(size);
    }
    return is_sound(size.findings) ? 0 : exit_status(ErrorKind::findings);
}

}  // namespace

void add_size_verb(CLI::App& app, Invocation& invocation) {
    auto* verb = app.add_subcommand(
        "size",
        "How many nodes a site's load needs, and what the loss of one leaves; exit status 3 below N+1");
    auto options = std::make_shared<SizeOptions>();
    verb->add_option("--site", options->site, "Site document: file or URL")->required();
    verb->add_option("--profiles", options->profiles, "Directory of profiles");
    verb->add_option("--inventory", options->inventories,
                     "Inventory files of nodes; a node without one is like the smallest, or 'load.node'");
    verb->add_flag("--json", invocation.json, "Print the answer as JSON");
    verb->callback([options, &invocation] {
        invocation.run = [options, &invocation] {
            const auto status = print_size(*options, invocation);
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace bedplate::cli
