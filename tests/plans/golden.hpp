// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "inventory/inventory.hpp"
#include "plan/plan.hpp"
#include "profile/profile.hpp"

namespace bedplate::test {

namespace fs = std::filesystem;

inline const fs::path source = BEDPLATE_SOURCE_DIR;
inline const fs::path machines = source / "tests/machines";
inline const fs::path plans = source / "tests/plans";

inline constexpr std::string_view site_text = R"(schema: bedplate/site/v1
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

inline std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline std::vector<std::string> machine_names() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(machines)) {
        if (fs::exists(entry.path() / "inventory.json")) {
            names.insert(entry.path().filename());
        }
    }
    return {names.begin(), names.end()};
}

inline std::vector<Profile> all_profiles() {
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

inline Site minimal_site() {
    Report report;
    auto site = load_site(site_text, "site.yaml", report);
    INFO(report.to_text());
    REQUIRE(site);
    return std::move(*site);
}

inline Result<Plan> plan_for(const Inventory& inventory, const std::vector<Profile>& profiles) {
    BEDPLATE_ASSIGN(const NodeSpec node, compose(minimal_site(), inventory, "node1"));
    BEDPLATE_ASSIGN(const Profile* profile, choose_profile(inventory, profiles));
    return make_plan({.inventory = inventory, .profile = *profile, .node = node});
}

inline Inventory load_machine(const std::string& name) {
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
inline std::string for_reading(const std::string& text) {
    static const std::regex digest("\\b[0-9a-f]{64}\\b");
    static const std::regex other_machine("\n  [a-z0-9-]+: system\\.[^\n]*");
    return std::regex_replace(std::regex_replace(text, digest, "(sha256)"), other_machine, "");
}

inline std::string plan_or_refusal(const Result<Plan>& plan) {
    return for_reading(plan ? to_text(*plan) : "REFUSED\n\n" + plan.error().to_text() + "\n");
}

/// Why each plan or refusal is right, as a storage engineer who read it says: reviews.yaml, "name: one line".
inline std::map<std::string, std::string> reviews() {
    std::map<std::string, std::string> found;
    std::ifstream in(plans / "reviews.yaml");
    for (std::string line; std::getline(in, line);) {
        const std::size_t colon = line.find(": ");
        if (!line.starts_with('#') && colon != std::string::npos) {
            found[line.substr(0, colon)] = line.substr(colon + 2);
        }
    }
    return found;
}

/// Disks and actions are what a variant of a machine is about; its network and files are those of the
/// machine.
inline std::string disks_and_actions(const std::string& text) {
    return text.substr(0, text.find("\nNETWORK\n"));
}

/// Compare with the file of that name, or write it where BEDPLATE_RECORD is set.
inline void check_recorded(const std::string& name, const std::string& text) {
    const fs::path golden = plans / (name + ".txt");
    if (std::getenv("BEDPLATE_RECORD") != nullptr) {
        std::ofstream(golden, std::ios::binary) << text;
    }
    INFO(golden);
    CHECK(read(golden) == text);
}

/// The same for a plan for disks, whose first line is its review.
inline void check_golden(const std::string& name, const std::string& content) {
    const auto all = reviews();
    INFO("every plan needs a line in tests/plans/reviews.yaml: " << name);
    REQUIRE(all.contains(name));
    check_recorded(name, "REVIEW: " + all.at(name) + "\n\n" + content);
}

}  // namespace bedplate::test
