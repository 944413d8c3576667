// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "inventory/inventory.hpp"
#include "plan/plan.hpp"
#include "profile/profile.hpp"

namespace bedplate {
namespace {

namespace fs = std::filesystem;

const fs::path source = BEDPLATE_SOURCE_DIR;
const fs::path machines = source / "tests/machines";
const fs::path plans = source / "tests/plans";

constexpr std::string_view site_text = R"(schema: bedplate/site/v1
cluster: {name: prod, domain: dc1.example.com, ntp: [10.0.100.1], dns: [10.0.100.1], timezone: Europe/Berlin}
networks:
  management: {vlan: 100, subnet: 10.0.100.0/24, gateway: 10.0.100.1}
access:
  ssh_authorized_keys:
    - "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator@workstation"
install: {unattended: true, wipe: blank-only, generation: 1, after: reboot}
nodes:
  - {match: {service_tag: ANY}, hostname: node1, address: 11, cluster: create}
)";

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> machine_names() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(machines)) {
        if (fs::exists(entry.path() / "inventory.json")) {
            names.insert(entry.path().filename());
        }
    }
    return {names.begin(), names.end()};
}

std::vector<Profile> all_profiles() {
    std::set<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(source / "profiles")) {
        if (entry.path().extension() == ".yaml") {
            paths.insert(entry.path());
        }
    }
    std::vector<Profile> profiles;
    for (const fs::path& path : paths) {
        Report report;
        auto profile = load_profile(read(path), path.filename(), report);
        INFO(report.to_text());
        REQUIRE(profile);
        profiles.push_back(std::move(*profile));
    }
    return profiles;
}

Site minimal_site() {
    Report report;
    auto site = load_site(site_text, "site.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    return std::move(*site);
}

Result<Plan> plan_for(const Inventory& inventory, const std::vector<Profile>& profiles) {
    BEDPLATE_ASSIGN(const NodeSpec node, compose(minimal_site(), inventory, "node1"));
    BEDPLATE_ASSIGN(const Profile* profile, choose_profile(inventory, profiles));
    return make_plan({.inventory = inventory, .profile = *profile, .node = node});
}

Inventory load_machine(const std::string& name) {
    const fs::path path = machines / name / "inventory.json";
    const auto json = parse_json(read(path), name);
    REQUIRE(json);
    auto inventory = inventory_from_json(*json, name);
    INFO((inventory ? std::string() : inventory.error().to_text()));
    REQUIRE(inventory);
    return std::move(*inventory);
}

/// Without digests, which change with every comment in a profile, and without the profiles for other kinds of
/// machine in the list of those that do not fit: neither says anything to a reader.
std::string for_reading(const std::string& text) {
    static const std::regex digest("\\b[0-9a-f]{64}\\b");
    static const std::regex other_machine("\n  [a-z0-9-]+: system\\.[^\n]*");
    return std::regex_replace(std::regex_replace(text, digest, "(sha256)"), other_machine, "");
}

std::string plan_or_refusal(const std::string& name, const std::vector<Profile>& profiles) {
    const auto plan = plan_for(load_machine(name), profiles);
    return for_reading(plan ? to_text(*plan) : "REFUSED\n\n" + plan.error().to_text() + "\n");
}

bool recording() {
    return std::getenv("BEDPLATE_RECORD") != nullptr;
}

}  // namespace

TEST_CASE("every recorded machine gets the plan, or the refusal, that was approved for it") {
    const std::vector<Profile> profiles = all_profiles();
    for (const std::string& name : machine_names()) {
        const std::string text = plan_or_refusal(name, profiles);
        const fs::path golden = plans / (name + ".txt");
        if (recording()) {
            std::ofstream(golden, std::ios::binary) << text;
        }
        INFO(golden);
        CHECK(read(golden) == text);
    }
}

TEST_CASE("every approved plan belongs to a machine that is still there") {
    const std::vector<std::string> names = machine_names();
    for (const auto& entry : fs::directory_iterator(plans)) {
        if (entry.path().extension() == ".txt" && entry.path().filename() != "CMakeLists.txt") {
            INFO(entry.path());
            CHECK(std::ranges::find(names, entry.path().stem().string()) != names.end());
        }
    }
}

TEST_CASE("on every recorded machine only the system disk is named in a destructive action or a command") {
    const std::vector<Profile> profiles = all_profiles();
    for (const std::string& name : machine_names()) {
        const auto plan = plan_for(load_machine(name), profiles);
        if (!plan) {
            continue;
        }
        const std::string text = to_commands_text(*plan);
        for (const PlannedDisk& disk : plan->disks) {
            INFO(name << ": " << disk.description);
            CHECK((disk.role == PlannedRole::system || !text.contains(disk.path)));
        }
        CHECK(!text.contains("/dev/sd"));
        CHECK(!text.contains("/dev/nvme"));
    }
}

TEST_CASE("the order in which the kernel found the disks changes neither the choice nor the actions") {
    const std::vector<Profile> profiles = all_profiles();
    for (const std::string& name : machine_names()) {
        Inventory inventory = load_machine(name);
        const auto plan = plan_for(inventory, profiles);
        std::ranges::reverse(inventory.disks);
        const auto reversed = plan_for(inventory, profiles);
        INFO(name);
        REQUIRE(plan.has_value() == reversed.has_value());
        if (!plan) {
            CHECK(plan.error().to_text() == reversed.error().to_text());
            continue;
        }
        CHECK(to_json(*plan)["actions"] == to_json(*reversed)["actions"]);
    }
}

}  // namespace bedplate
