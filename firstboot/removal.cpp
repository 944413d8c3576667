// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/removal.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/cib.hpp"
#include "cluster/files.hpp"
#include "firstboot/access.hpp"
#include "firstboot/ceph.hpp"
#include "firstboot/osd_prepare.hpp"
#include "firstboot/pacemaker.hpp"
#include "registry/keys.hpp"
#include "registry/seed.hpp"

namespace bedplate::firstboot {

namespace {

std::string left_key(const std::string& name) {
    return registry_key("left", name);
}

/// There if the node shall erase its OSDs as it leaves.
std::string purge_key(const std::string& name) {
    return registry_key("purge", name);
}

std::vector<std::string> numbers(const std::vector<unsigned>& osds) {
    std::vector<std::string> words;
    for (const unsigned osd : osds) {
        words.push_back(std::to_string(osd));
    }
    return words;
}

/// `ceph osd VERB ID...`: whether Ceph agrees.
Result<bool> osds_may(Platform& platform, std::string_view verb, const std::vector<unsigned>& osds) {
    std::vector<std::string> arguments{"osd", std::string(verb)};
    std::ranges::move(numbers(osds), std::back_inserter(arguments));
    return succeeds(platform,
                    {.argv = ceph_command(platform, arguments), .timeout = std::chrono::minutes{2}});
}

/// Who of these members' etcd says that it is well.
std::vector<std::string> answering(Platform& platform, const std::vector<Member>& members,
                                   const std::vector<std::string>& names) {
    std::vector<std::string> healthy;
    for (const auto& member : members) {
        if (std::ranges::contains(names, member.hostname)) {
            const auto answer =
                platform.http.send({.url = std::format("https://{}:2379/health", member.management.to_text()),
                                    .connect_timeout = std::chrono::seconds{5}});
            if (answer && answer->status == 200) {
                healthy.push_back(member.hostname);
            }
        }
    }
    return healthy;
}

Result<void> ask_ceph(Platform& platform, RemovalFacts& facts) {
    BEDPLATE_ASSIGN(const Json quorum, mon_query(platform, "quorum_status"));
    facts.monitors.present = quorum.value("quorum_names", std::vector<std::string>{});
    for (const Json& monitor : quorum.at("monmap").value("mons", Json::array())) {
        facts.monitors.all.push_back(monitor.value("name", ""));
    }
    BEDPLATE_ASSIGN(const Json tree, mon_query(platform, "osd tree"));
    for (const Json& item : tree.value("nodes", Json::array())) {
        const auto children = item.value("children", std::vector<int>{});
        if (item.value("type", "") == "host" && !children.empty()) {
            ++facts.hosts_with_osds;
            if (item.value("name", "") == facts.node) {
                facts.osds.assign(children.begin(), children.end());
            }
        }
    }
    BEDPLATE_ASSIGN(const Json pools, mon_query(platform, "osd pool ls", {{"detail", "detail"}}));
    for (const Json& pool : pools) {
        facts.copies = std::max(facts.copies, pool.value("size", std::size_t{0}));
    }
    if (!facts.osds.empty()) {
        BEDPLATE_ASSIGN(facts.osds_may_stop, osds_may(platform, "ok-to-stop", facts.osds));
    }
    return {};
}

Result<void> ask_registry(Platform& platform, RemovalFacts& facts) {
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(const auto members, connection.registry().list_members());
    BEDPLATE_ASSIGN(const auto peers, connection.registry().etcd().members());
    for (const auto& member : members) {
        BEDPLATE_ASSIGN(const auto node, pacemaker_node(platform, member.hostname));
        // Remote nodes have no vote; the one that goes is named among all, as every node that may be taken
        // out.
        const bool counts = !member.remote || member.hostname == facts.node;
        if (counts) {
            facts.corosync.all.push_back(member.hostname);
        }
        if (counts && node.contains(pacemaker_online)) {
            facts.corosync.present.push_back(member.hostname);
        }
        if (std::ranges::contains(peers, etcd_peer_url(member), &EtcdMember::peer_url)) {
            facts.etcd.all.push_back(member.hostname);
        }
    }
    facts.etcd.present = answering(platform, members, facts.etcd.all);
    return {};
}

/// Machines move away or stop; nothing is started on the node any more.
Steps drain_machines(Platform& platform, const std::string& name) {
    const auto empty = [&platform, name]() -> Result<bool> {
        BEDPLATE_ASSIGN(const auto node, pacemaker_node(platform, name));
        return node.empty() || !node.contains(pacemaker_online) ||
               (node.contains(" standby=\"true\"") && node.contains(" resources_running=\"0\""));
    };
    return {.observe = [empty]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool done, empty());
                return done ? satisfied() : needed();
            },
            .apply = [&platform, name, empty]() -> Result<void> {
                BEDPLATE_TRY(run_all(
                    platform, {{"crm_attribute", "--node", name, "--name", "standby", "--update", "on"}}));
                return wait_until(platform, "the machines on " + name + " to move away",
                                  std::chrono::minutes{15}, empty);
            }};
}

