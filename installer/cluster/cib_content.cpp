// SPDX-License-Identifier: GPL-3.0-or-later
// What Bedplate puts into Pacemaker's configuration.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/cib.hpp"

namespace bedplate::cib {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// A fence agent is a Python program, and a busy node starts one slowly.
constexpr seconds device_timeout{90}, device_interval{minutes{2}};
/// Switching off, waiting until the BMC says so, and on again takes a BMC longer than answering does:
/// Pacemaker's 90 s would end an agent that is in the middle of it.
constexpr seconds power_timeout{180};
/// Of two nodes that shoot at once the first stays if its own shot arrives before the other's begins: an
/// agent that starts on a busy node, a login and a BMC that takes its time add up to more than ten seconds.
constexpr seconds head_start{15};

std::string text_of(seconds time) {
    return std::format("{}s", time.count());
}

Primitive fence_device(const Member& member, const FenceDevice& device, bool delayed) {
    Primitive primitive{
        .id = fence_id(member.hostname),
        .standard = "stonith",
        .type = device.agent,
        .operations = {{.name = "monitor", .interval = device_interval, .timeout = device_timeout},
                       {.name = "start", .interval = {}, .timeout = device_timeout}}};
    primitive.parameters = {{"pcmk_host_list", member.hostname},
                            {"pcmk_host_check", "static-list"},
                            {"pcmk_delay_base", delayed ? text_of(head_start) : "0s"},
                            {"pcmk_reboot_timeout", text_of(power_timeout)},
                            {"pcmk_off_timeout", text_of(power_timeout)}};
    for (auto& parameter : agent_parameters(device, member.hostname)) {
        primitive.parameters.push_back(std::move(parameter));
    }
    return primitive;
}

}  // namespace

std::string fence_id(std::string_view hostname) {
    return std::format("fence-{}", hostname);
}

Configuration options(const HaPolicy& policy, bool watchdog) {
    Configuration configuration;
    // Virtual machines on RBD stay where they are when quorum is lost: with fencing none is started twice.
    configuration.cluster_options = {
        {"stonith-enabled", "true"},
        {"no-quorum-policy", "freeze"},
        {"placement-strategy", "balanced"},
        {"cluster-recheck-interval", "5min"},
        {"stonith-timeout", "90s"},
        {"migration-limit", "2"},
        // A node that joins runs corosync long before Pacemaker: nobody may lose patience with it (0077).
        {"node-pending-timeout", "0"},
        // one failed start would otherwise ban the node despite the threshold of three
        {"start-failure-is-fatal", "false"},
        // Without a majority, who has more to lose shoots first.
        {"priority-fencing-delay", "30s"},
        // Longer than sbd's own 5 s; 0 is off.
        {"stonith-watchdog-timeout", watchdog ? "10s" : "0"}};
    configuration.resource_defaults = {{"resource-stickiness", std::to_string(policy.stickiness)},
                                       {"migration-threshold", std::to_string(policy.migration_threshold)},
                                       {"failure-timeout", text_of(policy.failure_timeout)},
                                       // What a node runs is what it has to lose; machines may have more.
                                       {"priority", "1"}};
    return configuration;
}

Configuration uplink(const HaPolicy& policy, const std::optional<Ipv4>& gateway) {
    Configuration configuration;
    if (!gateway) {
        return configuration;
    }
    Primitive ping{.id = "uplink",
                   .standard = "ocf",
                   .provider = "pacemaker",
                   .type = "ping",
                   .parameters = {{"host_list", gateway->to_text()},
                                  {"multiplier", "1000"},
                                  {"dampen", text_of(policy.wait_before_moving)},
                                  {"attempts", "3"}},
                   .operations = {{.name = "monitor", .interval = seconds{30}, .timeout = minutes{1}},
                                  {.name = "start", .interval = {}, .timeout = minutes{1}},
                                  {.name = "stop", .interval = {}, .timeout = minutes{1}}}};
    configuration.clones.push_back({.primitive = std::move(ping), .meta = {{"interleave", "true"}}});
    // A preference, no ban: when nobody sees the gateway, everything stays where it is.
    configuration.preferences.push_back({.id = "machines-with-uplink",
                                         .pattern = std::format("^{}.*", machine_prefix),
                                         .attribute = "pingd"});
    return configuration;
}

Configuration fencing(std::span<const Member> members, const std::map<std::string, FencingRecord>& records,
                      std::span<const std::string> proved) {
    Configuration configuration;
    const auto first = std::ranges::min_element(members, {}, &Member::id);
    const bool watchdogs = watchdogs_serve(members);
    std::vector<std::string> watched;
    for (const auto& member : members) {
        const auto record = records.find(member.hostname);
        if (record == records.end() || !record->second.device || member.state == Member::State::leaving ||
            !std::ranges::contains(proved, member.hostname)) {
            continue;
        }
        const bool delayed = members.size() == 2 && member.hostname == first->hostname;
        const std::string id = fence_id(member.hostname);
        configuration.primitives.push_back(fence_device(member, *record->second.device, delayed));
        configuration.locations.push_back(
            {.id = id + "-elsewhere", .resource = id, .node = member.hostname, .score = "-INFINITY"});
        configuration.levels.push_back({.target = member.hostname, .index = 1, .devices = {id}});
        if (watchdogs && record->second.device->watchdog) {
            watched.push_back(member.hostname);
            configuration.levels.push_back(
                {.target = member.hostname, .index = 2, .devices = {std::string(watchdog_id)}});
        }
    }
    if (!watched.empty()) {
        // Named, it is for these nodes alone: without, Pacemaker would end on every node that has no sbd.
        configuration.primitives.push_back(
            {.id = std::string(watchdog_id),
             .standard = "stonith",
             .type = "fence_watchdog",
             .parameters = {{"pcmk_host_list", join(watched, " ")}, {"pcmk_host_check", "static-list"}}});
    }
    return configuration;
}

Configuration remote_node(const Member& member, bool started) {
    Configuration configuration;
    configuration.primitives.push_back(
        {.id = member.hostname,
         .standard = "ocf",
         .provider = "pacemaker",
         .type = "remote",
         .parameters = {{"server", member.management.to_text()}, {"reconnect_interval", "60s"}},
         .meta = {{"target-role", started ? "Started" : "Stopped"}},
         .operations = {{.name = "monitor", .interval = seconds{30}, .timeout = seconds{60}},
                        {.name = "start", .interval = {}, .timeout = minutes{2}},
                        {.name = "stop", .interval = {}, .timeout = minutes{2}}}});
    return configuration;
}

std::vector<std::string> remove_fencing(std::string_view hostname) {
    const auto one = [](std::string_view name, const std::string& id) {
        return std::format(R"(<{} id="{}"/>)", name, escaped(id));
    };
    // What refers to the device goes before it. The last one is there for remote nodes only.
    return {one("fencing-level", std::format("fence-level-{}-1", hostname)),
            one("fencing-level", std::format("fence-level-{}-2", hostname)),
            one("rsc_location", fence_id(hostname) + "-elsewhere"), one("primitive", fence_id(hostname)),
            one("primitive", std::string(hostname))};
}

}  // namespace bedplate::cib
