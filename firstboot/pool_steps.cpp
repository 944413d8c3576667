// SPDX-License-Identifier: GPL-3.0-or-later
// The pools, and as many copies in them as there is room for.
#include <algorithm>
#include <format>
#include <map>

#include "cluster/files.hpp"
#include "firstboot/ceph.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

/// How often a pool keeps things.
struct PoolState {
    std::size_t size = 0, min_size = 0;
    bool initialised = false;
};

/// The machines' pool, and the one that the manager makes for itself.
constexpr std::string_view machines_pool = "vms", managers_pool = ".mgr";

/// Those of the two that exist.
Result<std::map<std::string, PoolState>> pool_states(Node& node) {
    BEDPLATE_ASSIGN(const Json pools, mon_query(node.platform, "osd pool ls", {{"detail", "detail"}}));
    std::map<std::string, PoolState> states;
    for (const Json& pool : pools) {
        const std::string name = pool.value("pool_name", "");
        if (name == machines_pool || name == managers_pool) {
            states[name] = {
                .size = pool.value("size", std::size_t{0}),
                .min_size = pool.value("min_size", std::size_t{0}),
                .initialised = pool.value("application_metadata", Json::object()).contains("rbd")};
        }
    }
    return states;
}

/// More copies than the policy asks for are somebody's wish.
bool keeps_enough(const PoolState& pool, const PoolPolicy& policy) {
    return pool.size >= policy.size && pool.min_size >= policy.min_size;
}

Result<PoolPolicy> policy_now(Node& node) {
    BEDPLATE_ASSIGN(const Json tree, mon_query(node.platform, "osd tree"));
    std::size_t hosts = 0, osds = 0;
    for (const Json& item : tree.value("nodes", Json::array())) {
        hosts += item.value("type", "") == "host" && !item.value("children", Json::array()).empty() ? 1 : 0;
        osds += item.value("type", "") == "osd" ? 1 : 0;
    }
    if (osds == 0) {
        return fail("ceph.no-osd", "the cluster has no OSD to keep a pool on", {},
                    "give the node a disk that the profile's osd selector matches");
    }
    return pool_policy(hosts, osds);
}

Result<void> raise_copies(Platform& platform, const std::string& pool, const std::string& rule,
                          const PoolPolicy& policy) {
    const auto set = [&](const std::string& name, const std::string& value) -> Result<void> {
        Json command{{"pool", pool}, {"var", name}, {"val", value}};
        if (name == "size" && value == "1") {
            command["yes_i_really_mean_it"] = true;
        }
        BEDPLATE_TRY(mon_command(platform, "osd pool set", std::move(command)));
        return {};
    };
    BEDPLATE_TRY(set("crush_rule", rule));
    BEDPLATE_TRY(set("size", std::to_string(policy.size)));
    return set("min_size", std::to_string(policy.min_size));
}

/// The machines' pool where it is missing, and as many copies of both pools as there is room for
/// (docs/decisions/0075-pool-follows-the-hosts.md).
Result<void> make_pools(Node& node) {
    Platform& platform = node.platform;
    BEDPLATE_ASSIGN(const auto policy, policy_now(node));
    BEDPLATE_ASSIGN(auto pools, pool_states(node));
    const std::string vms(machines_pool), rule = policy.across_hosts ? "bedplate-host" : "bedplate-osd";
    BEDPLATE_TRY(
        mon_command(platform, "osd crush rule create-replicated",
                    {{"name", rule}, {"root", "default"}, {"type", policy.across_hosts ? "host" : "osd"}}));
    if (!pools.contains(vms)) {
        BEDPLATE_TRY(mon_command(platform, "osd pool create",
                                 {{"pool", vms},
                                  {"pg_num", 32},
                                  {"pgp_num", 32},
                                  {"pool_type", "replicated"},
                                  {"rule", rule},
                                  {"autoscale_mode", "on"}}));
        BEDPLATE_TRY(
            mon_command(platform, "osd pool set", {{"pool", vms}, {"var", "bulk"}, {"val", "true"}}));
        pools[vms] = {};
    }
    for (const auto& [pool, state] : pools) {
        if (!keeps_enough(state, policy)) {
            BEDPLATE_TRY(raise_copies(platform, pool, rule, policy));
        }
    }
    if (policy.size > 1) {
        BEDPLATE_TRY(mon_command(
            platform, "config set",
            {{"who", "global"}, {"name", default_pool_size}, {"value", std::to_string(policy.size)}}));
    }
    if (!pools[vms].initialised) {
        BEDPLATE_TRY(run_checked(platform.commands,
                                 {.argv = {"rbd", "pool", "init", vms}, .timeout = std::chrono::minutes{3}}));
    }
    return {};
}

Result<bool> pools_keep_enough(Node& node) {
    BEDPLATE_ASSIGN(const auto policy, policy_now(node));
    BEDPLATE_ASSIGN(auto pools, pool_states(node));
    return pools[std::string(machines_pool)].initialised &&
           std::ranges::all_of(pools, [&](const auto& pool) { return keeps_enough(pool.second, policy); });
}

}  // namespace

Steps pool_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                if (node.settings.osds.empty()) {
                    return satisfied();  // nothing to keep it on; the report says that there is no OSD
                }
                BEDPLATE_ASSIGN(const bool enough, pools_keep_enough(node));
                return enough ? satisfied() : needed();
            },
            .apply = [&node]() -> Result<void> {
                // An OSD of another node may come up meanwhile, and more copies be wanted than a moment ago.
                constexpr int most_rounds = 5;
                for (int round = 0; round < most_rounds; ++round) {
                    BEDPLATE_TRY(make_pools(node));
                    BEDPLATE_ASSIGN(const bool enough, pools_keep_enough(node));
                    if (enough) {
                        break;
                    }
                }
                return {};
            }};
}

}  // namespace bedplate::firstboot