/// How much has still to be copied, in Ceph's own words.
std::string still_to_copy(Platform& platform) {
    const auto status = mon_query(platform, "status");
    if (!status || !status->contains("pgmap")) {
        return "Ceph does not say how much is left";
    }
    const Json& map = status->at("pgmap");
    return std::format("{} objects misplaced, {} with too few copies, {:.1f} MB/s",
                       map.value("misplaced_objects", std::uint64_t{0}),
                       map.value("degraded_objects", std::uint64_t{0}),
                       static_cast<double>(map.value("recovering_bytes_per_sec", std::uint64_t{0})) / 1e6);
}

/// The data of the node's OSDs is copied to others, until nothing needs them any more.
Steps drain_osds(Node& node, const std::vector<unsigned>& osds) {
    Platform& platform = node.platform;
    return {.observe = [&platform, osds]() -> Result<Observation> {
                if (osds.empty()) {
                    return satisfied();
                }
                BEDPLATE_ASSIGN(const bool safe, osds_may(platform, "safe-to-destroy", osds));
                return safe ? satisfied() : needed();
            },
            .apply = [&node, &platform, osds]() -> Result<void> {
                std::vector<std::string> out{"osd", "out"};
                std::ranges::move(numbers(osds), std::back_inserter(out));
                BEDPLATE_TRY(ceph(platform, out));
                std::string last;
                return wait_until(platform, "the OSDs to be empty", std::chrono::hours{24},
                                  [&]() -> Result<bool> {
                                      const auto now = still_to_copy(platform);
                                      if (now != last) {
                                          node.say("           " + now);
                                          last = now;
                                      }
                                      return osds_may(platform, "safe-to-destroy", osds);
                                  });
            }};
}

Steps tell_node(Node& node, const RemovalFacts& facts) {
    Platform& platform = node.platform;
    const std::string name = facts.node;
    const bool online = std::ranges::contains(facts.corosync.present, name);
    const auto left = [&platform, name, online]() -> Result<bool> {
        RegistryConnection connection(platform);
        BEDPLATE_TRY(connection.open());
        BEDPLATE_ASSIGN(const auto member, connection.registry().member(name));
        BEDPLATE_ASSIGN(const auto ack, connection.registry().etcd().get(left_key(name)));
        return !member || (member->state == Member::State::leaving && (!online || ack));
    };
    return {.observe = [left]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool done, left());
                return done ? satisfied() : needed();
            },
            .apply = [&platform, name, left, purge = facts.purge]() -> Result<void> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                if (purge) {
                    BEDPLATE_TRY(connection.registry().etcd().commit({.puts = {{purge_key(name), "osds"}}}));
                }
                BEDPLATE_TRY(connection.registry().set_state(name, Member::State::leaving));
                return wait_until(platform, name + " to stop what it runs of the cluster",
                                  std::chrono::minutes{5}, left);
            }};
}

