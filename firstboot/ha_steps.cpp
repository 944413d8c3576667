// SPDX-License-Identifier: GPL-3.0-or-later
// corosync and Pacemaker from rendered files (DOMAIN: the upstream procedure, no pcsd).
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "firstboot/access.hpp"
#include "firstboot/cluster_checks.hpp"
#include "firstboot/fencing.hpp"
#include "firstboot/pacemaker.hpp"
#include "firstboot/steps.hpp"
#include "registry/seed.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view corosync_key = "/etc/corosync/authkey";
constexpr std::string_view pacemaker_key = "/etc/pacemaker/authkey";

Steps corosync_key_steps(Platform& platform) {
    return {.observe = [&platform]() -> Result<Observation> {
                const auto key = platform.files.read(corosync_key);
                return key && key->size() >= 128 ? satisfied()
                                                 : needed();  // corosync-keygen(8): 1024 bits and more
            },
            .apply =
                [&platform] {
                    return run_all(platform,
                                   {{"corosync-keygen", "-k", std::string(corosync_key), "-s", "256"}});
                }};
}

Steps pacemaker_key_steps(Platform& platform) {
    constexpr std::size_t size = 4096;
    return {
        .observe = [&platform]() -> Result<Observation> {
            const auto key = platform.files.read(pacemaker_key);
            if (!key || key->size() != size) {
                return needed();
            }
            BEDPLATE_ASSIGN(const bool fine, in_place(platform, {.path = std::string(pacemaker_key),
                                                                 .text = *key,
                                                                 .mode = 0640,
                                                                 .owner = "root:haclient"}));
            return fine ? satisfied() : needed();
        },
        .apply = [&platform]() -> Result<void> {
            auto key = platform.files.read(pacemaker_key);
            if (!key || key->size() != size) {
                key = run_checked(platform.commands, {.argv = {"openssl", "rand", std::to_string(size)}});
            }
            if (!key) {
                return std::unexpected(key.error());
            }
            return put(
                platform,
                {.path = std::string(pacemaker_key), .text = *key, .mode = 0640, .owner = "root:haclient"});
        }};
}

/// corosync.conf is rendered from what the registry says at that moment, and may be renewed at any later one
/// by whoever follows the registry: it is only looked whether it is older.
Steps membership_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto plan, corosync_plan(connection.registry()));
                const auto there = node.platform.files.read(SeedPlaces{}.corosync_conf);
                return there && corosync_config_version(*there) >= plan.version ? satisfied() : needed();
            },
            .apply = [&node]() -> Result<void> {
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_TRY(follow_corosync(node.platform, connection.registry(), SeedPlaces{},
                                             node.settings.hostname));
                return run_all(node.platform, {{"corosync", "-t"}});
            }};
}

Result<bool> quorate(Platform& platform) {
    return succeeds(platform, {.argv = {"corosync-quorumtool", "-s"}});
}

/// Machines are stopped before libvirt and the network go, and Pacemaker asks whether it may start.
/// Pacemaker sees this node, and gives it resources.
Result<bool> online(Node& node) {
    BEDPLATE_ASSIGN(const auto element, pacemaker_node(node.platform, node.settings.hostname));
    return element.contains(pacemaker_online);
}

Result<bool> active(Node& node) {
    BEDPLATE_ASSIGN(const auto element, pacemaker_node(node.platform, node.settings.hostname));
    return element.contains(pacemaker_online) && !element.contains(pacemaker_standby);
}

/// The site's rules, as the registry has them or shall have them.
cib::Configuration rules(Node& node) {
    const std::vector parts{cib::options(node.settings.ha, false),
                            cib::uplink(node.settings.ha, gateway_of(node.settings))};
    return cib::joined(parts);
}

Steps rule_steps(Node& node) {
    Platform& platform = node.platform;
    return {.observe = [&node, &platform]() -> Result<Observation> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto stored, FencingRegistry(connection.registry()).policy());
                BEDPLATE_ASSIGN(const auto there,
                                run_checked(platform.commands, {.argv = {"cibadmin", "--query"}}));
                return stored && cib::holds(there, rules(node)) ? satisfied() : needed();
            },
            .apply = [&node, &platform]() -> Result<void> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_TRY(FencingRegistry(connection.registry()).store_policy(node.settings.ha));
                return configure_pacemaker(platform, rules(node));
            }};
}

/// A node that joins takes no resources until it is proved (pacemaker's sysconfig file).
constexpr std::string_view pacemaker_settings = "/etc/default/pacemaker";
constexpr std::string_view standby_line = "PCMK_node_start_state=standby\n";

Result<Member::State> state_of(RegistryConnection& connection, const std::string& hostname) {
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(const auto member, connection.registry().member(hostname));
    return member ? Result<Member::State>(member->state)
                  : refuse("node.removed", "this node has been taken out of the cluster");
}

Steps standby_steps(Node& node) {
    auto steps = file_steps(node.platform, []() -> Result<std::vector<ManagedFile>> {
        return std::vector<ManagedFile>{
            {.path = std::string(pacemaker_settings), .text = std::string(standby_line)}};
    });
    auto observe = steps.observe;
    steps.observe = [&node, observe]() -> Result<Observation> {
        RegistryConnection connection(node.platform);
        BEDPLATE_ASSIGN(const auto state, state_of(connection, node.settings.hostname));
        return state == Member::State::member ? Result<Observation>(satisfied()) : observe();
    };
    return steps;
}

/// From here on whoever changes corosync's membership waits for this node's file as well.
Steps counted_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                RegistryConnection connection(node.platform);
                BEDPLATE_ASSIGN(const auto state, state_of(connection, node.settings.hostname));
                return state == Member::State::joining ? needed() : satisfied();
            },
            .apply = [&node]() -> Result<void> {
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                return connection.registry().set_state(node.settings.hostname, Member::State::standby);
            }};
}

