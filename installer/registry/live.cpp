// SPDX-License-Identifier: GPL-3.0-or-later
// corosync's membership while it runs (corosync.conf(5), "TO ADD A NEW NODE DEFINITION").
#include <algorithm>
#include <format>
#include <set>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "platform/time_scale.hpp"
#include "registry/names.hpp"
#include "registry/seed.hpp"

namespace bedplate {
namespace {

constexpr std::string_view plan_key = "/bedplate/corosync";
constexpr std::string_view acks_key = "/bedplate/corosync-acks/";
constexpr std::string_view lock_key = "/bedplate/lock/join";

std::string plan_text(const CorosyncPlan& plan) {
    return Json{{"version", plan.version},
                {"applied", plan.applied},
                {"members", plan.members},
                {"qdevice", plan.qdevice}}
        .dump();
}

Result<void> store(Registry& registry, const CorosyncPlan& plan, const RegistryLock& lock) {
    BEDPLATE_ASSIGN(const bool done,
                    registry.etcd().commit({.compares = {{.target = EtcdCompare::Target::created,
                                                          .key = std::string(lock_key),
                                                          .revision = lock.created}},
                                            .puts = {{std::string(plan_key), plan_text(plan)}}}));
    return done ? Result<void>()
                : fail("registry.lock-lost",
                       "the cluster-wide lock was lost while corosync was being changed");
}

Result<std::string> render(Registry& registry, const CorosyncPlan& plan) {
    BEDPLATE_ASSIGN(const auto identity, registry.identity());
    BEDPLATE_ASSIGN(auto members, registry.list_members());
    std::erase_if(members, [&](const Member& member) {
        return std::ranges::find(plan.members, member.hostname) == plan.members.end();
    });
    return corosync_conf(identity.name, plan.version, members, plan.qdevice);
}

/// Members that run corosync and have not written the plan's file yet.
Result<std::vector<std::string>> behind(Registry& registry, const CorosyncPlan& plan) {
    BEDPLATE_ASSIGN(const auto acks, registry.etcd().list(std::string(acks_key)));
    BEDPLATE_ASSIGN(const auto members, registry.list_members());
    std::vector<std::string> late;
    for (const auto& member : members) {
        if (member.remote || member.state == Member::State::joining ||
            member.state == Member::State::leaving) {
            continue;
        }
        const auto ack = std::ranges::find(acks, std::string(acks_key) + member.hostname, &EtcdEntry::key);
        if (ack == acks.end() || parse_unsigned(ack->value).value_or(0) < plan.version) {
            late.push_back(member.hostname);
        }
    }
    return late;
}

Result<void> wait_for_files(Platform& platform, Registry& registry, const CorosyncPlan& plan,
                            const RegistryLock& lock) {
    const auto deadline = platform.clock.steady() + scaled(std::chrono::seconds{30});
    for (;;) {
        BEDPLATE_ASSIGN(const auto late, behind(registry, plan));
        if (late.empty()) {
            return {};
        }
        if (platform.clock.steady() >= deadline) {
            return fail(
                "corosync.not-ready",
                std::format("these members have not written the new corosync.conf: {}", join(late, ", ")), {},
                "look at 'bedplate node status' there; a node that is gone for good: bedplate node remove");
        }
        BEDPLATE_TRY(registry.renew(lock));
        platform.clock.sleep(std::chrono::milliseconds{300});
    }
}

/// The number after "Expected votes:" or "Total votes:" in what corosync-quorumtool -s prints.
std::uint64_t votes_in(std::string_view text, std::string_view label) {
    for (const auto& line : split(text, '\n')) {
        if (line.starts_with(label)) {
            return parse_unsigned(trim(std::string_view(line).substr(label.size()))).value_or(0);
        }
    }
    return 0;
}

/// A node counts from the moment that it is in the list, and runs corosync only later: those that run now
/// have to be a majority with it, too. Two nodes need only one (two_node).
Result<void> can_spare_a_vote(Platform& platform, const SeedPlaces& places, std::size_t members) {
    BEDPLATE_ASSIGN(const auto state,
                    platform.commands.run({.argv = {places.tool("corosync-quorumtool"), "-s"}}));
    const auto present = votes_in(state.out, "Total votes:");
    const std::size_t needed = members <= 2 ? 1 : members / 2 + 1;
    if (present >= needed) {
        return {};
    }
    return fail("corosync.too-few",
                std::format("{} nodes run corosync, and a cluster of {} needs {} to be quorate", present,
                            members, needed),
                {}, "wait until the node that joined last runs, or start the ones that are down");
}

Result<void> reload(Platform& platform, Registry& registry, const SeedPlaces& places,
                    const CorosyncPlan& plan, const RegistryLock& lock) {
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {places.tool("corosync-cfgtool"), "-R"}}));
    const auto deadline = platform.clock.steady() + scaled(std::chrono::seconds{15});
    for (;;) {
        BEDPLATE_ASSIGN(const auto state,
                        platform.commands.run({.argv = {places.tool("corosync-quorumtool"), "-s"}}));
        const auto votes = votes_in(state.out, "Expected votes:");
        const std::size_t wanted = plan.members.size() + (plan.qdevice.empty() ? 0 : 1);
        if (votes == wanted) {
            return {};
        }
        if (platform.clock.steady() >= deadline) {
            return fail(
                "corosync.votes",
                std::format("corosync expects {} votes after the reload instead of {}", votes, wanted));
        }
        BEDPLATE_TRY(registry.renew(lock));
        platform.clock.sleep(std::chrono::milliseconds{300});
    }
}

