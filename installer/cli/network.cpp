// SPDX-License-Identifier: GPL-3.0-or-later
#include <iostream>
#include <memory>

#include "base/quantities.hpp"
#include "cli/machine.hpp"
#include "cli/sinks.hpp"
#include "cli/verbs.hpp"
#include "engine/network_change.hpp"
#include "engine/session.hpp"

namespace bedplate::cli {

namespace {

struct NetworkOptions {
    std::string site, profiles, confirm_within = "2min";
    bool check = false, files_only = false;
};

constexpr int network_differs = 5;

void print_changes(const NetworkFiles& changes) {
    for (const auto& [path, text] : changes) {
        std::cout << (text ? "write  " : "remove ") << path << '\n';
    }
}

Result<int> apply(const NetworkOptions& options) {
    Machine machine;
    auto& platform = machine.platform();
    BEDPLATE_ASSIGN(const auto patience, parse_duration(options.confirm_within));
    BEDPLATE_ASSIGN(const auto site, load_site_from(platform, options.site));
    BEDPLATE_ASSIGN(const auto profiles, load_profiles(platform.files, profile_places(options.profiles)));
    Report findings;
    BEDPLATE_ASSIGN(const auto plan, plan_node_network(platform, site, profiles, findings));
    std::cerr << findings.to_text();
    BEDPLATE_ASSIGN(const auto changes, network_difference(platform.files, plan));
    if (changes.empty()) {
        std::cout << "The network is as planned already.\n";
        return 0;
    }
    std::cout << picture(plan.layout) << '\n';
    print_changes(changes);
    if (options.check) {
        return network_differs;
    }
    BEDPLATE_TRY(apply_network(platform, changes, patience));
    std::cout << std::format(
        "\nIn force. It is taken back in {} s unless you say 'bedplate network confirm', over a new "
        "connection.\n",
        patience.count());
    return 0;
}

Result<int> confirm() {
    Machine machine;
    BEDPLATE_TRY(confirm_network(machine.platform()));
    std::cout << "The change of the network stays.\n";
    return 0;
}

Result<int> rollback(const NetworkOptions& options) {
    Machine machine;
    BEDPLATE_ASSIGN(const bool done, roll_back_network(machine.platform(), !options.files_only));
    std::cout << (done ? "The change of the network was taken back: nobody confirmed it.\n"
                       : "There is no change of the network to take back.\n");
    return 0;
}

/// In the installer: only what an installation does before the first disk is touched.
Result<int> prove(const NetworkOptions& options, const Invocation& invocation) {
    Machine machine;
    TextLines text(std::cerr, machine.platform().clock);
    SessionOptions settings;
    if (!options.site.empty()) {
        settings.site = options.site;
    }
    if (!options.profiles.empty()) {
        settings.profiles = {options.profiles};
    }
    Session session(machine.platform(), text, settings);
    BEDPLATE_TRY(session.prepare());
    const auto proved = session.prove();
    if (const auto seen = machine.platform().files.read("/run/bedplate/network-proof.json");
        invocation.json && seen) {
        std::cout << *seen;
    }
    BEDPLATE_TRY(proved);
    return 0;
}

template <typename Work>
void on(CLI::App* verb, Invocation& invocation, Work work) {
    verb->callback([work, &invocation] {
        invocation.run = [work, &invocation] {
            const Result<int> status = work();
            return status ? *status : report_error(status.error(), invocation);
        };
    });
}

}  // namespace

void add_network_verbs(CLI::App& app, Invocation& invocation) {
    auto* network = app.add_subcommand("network", "The network of a node");
    network->require_subcommand(1);
    auto options = std::make_shared<NetworkOptions>();

    auto* prove_verb = network->add_subcommand(
        "prove", "In the installer: bring the planned network up and try it; no disk is touched");
    prove_verb->add_option("--site", options->site, "Site document: file or URL");
    prove_verb->add_option("--profiles", options->profiles, "Directory of profiles");
    prove_verb->add_flag("--json", invocation.json, "What was seen, as JSON");
    on(prove_verb, invocation, [options, &invocation] { return prove(*options, invocation); });

    auto* apply_verb = network->add_subcommand(
        "apply", "On a node: change its network; taken back unless confirmed in time");
    apply_verb->add_option("--site", options->site, "Site document: file or URL")->required();
    apply_verb->add_option("--profiles", options->profiles, "Directory of profiles");
    apply_verb->add_option("--confirm-within", options->confirm_within, "Time to confirm (30s, 2min)");
    apply_verb->add_flag("--check", options->check, "Change nothing; exit with 5 if something would change");
    on(apply_verb, invocation, [options] { return apply(*options); });

    auto* confirm_verb = network->add_subcommand("confirm", "On a node: keep the change");
    on(confirm_verb, invocation, [] { return confirm(); });

    auto* rollback_verb = network->add_subcommand("rollback", "On a node: take an unconfirmed change back");
    rollback_verb->add_flag("--files-only", options->files_only, "Before the network is started at boot");
    on(rollback_verb, invocation, [options] { return rollback(*options); });
}

}  // namespace bedplate::cli
