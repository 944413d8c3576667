// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/ha_policy.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace bedplate {
namespace {

constexpr std::array tests{std::pair{FenceTest::none, std::string_view("none")},
                           std::pair{FenceTest::status, std::string_view("status")},
                           std::pair{FenceTest::cycle, std::string_view("cycle")}};

}  // namespace

std::string_view to_string(FenceTest test) {
    for (const auto& [value, name] : tests) {
        if (value == test) {
            return name;
        }
    }
    return "none";
}

Result<FenceTest> parse_fence_test(std::string_view text) {
    for (const auto& [value, name] : tests) {
        if (name == text) {
            return value;
        }
    }
    return fail("fence.test", std::format("'{}' is no test of fencing", text), {}, "none, status or cycle");
}

std::chrono::seconds HaPolicy::monitor_interval() const {
    return std::max(wait_before_moving / std::max(migration_threshold, 1U), std::chrono::seconds{1});
}

Json to_json(const HaPolicy& policy) {
    return Json{{"wait_before_moving", policy.wait_before_moving.count()},
                {"stickiness", policy.stickiness},
                {"migration_threshold", policy.migration_threshold},
                {"failure_timeout", policy.failure_timeout.count()},
                {"fencing_test", to_string(policy.fencing_test)},
                {"fence_loop_times", policy.fence_loop_times},
                {"fence_loop_window", policy.fence_loop_window.count()},
                {"qdevice_host", policy.qdevice_host}};
}

Result<HaPolicy> ha_policy_from_json(const Json& json) {
    HaPolicy policy;
    const auto seconds = [&](const char* key, std::chrono::seconds otherwise) {
        return std::chrono::seconds{json.value(key, otherwise.count())};
    };
    try {
        policy.wait_before_moving = seconds("wait_before_moving", policy.wait_before_moving);
        policy.failure_timeout = seconds("failure_timeout", policy.failure_timeout);
        policy.stickiness = json.value("stickiness", policy.stickiness);
        policy.migration_threshold = json.value("migration_threshold", policy.migration_threshold);
        policy.fence_loop_times = json.value("fence_loop_times", policy.fence_loop_times);
        policy.fence_loop_window = seconds("fence_loop_window", policy.fence_loop_window);
        policy.qdevice_host = json.value("qdevice_host", "");
        BEDPLATE_ASSIGN(policy.fencing_test, parse_fence_test(json.value("fencing_test", "status")));
    } catch (const nlohmann::json::exception& e) {
        return fail("node.file", std::format("the rules of high availability cannot be read: {}", e.what()));
    }
    return policy;
}

NodeCapacity node_capacity(const NodeMachine& machine, const CapacityPolicy& policy) {
    const auto share = [&](double whole) {
        return static_cast<std::uint64_t>(whole * (100 - policy.reserve_percent) / 100);
    };
    const std::uint64_t services =
        machine.control ? std::min(gib(4).value, machine.memory.value / 4) : std::uint64_t{0};
    const std::uint64_t taken = services + machine.osds * machine.osd_memory_target.value;
    const std::uint64_t left = machine.memory.value > taken ? machine.memory.value - taken : 0;
    const std::uint64_t threads = machine.threads > machine.osds ? machine.threads - machine.osds : 0;
    const auto at_least_one = [](std::uint64_t count) { return std::max(count, std::uint64_t{1}); };
    return {.cpu = at_least_one(share(static_cast<double>(threads) * policy.cpu_overcommit)),
            .hv_memory = share(static_cast<double>(left) * policy.memory_overcommit /
                               static_cast<double>(mib(1).value)),
            .threads = at_least_one(share(static_cast<double>(threads)))};
}

}  // namespace bedplate