/// Plan, files, reload; the local file is this node's own part.
Result<void> bring_about(Platform& platform, Registry& registry, const SeedPlaces& places, CorosyncPlan plan,
                         const RegistryLock& lock) {
    BEDPLATE_TRY(store(registry, plan, lock));
    BEDPLATE_TRY(follow_corosync(platform, registry, places, places.hostname));
    BEDPLATE_TRY(wait_for_files(platform, registry, plan, lock));
    BEDPLATE_TRY(reload(platform, registry, places, plan, lock));
    plan.applied = plan.version;
    return store(registry, plan, lock);
}

}  // namespace

std::vector<std::string> certificate_names(const Member& member) {
    std::vector<std::string> names{member.hostname, member.hostname + "-mig", "localhost"};
    if (!member.domain.empty()) {
        names.push_back(member.hostname + "." + member.domain);
    }
    return names;
}

std::vector<std::string> certificate_addresses(const Member& member) {
    std::set<std::string> addresses{"127.0.0.1"};
    for (const Ipv4 address : {member.management, member.storage, member.migration}) {
        addresses.insert(address.to_text());
    }
    return {addresses.begin(), addresses.end()};
}

Result<CorosyncPlan> corosync_plan(Registry& registry) {
    BEDPLATE_ASSIGN(const auto entry, registry.etcd().get(std::string(plan_key)));
    CorosyncPlan plan;
    if (!entry) {
        BEDPLATE_ASSIGN(const auto members, registry.list_members());
        for (const auto& member : members) {
            if (!member.remote && member.state != Member::State::joining) {
                plan.members.push_back(member.hostname);
            }
        }
        return plan;
    }
    BEDPLATE_ASSIGN(const Json json, parse_json(entry->value, plan_key));
    plan.version = json.value("version", std::uint64_t{1});
    plan.applied = json.value("applied", std::uint64_t{1});
    plan.members = json.value("members", std::vector<std::string>{});
    plan.qdevice = json.value("qdevice", "");
    return plan;
}

Result<std::uint64_t> add_to_corosync(Platform& platform, Registry& registry, const SeedPlaces& places,
                                      const Member& node, const RegistryLock& lock) {
    BEDPLATE_ASSIGN(const CorosyncPlan before, corosync_plan(registry));
    const bool listed = std::ranges::find(before.members, node.hostname) != before.members.end();
    if (listed && before.applied == before.version) {
        return before.version;
    }
    CorosyncPlan after = before;
    ++after.version;
    if (!listed) {
        // A device that decides between halves is put back once the list is complete again (set_qdevice).
        after.qdevice.clear();
        BEDPLATE_TRY(can_spare_a_vote(platform, places, before.members.size() + 1));
        after.members.push_back(node.hostname);
    }
    auto done = bring_about(platform, registry, places, after, lock);
    if (done) {
        return after.version;
    }
    // Back to what was: a member more than there are nodes would cost the cluster a vote.
    CorosyncPlan back = before;
    back.version = after.version + 1;
    std::erase(back.members, node.hostname);
    if (const auto undone = bring_about(platform, registry, places, back, lock); !undone) {
        return with_context(done.error(),
                            "and the old membership could not be put back: " + undone.error().message);
    }
    return std::unexpected(done.error());
}

Result<void> remove_from_corosync(Platform& platform, Registry& registry, const SeedPlaces& places,
                                  const std::string& hostname, const RegistryLock& lock) {
    BEDPLATE_ASSIGN(CorosyncPlan plan, corosync_plan(registry));
    const bool listed = std::ranges::contains(plan.members, hostname);
    if (!listed && plan.applied == plan.version) {
        return {};
    }
    ++plan.version;
    plan.qdevice.clear();
    std::erase(plan.members, hostname);
    return bring_about(platform, registry, places, plan, lock);
}

Result<void> set_qdevice(Platform& platform, Registry& registry, const SeedPlaces& places,
                         const std::string& host, const RegistryLock& lock) {
    BEDPLATE_ASSIGN(CorosyncPlan plan, corosync_plan(registry));
    if (plan.qdevice == host && plan.applied == plan.version) {
        return {};
    }
    if (!host.empty() && (plan.members.size() < 2 || plan.members.size() % 2 != 0)) {
        return refuse("qdevice.nodes",
                      std::format("a quorum device decides between two halves, and the cluster has {} nodes",
                                  plan.members.size()),
                      {}, "an odd number of nodes needs none");
    }
    ++plan.version;
    plan.qdevice = host;
    return bring_about(platform, registry, places, plan, lock);
}

Result<bool> follow_corosync(Platform& platform, Registry& registry, const SeedPlaces& places,
                             const std::string& hostname) {
    BEDPLATE_ASSIGN(const CorosyncPlan plan, corosync_plan(registry));
    const auto there = platform.files.read(places.corosync_conf);
    bool written = false;
    if (!there || corosync_config_version(*there) < plan.version) {
        BEDPLATE_ASSIGN(const auto text, render(registry, plan));
        BEDPLATE_TRY(platform.files.write(places.corosync_conf, text));
        written = true;
    }
    const std::string key = std::string(acks_key) + hostname, version = std::to_string(plan.version);
    BEDPLATE_ASSIGN(const auto ack, registry.etcd().get(key));
    if (!ack || ack->value != version) {
        BEDPLATE_TRY(registry.etcd().commit({.puts = {{key, version}}}));
    }
    return written;
}

}  // namespace bedplate
