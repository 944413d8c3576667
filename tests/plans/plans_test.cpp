// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>

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

TEST_CASE("every review belongs to a plan that is still there") {
    for (const auto& [name, review] : reviews()) {
        INFO(name);
        CHECK(fs::exists(plans / (name + ".txt")));
    }
}

TEST_CASE("on every recorded machine only disks that the plan writes to are named in a command") {
    const std::vector<Profile> profiles = all_profiles();
    for (const std::string& name : machine_names()) {
        const auto plan = plan_for(load_machine(name), profiles);
        if (!plan) {
            continue;
        }
        const std::string text = to_commands_text(*plan);
        for (const PlannedDisk& disk : plan->disks) {
            INFO(name << ": " << disk.description);
            CHECK((disk.written || !text.contains(disk.path)));
        }
        CHECK(!text.contains("/dev/sd"));
        CHECK(!text.contains("/dev/nvme"));
    }
}

TEST_CASE("the order in which the kernel found the disks changes neither the choice nor the actions") {
    const std::vector<Profile> profiles = all_profiles();
    std::mt19937 random(1);
    for (const std::string& name : machine_names()) {
        Inventory inventory = load_machine(name);
        const auto plan = plan_for(inventory, profiles);
        for (int turn = 0; turn < 5; ++turn) {
            std::ranges::shuffle(inventory.disks, random);
            const auto shuffled = plan_for(inventory, profiles);
            INFO(name);
            REQUIRE(plan.has_value() == shuffled.has_value());
            if (!plan) {
                CHECK(plan.error().to_text() == shuffled.error().to_text());
                continue;
            }
            CHECK(to_json(*plan)["actions"] == to_json(*shuffled)["actions"]);
            CHECK(to_json(*plan)["osds"] == to_json(*shuffled)["osds"]);
        }
    }
}

}  // namespace bedplate
