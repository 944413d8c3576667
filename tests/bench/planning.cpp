// SPDX-License-Identifier: GPL-3.0-or-later
#include "planning.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <format>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "harness/workspace.hpp"
#include "plan/plan.hpp"

namespace bedplate::bench {
namespace {

constexpr std::size_t machines_to_plan = 1000;

constexpr std::string_view site_text = R"(schema: bedplate/site/v1
cluster: {name: prod, domain: dc1.example.com, timezone: UTC}
networks:
  management: {subnet: 10.0.100.0/24, gateway: 10.0.100.1}
install: {unattended: true, wipe: not-ours}
nodes:
  - {match: {service_tag: ANY}, hostname: node1, address: 11, cluster: create}
)";

/// A recorded machine and what was planned for it the first time.
struct Recorded {
    std::string name, text;
    std::string outcome = {};
};

std::string file_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Recorded> recorded_machines() {
    std::vector<Recorded> machines;
    for (const auto& entry : std::filesystem::directory_iterator(vm::top_directory() / "tests/machines")) {
        if (const auto file = entry.path() / "inventory.json"; std::filesystem::exists(file)) {
            machines.push_back({.name = entry.path().filename(), .text = file_text(file)});
        }
    }
    std::ranges::sort(machines, {}, &Recorded::name);
    return machines;
}

Result<std::vector<Profile>> all_profiles() {
    std::vector<Profile> profiles;
    Report report;
    for (const auto& entry : std::filesystem::directory_iterator(vm::top_directory() / "profiles")) {
        if (entry.path().extension() == ".yaml") {
            auto profile = load_profile(file_text(entry.path()), entry.path().filename(), report);
            if (!profile) {
                return fail("bench.profile", report.to_text());
            }
            profiles.push_back(std::move(*profile));
        }
    }
    return profiles;
}

/// What does not depend on the order of the disks: the actions, or the words of the refusal.
std::string outcome_of(const Result<Plan>& plan) {
    return plan ? canonical(to_json(*plan)["actions"]) : plan.error().to_text();
}

Result<Plan> plan_of(Inventory& inventory, const Site& site, const std::vector<Profile>& profiles) {
    BEDPLATE_ASSIGN(const NodeSpec node, compose(site, inventory, "node1"));
    BEDPLATE_ASSIGN(const Profile* profile, choose_profile(inventory, profiles));
    auto plan = make_plan({.inventory = inventory, .profile = *profile, .node = node});
    if (plan) {
        static_cast<void>(plan->digest());
    }
    return plan;
}

Result<double> plan_all(std::vector<Recorded>& machines, const Site& site,
                        const std::vector<Profile>& profiles, std::mt19937& random) {
    std::chrono::duration<double> spent{0};
    for (std::size_t i = 0; i < machines_to_plan; ++i) {
        Recorded& machine = machines[i % machines.size()];
        const auto start = std::chrono::steady_clock::now();
        BEDPLATE_ASSIGN(const Json json, parse_json(machine.text, machine.name));
        BEDPLATE_ASSIGN(Inventory inventory, inventory_from_json(json, machine.name));
        std::ranges::shuffle(inventory.disks, random);
        const Result<Plan> plan = plan_of(inventory, site, profiles);
        spent += std::chrono::steady_clock::now() - start;
        const std::string outcome = outcome_of(plan);
        if (!machine.outcome.empty() && machine.outcome != outcome) {
            return fail("bench.order",
                        std::format("{}: another order of the disks gave another plan", machine.name));
        }
        machine.outcome = outcome;
    }
    return spent.count();
}

}  // namespace

Result<std::vector<Row>> planning_rows(unsigned repetitions) {
    Report report;
    const auto site = load_site(site_text, "site.yaml", report);
    if (!site) {
        return fail("bench.site", report.to_text());
    }
    BEDPLATE_ASSIGN(const auto profiles, all_profiles());
    std::vector<Recorded> machines = recorded_machines();
    std::mt19937 random(1);  // the same orders in every run
    Row row{
        .what = std::format("plan {} machines", machines_to_plan),
        .aim = 5,
        .note = "recorded machines over and over, disks shuffled, from the inventory's text to the digest"};
    for (unsigned i = 0; i < repetitions; ++i) {
        BEDPLATE_ASSIGN(const double seconds, plan_all(machines, *site, profiles, random));
        row.ours.push_back(seconds);
    }
    return std::vector{row};
}

}  // namespace bedplate::bench