Steps forget_osds(Platform& platform, const RemovalFacts& facts) {
    const auto there = [&platform, facts]() -> Result<std::vector<unsigned>> {
        BEDPLATE_ASSIGN(const Json list, mon_query(platform, "osd ls"));
        std::vector<unsigned> left;
        for (const unsigned osd : facts.osds) {
            if (std::ranges::contains(list, Json(osd))) {
                left.push_back(osd);
            }
        }
        return left;
    };
    return {.observe = [there]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto left, there());
                return left.empty() ? satisfied() : needed();
            },
            .apply = [&platform, facts, there]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto left, there());
                for (const auto& osd : numbers(left)) {
                    BEDPLATE_TRY(ceph(platform, {"osd", "purge", osd, "--yes-i-really-mean-it"}));
                }
                BEDPLATE_TRY(ceph(platform, {"osd", "crush", "remove", facts.node}));
                return {};
            }};
}

Steps forget_monitor(Platform& platform, const std::string& name) {
    return {.observe = [&platform, name]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const Json map, mon_query(platform, "mon dump"));
                const auto is_it = [&](const Json& monitor) { return monitor.value("name", "") == name; };
                return std::ranges::any_of(map.value("mons", Json::array()), is_it) ? needed() : satisfied();
            },
            .apply = [&platform, name]() -> Result<void> {
                BEDPLATE_TRY(ceph(platform, {"mon", "remove", name}));
                BEDPLATE_TRY(ceph(platform, {"auth", "rm", "mgr." + name}));
                return {};
            }};
}

Steps forget_etcd_member(Platform& platform, const std::string& name) {
    const auto find = [name](Registry& registry) -> Result<std::optional<EtcdMember>> {
        BEDPLATE_ASSIGN(const auto member, registry.member(name));
        BEDPLATE_ASSIGN(const auto peers, registry.etcd().members());
        if (!member) {
            return std::optional<EtcdMember>();
        }
        const auto found = std::ranges::find(peers, etcd_peer_url(*member), &EtcdMember::peer_url);
        return found == peers.end() ? std::optional<EtcdMember>() : std::optional(*found);
    };
    return {.observe = [&platform, find]() -> Result<Observation> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto member, find(connection.registry()));
                return member ? needed() : satisfied();
            },
            .apply = [&platform, find]() -> Result<void> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto member, find(connection.registry()));
                return member ? connection.registry().etcd().remove_member(member->id) : Result<void>{};
            }};
}

Steps forget_in_corosync(Node& node, const std::string& name) {
    Platform& platform = node.platform;
    return {.observe = [&platform, name]() -> Result<Observation> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto plan, corosync_plan(connection.registry()));
                return std::ranges::contains(plan.members, name) || plan.applied != plan.version
                           ? needed()
                           : satisfied();
            },
            .apply = [&node, &platform, name]() -> Result<void> {
                RegistryConnection connection(platform);
                BEDPLATE_TRY(connection.open());
                Registry& registry = connection.registry();
                SeedPlaces places;
                places.hostname = node.settings.hostname;
                BEDPLATE_ASSIGN(const auto lock, registry.lock(places.hostname, std::chrono::seconds{60}));
                const auto done = remove_from_corosync(platform, registry, places, name, lock);
                static_cast<void>(registry.unlock(lock));  // a lease that cannot be given back runs out
                if (!done) {
                    return std::unexpected(done.error());
                }
                return run_all(platform, {{"crm_node", "--force", "--remove", name}});
            }};
}

/// Its fencing device, once it is no node of the cluster any more: until then it may have to be fenced.
Steps forget_device(Platform& platform, const std::string& name) {
    return {.observe = [&platform, name]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto cib,
                                run_checked(platform.commands, {.argv = {"cibadmin", "--query"}}));
                return cib.contains(std::format("<primitive id=\"{}\"", cib::fence_id(name))) ? needed()
                                                                                              : satisfied();
            },
            .apply = [&platform, name]() -> Result<void> {
                for (const auto& element : cib::remove_fencing(name)) {
                    // What is not there is deleted already.
                    BEDPLATE_TRY(run_checked(platform.commands,
                                             {.argv = {"cibadmin", "--delete", "--xml-text", element}}));
                }
                return {};
            }};
}

