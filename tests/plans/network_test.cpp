// SPDX-License-Identifier: GPL-3.0-or-later
// The network that every recorded machine would get from one rich site, or the reason why it can not have it.
#include <catch2/catch_test_macros.hpp>
#include <format>

#include "network_plans.hpp"

namespace bedplate {

using namespace test;

namespace {

std::string network_text(const Result<NetworkPlan>& plan, const Report& findings) {
    if (!plan) {
        return for_reading("REFUSED\n\n" + plan.error().to_text() + "\n");
    }
    std::string text = picture(plan->layout) + "\n" + findings.to_text();
    for (const auto& [path, content] : plan->files) {
        text += std::format("\n=== {}\n{}", path, content);
    }
    return text;
}

}  // namespace

TEST_CASE("every recorded machine gets the network, or the refusal, that was approved for it") {
    const std::vector<Profile> profiles = all_profiles();
    if (std::getenv("BEDPLATE_RECORD") != nullptr) {
        fs::create_directories(plans / "network");
    }
    for (const std::string& name : machine_names()) {
        Report findings;
        const auto plan = network_for(load_machine(name), profiles, findings);
        check_recorded("network/" + name, network_text(plan, findings));
    }
}

TEST_CASE("the order in which the kernel found the ports changes nothing") {
    const std::vector<Profile> profiles = all_profiles();
    for (const std::string& name : machine_names()) {
        Inventory inventory = load_machine(name);
        Report findings;
        const auto plan = network_for(inventory, profiles, findings);
        std::ranges::reverse(inventory.nics);
        const auto reversed = network_for(inventory, profiles, findings);
        INFO(name);
        REQUIRE(plan.has_value() == reversed.has_value());
        if (plan) {
            CHECK(plan->files == reversed->files);
        }
    }
}

TEST_CASE("no port of a BMC and no port of another bond ever is a member") {
    const std::vector<Profile> profiles = all_profiles();
    for (const std::string& name : machine_names()) {
        const Inventory inventory = load_machine(name);
        Report findings;
        const auto plan = network_for(inventory, profiles, findings);
        if (!plan) {
            continue;
        }
        std::set<std::string> members;
        for (const PlannedBond& bond : plan->layout.bonds) {
            for (const std::string& port : bond.ports) {
                INFO(name << " " << port);
                CHECK(members.insert(port).second);
                CHECK(!inventory.nics[plan->layout.port(port)->nic].bmc_virtual);
            }
        }
    }
}

}  // namespace bedplate