/// What still speaks against giving this node resources: every check but those that say "not yet".
Result<bool> is_proved(Node& node) {
    std::vector<std::string> against;
    for (const auto& check : check_member(node.platform)) {
        if (!check.ok && !is_advice(check.id) && check.id != "pacemaker.node") {
            against.push_back(std::format("{} ({})", check.id, check.detail));
        }
    }
    return against.empty() ? Result<bool>(true)
                           : fail("node.not-proved", "the node stays in standby: " + join(against, ", "), {},
                                  "mend it; it is looked at again by itself");
}

/// The end of standby, once every check of the node holds.
Steps active_steps(Node& node) {
    Platform& platform = node.platform;
    return {
        .observe = [&node]() -> Result<Observation> {
            RegistryConnection connection(node.platform);
            BEDPLATE_ASSIGN(const auto state, state_of(connection, node.settings.hostname));
            const auto settings = node.platform.files.read(pacemaker_settings);
            const bool begins_in_standby = settings && settings->contains(standby_line);
            if (state != Member::State::member || begins_in_standby) {
                return needed();
            }
            BEDPLATE_ASSIGN(const bool takes, active(node));
            return takes ? satisfied() : needed();
        },
        .apply = [&node, &platform]() -> Result<void> {
            // All of them take a while, and load the machine on which they wait for something to settle.
            constexpr std::chrono::seconds pause{10};
            BEDPLATE_TRY(wait_until(
                platform, "the node's checks to hold", std::chrono::seconds{120},
                [&node] { return is_proved(node); }, pause));
            BEDPLATE_TRY(put(platform, {.path = std::string(pacemaker_settings),
                                        .text = "# Written by bedplate-firstboot: the node is proved.\n"}));
            BEDPLATE_TRY(run_all(platform, {{"crm_attribute", "--node", node.settings.hostname, "--name",
                                             "standby", "--update", "off"}}));
            BEDPLATE_TRY(wait_until(platform, "Pacemaker to end the standby", std::chrono::seconds{60},
                                    [&node] { return active(node); }));
            RegistryConnection connection(platform);
            BEDPLATE_TRY(connection.open());
            return connection.registry().set_state(node.settings.hostname, Member::State::member);
        }};
}

/// pacemaker_remote, which a control node connects to once it is told that it may.
Steps remote_steps(Node& node) {
    auto steps = unit_steps(
        node.platform, {"pacemaker_remote.service"}, [&node] { return online(node); },
        std::chrono::seconds{180});
    auto start = steps.apply;
    steps.apply = [&node, start]() -> Result<void> {
        RegistryConnection connection(node.platform);
        BEDPLATE_TRY(connection.open());
        BEDPLATE_TRY(FencingRegistry(connection.registry()).offer_remote(node.settings.hostname));
        return start();
    };
    return on_remote(node.platform, std::move(steps));
}

}  // namespace

Result<std::string> pacemaker_node(Platform& platform, const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto xml,
                    run_checked(platform.commands, {.argv = {"crm_mon", "--one-shot", "--output-as=xml"}}));
    const auto at = xml.find(std::format("<node name=\"{}\"", hostname));
    return at == std::string::npos ? std::string() : xml.substr(at, xml.find('>', at) - at);
}

std::vector<Step> corosync_steps(Node& node) {
    Platform& platform = node.platform;
    const std::string stage = node.settings.create ? "ha" : "join";
    std::vector<Step> steps{{"ha.membership", stage, "take the list of members over",
                             on_corosync_node(platform, membership_steps(node))}};
    if (!node.settings.create) {
        steps.push_back(
            {"ha.counted", stage, "let changes of the list wait for this node", counted_steps(node)});
    }
    steps.push_back({"ha.corosync", stage, "start corosync",
                     on_corosync_node(platform, unit_steps(platform, {"corosync.service"},
                                                           [&platform] { return quorate(platform); }))});
    return steps;
}

std::vector<Step> ha_steps(Node& node) {
    Platform& platform = node.platform;
    std::vector<Step> steps;
    if (node.settings.create) {
        steps.push_back({"ha.corosync-key", "ha", "make corosync's key", corosync_key_steps(platform)});
        steps.push_back({"ha.pacemaker-key", "ha", "make Pacemaker's key", pacemaker_key_steps(platform)});
        for (auto& step : corosync_steps(node)) {
            steps.push_back(std::move(step));
        }
    } else {
        steps.push_back(
            {"ha.standby", "ha", "start in standby", on_corosync_node(platform, standby_steps(node))});
    }
    steps.push_back(
        {"ha.pacemaker", "ha", "start Pacemaker",
         on_corosync_node(platform, unit_steps(
                                        platform, {"pacemaker.service"}, [&node] { return online(node); },
                                        std::chrono::seconds{180}))});
    if (!node.settings.create) {
        // From the 17th node on.
        steps.push_back({"ha.remote", "ha", "let the others' Pacemaker work here", remote_steps(node)});
    }
    if (node.settings.create) {
        steps.push_back({"ha.options", "ha", "set the cluster's rules", rule_steps(node)});
    }
    for (auto& step : capacity_steps(node)) {
        steps.push_back(std::move(step));
    }
    return steps;
}

std::vector<Step> active_step(Node& node) {
    auto steps = proof_steps(node);
    if (!node.settings.create) {
        steps.push_back(
            {"ha.active", "ready", "take resources, now that the node is proved", active_steps(node)});
    }
    return steps;
}

}  // namespace bedplate::firstboot
