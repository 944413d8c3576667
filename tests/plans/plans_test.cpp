// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "golden.hpp"

namespace bedplate {

using namespace test;

TEST_CASE("every recorded machine gets the plan, or the refusal, that was approved for it") {
    const std::vector<Profile> profiles = all_profiles();
    for (const std::string& name : machine_names()) {
        check_golden(name, plan_or_refusal(plan_for(load_machine(name), profiles)));
    }
}

TEST_CASE("every approved plan belongs to a machine that is still there") {
    const std::vector<std::string> names = machine_names();
    for (const auto& entry : fs::directory_iterator(plans)) {
        if (entry.path().extension() == ".txt" && entry.path().filename() != "CMakeLists.txt") {
            INFO(entry.path());
            const std::string stem = entry.path().stem();
            CHECK(std::ranges::find(names, stem.substr(0, stem.find('+'))) != names.end());
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
