// SPDX-License-Identifier: GPL-3.0-or-later
// What people see of fencing, and what they may ask for.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "firstboot/access.hpp"
#include "firstboot/fencing.hpp"

namespace bedplate::firstboot {

namespace {

std::string age(std::int64_t now, std::int64_t then) {
    const std::int64_t seconds = std::max<std::int64_t>(now - then, 0);
    constexpr std::int64_t minute = 60, hour = 3600, day = 86400;
    return seconds < 2 * minute ? std::format("{} s ago", seconds)
           : seconds < 2 * hour ? std::format("{} min ago", seconds / minute)
           : seconds < 2 * day  ? std::format("{} h ago", seconds / hour)
                                : std::format("{} days ago", seconds / day);
}

/// "power status read by node1 5 min ago".
std::string proof_text(const FenceProof& proof, std::int64_t now) {
    return std::format("{} by {} {}",
                       proof.test == FenceTest::cycle ? "switched off and on" : "power status read", proof.by,
                       age(now, proof.at));
}

/// Nobody else is there yet who could answer.
bool alone(std::span<const Member> members, const std::string& hostname) {
    return std::ranges::none_of(members, [&](const Member& member) {
        return member.hostname != hostname && member.state == Member::State::member;
    });
}

std::string line_of(const std::string& hostname, const FencingRecord& record, const HaPolicy& policy,
                    std::int64_t now) {
    std::string text = std::format("{:<16} ", hostname);
    if (!record.device) {
        return text + "no fencing device";
    }
    text += std::format("{} at {}", record.device->agent, record.device->address);
    if (record.device->port) {
        text += std::format(":{}", *record.device->port);
    }
    if (record.device->watchdog) {
        text += ", then its watchdog";
    }
    const auto why = why_not_proved(record, FenceTest::status, {});
    text += why ? "; NOT PROVED: " + *why : "; " + proof_text(*record.proof, now);
    if (const auto times = times_fenced(record, policy, now); times > 0) {
        text += std::format("; fenced {} times lately", times);
    }
    return record.held ? text + "; HELD OUT until --release" : text;
}

Result<std::string> request_proof(Node& node, FencingRegistry& registry, const std::string& hostname,
                                  FenceTest test, std::int64_t now) {
    BEDPLATE_ASSIGN(auto id, random_uuid(node.platform.files));
    FenceRequest request{.id = id, .test = test, .boot_id = "", .at = now};
    if (hostname == node.settings.hostname) {
        // Only the node itself knows which run of the machine this is, and so whether it was the one that
        // ended.
        BEDPLATE_ASSIGN(request.boot_id, boot_id(node.platform.files));
    }
    BEDPLATE_TRY(registry.ask(hostname, request));
    return id;
}

Result<void> wait_for_proof(Node& node, FencingRegistry& registry, const std::string& hostname,
                            const std::string& id, FenceTest test) {
    FencingRecord record;
    BEDPLATE_TRY(wait_until(
        node.platform, "a control node other than " + hostname + " to answer", std::chrono::minutes{10},
        [&]() -> Result<bool> {
            BEDPLATE_ASSIGN(record, registry.record(hostname));
            return record.proof && record.proof->request == id &&
                   (record.proof->state == FenceProof::State::done ||
                    record.proof->state == FenceProof::State::failed);
        },
        std::chrono::seconds{2}));
    if (const auto why = why_not_proved(record, test, {})) {
        return fail("fence.not-proved", std::format("{}: {}", hostname, *why));
    }
    node.say(std::format("{}: {}", hostname, record.proof->detail));
    return {};
}

}  // namespace

Result<std::vector<NodeCheck>> check_fence_proof(Platform& platform, const NodeSettings& settings) {
    if (!settings.fencing || !settings.fencing->by_bmc()) {
        return std::vector<NodeCheck>{};
    }
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    FencingRegistry registry(connection.registry());
    BEDPLATE_ASSIGN(const auto stored, registry.policy());
    const HaPolicy policy = stored.value_or(settings.ha);
    BEDPLATE_ASSIGN(const auto own, registry.record(settings.hostname));
    BEDPLATE_ASSIGN(const auto members, connection.registry().list_members());
    BEDPLATE_ASSIGN(const auto boot, boot_id(platform.files));
    const auto now = connection.registry().now();
    const auto why = why_not_proved(own, wanted_test(settings, policy), boot);
    NodeCheck proof{.id = "ha.fence-proof", .ok = !why, .detail = ""};
    if (!why) {
        proof.detail = own.proof ? proof_text(*own.proof, now) : "the site asks for no proof";
    } else if (own.device && alone(members, settings.hostname)) {
        proof.ok = true;
        proof.detail = "not proved: the next node that joins will do it";
    } else {
        proof.ok = alone(members, settings.hostname);
        proof.detail = "not proved that this node can be switched off: " + *why;
    }
    std::vector<NodeCheck> checks{std::move(proof)};
    if (own.held) {
        checks.push_back({.id = "ha.fence-loop",
                          .ok = false,
                          .detail = std::format(
                              "fenced {} times within {} min: Pacemaker is not started",
                              std::max<std::size_t>(times_fenced(own, policy, now), policy.fence_loop_times),
                              policy.fence_loop_window.count() / 60)});
    }
    return checks;
}

Result<void> manage_fencing(Node& node, const FencingOrder& order) {
    RegistryConnection connection(node.platform);
    BEDPLATE_TRY(connection.open());
    FencingRegistry registry(connection.registry());
    BEDPLATE_ASSIGN(auto records, registry.list());
    BEDPLATE_ASSIGN(const auto members, connection.registry().list_members());
    BEDPLATE_ASSIGN(const auto stored, registry.policy());
    const auto now = connection.registry().now();
    for (const auto& member : members) {
        if (order.hostname.empty() || order.hostname == member.hostname) {
            node.say(
                line_of(member.hostname, records[member.hostname], stored.value_or(node.settings.ha), now));
        }
    }
    if (!order.test && !order.release) {
        return {};
    }
    if (!std::ranges::contains(members, order.hostname, &Member::hostname)) {
        return refuse("fence.unknown", std::format("the cluster knows no node '{}'", order.hostname));
    }
    if (order.test && !records[order.hostname].device) {
        return refuse("fence.unknown",
                      std::format("{} has not said yet how it is switched off", order.hostname), {},
                      "look at 'bedplate node status' there");
    }
    if (!order.commit) {
        node.say(order.test == FenceTest::cycle
                     ? std::format("with --commit, {} is SWITCHED OFF and on again", order.hostname)
                     : "nothing was changed; --commit does it");
        return {};
    }
    if (order.release) {
        BEDPLATE_TRY(registry.release(order.hostname));
        node.say(order.hostname + " may come back: it starts Pacemaker by itself");
    }
    if (order.test) {
        BEDPLATE_ASSIGN(const auto id, request_proof(node, registry, order.hostname, *order.test, now));
        return wait_for_proof(node, registry, order.hostname, id, *order.test);
    }
    return {};
}

}  // namespace bedplate::firstboot