Steps forget_in_registry(Platform& platform, const std::string& name) {
    return {
        .observe = [&platform, name]() -> Result<Observation> {
            RegistryConnection connection(platform);
            BEDPLATE_TRY(connection.open());
            BEDPLATE_ASSIGN(const auto member, connection.registry().member(name));
            return member ? needed() : satisfied();
        },
        .apply = [&platform, name]() -> Result<void> {
            RegistryConnection connection(platform);
            BEDPLATE_TRY(connection.open());
            BEDPLATE_TRY(connection.registry().forget(name));
            BEDPLATE_TRY(connection.registry().etcd().commit({.removes = {left_key(name), purge_key(name)}}));
            return {};
        }};
}

}  // namespace

Result<RemovalFacts> removal_facts(Node& node, const std::string& name, bool purge) {
    RemovalFacts facts{.node = name, .self = node.settings.hostname, .purge = purge};
    BEDPLATE_TRY(ask_registry(node.platform, facts));
    BEDPLATE_TRY(ask_ceph(node.platform, facts));
    return facts;
}

std::vector<Step> removal_steps(Node& node, const RemovalFacts& facts) {
    Platform& platform = node.platform;
    const std::string name = facts.node, osds = join(numbers(facts.osds), ", ");
    std::vector<Step> steps{
        {"remove.machines", "drain", "move the machines away from " + name, drain_machines(platform, name)}};
    if (facts.purge && !facts.osds.empty()) {
        steps.push_back({"remove.drain", "drain", std::format("copy the data of the OSDs {} to others", osds),
                         drain_osds(node, facts.osds)});
    }
    steps.push_back({"remove.etcd", "leave", "take it out of etcd", forget_etcd_member(platform, name)});
    steps.push_back({"remove.monitor", "leave", "take its monitor and manager out of Ceph",
                     forget_monitor(platform, name)});
    steps.push_back(
        {"remove.stop", "leave", "let it stop what it runs of the cluster", tell_node(node, facts)});
    if (facts.purge && !facts.osds.empty()) {
        steps.push_back(
            {"remove.osds", "leave", std::format("forget the OSDs {}", osds), forget_osds(platform, facts)});
    }
    steps.push_back({"remove.corosync", "leave", "take it out of corosync and Pacemaker",
                     forget_in_corosync(node, name)});
    steps.push_back(
        {"remove.fencing", "leave", "take its fencing device away", forget_device(platform, name)});
    steps.push_back({"remove.registry", "leave", "take it out of the registry; its number is not given again",
                     forget_in_registry(platform, name)});
    return steps;
}

Result<void> leave(Node& node) {
    Platform& platform = node.platform;
    const std::string& name = node.settings.hostname;
    const auto off = [&](const std::vector<std::string>& units) -> Result<void> {
        auto command = systemctl({"disable", "--now"}, units);
        command.timeout = std::chrono::minutes{5};
        BEDPLATE_TRY(platform.commands.run(command));  // what is not installed or does not run is off already
        return {};
    };
    BEDPLATE_TRY(off({"pacemaker.service", "pacemaker_remote.service"}));
    BEDPLATE_TRY(off({"corosync.service"}));
    BEDPLATE_TRY(off({"ceph.target", "ceph-osd.target", "ceph-mgr.target", "ceph-mon.target",
                      std::format("ceph-mgr@{}.service", name), std::format("ceph-mon@{}.service", name)}));
    // Their target stops them, and is not waited for: their disks may be emptied next.
    Command osds = systemctl({"stop"}, {"ceph-osd@*.service"});
    osds.timeout = std::chrono::minutes{5};
    BEDPLATE_TRY(platform.commands.run(osds));
    BEDPLATE_TRY(off({"prometheus.service", "prometheus-alertmanager.service"}));
    // The address first: it goes to another node while the proxies still serve here.
    BEDPLATE_TRY(off({"keepalived.service"}));
    BEDPLATE_TRY(off({"haproxy.service", "nginx.service", "rsyslog.service"}));
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(const auto purge, connection.registry().etcd().get(purge_key(name)));
    if (purge) {
        BEDPLATE_ASSIGN(const auto lines, erase_osds(platform));
        for (const auto& line : lines) {
            node.say(line);
        }
    }
    BEDPLATE_TRY(connection.registry().etcd().commit({.puts = {{left_key(name), "left"}}}));
    return off({"etcd.service"});
}

}  // namespace bedplate::firstboot
