// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/digest.hpp"
#include "firstboot/access.hpp"
#include "firstboot/fencing.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::firstboot {

namespace {

/// Left by may_start_pacemaker, until the next start of the machine.
constexpr std::string_view held_mark = "/run/bedplate/fence-held";

/// Somebody else who is a full member, and a control node: these answer.
bool has_peer(std::span<const Member> members, const std::string& hostname) {
    return std::ranges::any_of(members, [&](const Member& member) {
        return member.hostname != hostname && member.control && member.state == Member::State::member;
    });
}

const Member* find(std::span<const Member> members, const std::string& hostname) {
    const auto found = std::ranges::find(members, hostname, &Member::hostname);
    return found == members.end() ? nullptr : &*found;
}

std::vector<std::string> proved_ones(const std::map<std::string, FencingRecord>& records,
                                     const HaPolicy& policy) {
    const auto least = policy.fencing_test == FenceTest::none ? FenceTest::none : FenceTest::status;
    std::vector<std::string> names;
    for (const auto& [hostname, record] : records) {
        if (!why_not_proved(record, least, {})) {
            names.push_back(hostname);
        }
    }
    return names;
}

/// Pacemaker reads its devices as soon as it starts, and after a restart nothing is in memory. The others'
/// are of the same kind as a rule.
bool warm_to_start(Node& node) {
    if (node.settings.fencing && node.settings.fencing->by_bmc()) {
        warm_up_agent(node.platform, node.settings.fencing->agent);
    }
    return true;
}

}  // namespace

Result<void> FencingFollower::publish_own(FencingRegistry& registry, FencingRecord& own) {
    constexpr std::chrono::seconds pause{30};  // it may mean asking systemd
    const auto now = node_.platform.clock.steady();
    if (own_due_ && now < *own_due_) {
        return {};
    }
    own_due_ = now + pause;
    const auto device = own_device(node_);
    if (!device || !*device || own.device == **device) {
        return {};  // what is missing stands in the node's report
    }
    BEDPLATE_TRY(registry.publish(node_.settings.hostname, **device));
    own.device = **device;
    return {};
}

Result<void> FencingFollower::ask_for_own(FencingRegistry& registry, const FencingRecord& own,
                                          std::span<const Member> members, std::int64_t now) {
    const auto& hostname = node_.settings.hostname;
    if (!own.device || !has_peer(members, hostname)) {
        return {};
    }
    const bool ended = own.proof && (own.proof->state == FenceProof::State::done ||
                                     own.proof->state == FenceProof::State::failed);
    const bool waiting = own.request && (!own.proof || own.proof->request != own.request->id || !ended);
    // A machine that runs is never switched off for a test unless somebody asks for that.
    if (waiting || !why_not_proved(own, FenceTest::status, {}) || failed_lately(own, now)) {
        return {};
    }
    BEDPLATE_ASSIGN(auto id, random_uuid(node_.platform.files));
    BEDPLATE_ASSIGN(auto boot, boot_id(node_.platform.files));
    return registry.ask(
        hostname, {.id = std::move(id), .test = FenceTest::status, .boot_id = std::move(boot), .at = now});
}

Result<void> FencingFollower::note_history(FencingRegistry& registry,
                                           const std::map<std::string, FencingRecord>& records) {
    constexpr std::chrono::seconds pause{60};
    const auto now = node_.platform.clock.steady();
    if (history_due_ && now < *history_due_) {
        return {};
    }
    history_due_ = now + pause;
    BEDPLATE_ASSIGN(const auto xml,
                    run_checked(node_.platform.commands, {.argv = {"stonith_admin", "--history", "*",
                                                                   "--verbose", "--output-as=xml"}}));
    for (const auto& event : fence_history(xml)) {
        const auto record = records.find(event.target);
        if (event.by_cluster && record != records.end() && !record->second.fenced.contains(event.completed)) {
            BEDPLATE_TRY(registry.remember(event.target, event.completed));
        }
    }
    return {};
}

Result<void> FencingFollower::configure(std::span<const Member> members,
                                        const std::map<std::string, FencingRecord>& records,
                                        const HaPolicy& policy) {
    const auto proved = proved_ones(records, policy);
    const auto devices = cib::fencing(members, records, proved);
    const bool watchdog = std::ranges::contains(devices.primitives, cib::watchdog_id, &cib::Primitive::id);
    const std::vector parts{cib::options(policy, watchdog), cib::uplink(policy, gateway_of(node_.settings)),
                            devices};
    const auto wanted = cib::joined(parts);
    const auto digest = sha256_hex(cib::to_xml(wanted));
    if (digest == configured_) {
        return {};
    }
    BEDPLATE_TRY(configure_pacemaker(node_.platform, wanted));
    configured_ = digest;
    return {};
}

Result<void> FencingFollower::let_in_again(const FencingRecord& own) {
    if (own.held || !node_.platform.files.exists(held_mark)) {
        return {};
    }
    node_.say("this node is let in again: Pacemaker is started");
    BEDPLATE_TRY(run_checked(node_.platform.commands, systemctl({"start"}, {"pacemaker.service"})));
    return node_.platform.files.remove(held_mark);
}

Result<void> FencingFollower::connect_remotes(std::span<const Member> members,
                                              const std::map<std::string, FencingRecord>& records) {
    for (const auto& member : members) {
        const auto record = records.find(member.hostname);
        if (!member.remote || record == records.end() || !record->second.remote ||
            connected_.contains(member.hostname)) {
            continue;
        }
        if (member.state != Member::State::member) {
            // In this order it never is online without its standby.
            BEDPLATE_TRY(configure_pacemaker(node_.platform, cib::remote_node(member, false)));
            BEDPLATE_TRY(run_all(node_.platform, {{"crm_attribute", "--node", member.hostname, "--name",
                                                   "standby", "--update", "on"}}));
        }
        BEDPLATE_TRY(configure_pacemaker(node_.platform, cib::remote_node(member, true)));
        connected_.insert(member.hostname);
    }
    return {};
}

Result<void> FencingFollower::once(Registry& connected, std::span<const Member> members) {
    FencingRegistry registry(connected);
    BEDPLATE_ASSIGN(auto records, registry.list());
    const auto& hostname = node_.settings.hostname;
    FencingRecord& own = records[hostname];
    BEDPLATE_TRY(files_.keep(registry, records));
    BEDPLATE_TRY(let_in_again(own));
    if (node_.platform.files.exists(held_mark)) {
        return {};
    }
    BEDPLATE_TRY(publish_own(registry, own));
    BEDPLATE_TRY(ask_for_own(registry, own, members, connected.now()));
    // Pacemaker may not be there yet: it is told the next time.
    capacity_told_ =
        capacity_told_ || carry_out(capacity_steps(node_).front().steps, "ha.capacity").has_value();
    const Member* self = find(members, hostname);
    if (self == nullptr || !self->control || self->state != Member::State::member) {
        return {};
    }
    const auto patience =
        std::chrono::duration_cast<std::chrono::seconds>(scaled(std::chrono::seconds{fence_answer_time}));
    for (const auto& [asking, record] : records) {
        if (find(members, asking) != nullptr &&
            may_answer(record, asking, hostname, connected.now(), patience.count())) {
            BEDPLATE_TRY(answer_request(node_, registry, files_, asking, record));
        }
    }
    BEDPLATE_ASSIGN(const auto policy, registry.policy());
    BEDPLATE_TRY(configure(members, records, policy.value_or(node_.settings.ha)));
    BEDPLATE_TRY(connect_remotes(members, records));
    return note_history(registry, records);
}

bool may_start_pacemaker(Node& node) {
    Platform& platform = node.platform;
    const auto& hostname = node.settings.hostname;
    const auto deadline = platform.clock.steady() + std::chrono::seconds{20};
    do {
        RegistryConnection connection(platform);
        if (connection.open()) {
            FencingRegistry registry(connection.registry());
            const auto own = registry.record(hostname);
            const auto policy = own ? registry.policy() : std::unexpected(own.error());
            if (policy) {
                const auto rules = policy->value_or(node.settings.ha);
                const auto now = connection.registry().now();
                if (!in_fence_loop(*own, rules, now)) {
                    return warm_to_start(node);
                }
                // One that is held already may have been fenced long ago.
                const auto times =
                    std::max<std::size_t>(times_fenced(*own, rules, now), rules.fence_loop_times);
                node.say(
                    std::format("this node was fenced {} times and stays out: find out why, then 'bedplate "
                                "node fencing {} --release --commit' on any control node",
                                times, hostname));
                // Without the mark nobody lets it in by itself, which is the safe side.
                if (registry.hold(hostname)) {
                    static_cast<void>(platform.files.write(held_mark, "fenced again and again\n"));
                }
                return false;
            }
        }
        platform.clock.sleep(std::chrono::seconds{2});
    } while (platform.clock.steady() < deadline);
    node.say("the registry does not say whether this node was fenced again and again: Pacemaker is started");
    return warm_to_start(node);
}

}  // namespace bedplate::firstboot
