// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/cluster_checks.hpp"

#include <algorithm>
#include <format>
#include <functional>

#include "base/text.hpp"
#include "firstboot/access.hpp"
#include "firstboot/ceph.hpp"
#include "firstboot/edge.hpp"
#include "firstboot/fencing.hpp"
#include "firstboot/logs.hpp"
#include "firstboot/pacemaker.hpp"
#include "firstboot/tools.hpp"
#include "firstboot/virt.hpp"
#include "registry/vms.hpp"

namespace bedplate::firstboot {

namespace {

using Checker = std::function<Result<NodeCheck>()>;

/// "Quorate:          Yes" -> "Yes".
std::string field_of(std::string_view text, std::string_view name) {
    for (const auto& line : split(text, '\n')) {
        if (trim(line).starts_with(name)) {
            return std::string(trim(trim(line).substr(name.size())));
        }
    }
    return "";
}

Result<NodeCheck> check_quorum(Platform& platform) {
    BEDPLATE_ASSIGN(const auto result, platform.commands.run({.argv = {"corosync-quorumtool", "-s"}}));
    const auto quorate = field_of(result.out, "Quorate:"), votes = field_of(result.out, "Total votes:"),
               expected = field_of(result.out, "Expected votes:");
    return NodeCheck{.id = "corosync.quorum",
                     .ok = quorate == "Yes",
                     .detail = quorate.empty()
                                   ? std::string(trim(result.err))
                                   : std::format("quorate {}, {} of {} votes", quorate, votes, expected)};
}

/// Every link to every other node, as corosync-cfgtool -n lists them: "LINK: 0 udp (...) enabled connected".
Result<NodeCheck> check_links(Platform& platform) {
    BEDPLATE_ASSIGN(const auto out, run_checked(platform.commands, {.argv = {"corosync-cfgtool", "-n"}}));
    std::size_t links = 0, connected = 0;
    for (const auto& line : split(out, '\n')) {
        if (trim(line).starts_with("LINK:")) {
            ++links;
            connected += line.find(" connected") != std::string::npos ? 1 : 0;
        }
    }
    return NodeCheck{.id = "corosync.links",
                     .ok = links == connected,
                     .detail = std::format("{} of {} links to other nodes connected", connected, links)};
}

Result<NodeCheck> check_pacemaker(Platform& platform, const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto node, pacemaker_node(platform, hostname));
    const bool online = node.contains(pacemaker_online), standby = node.contains(pacemaker_standby);
    return NodeCheck{.id = "pacemaker.node",
                     .ok = online && !standby,
                     .detail = !online   ? "not online"
                               : standby ? "online, in standby"
                                         : "online"};
}

Result<NodeCheck> check_fencing(Platform& platform) {
    BEDPLATE_ASSIGN(const auto xml,
                    run_checked(platform.commands, {.argv = {"crm_mon", "--one-shot", "--output-as=xml"}}));
    const bool device = xml.find("resource_agent=\"stonith:") != std::string::npos;
    return NodeCheck{.id = "ha.fencing",
                     .ok = device,
                     .detail = device
                                   ? "a fencing device is there"
                                   : "no fencing device is configured: Pacemaker starts no resources before"};
}

/// A node of which that is not known is as good as one that does not hold it.
std::vector<NodeCheck> fence_checks(Platform& platform, const NodeSettings& settings) {
    auto checks = check_fence_proof(platform, settings);
    return checks ? std::move(*checks)
                  : std::vector<NodeCheck>{
                        {.id = "ha.fence-proof", .ok = false, .detail = checks.error().message}};
}

Result<NodeCheck> check_registry(Platform& platform) {
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(const auto members, connection.registry().etcd().members());
    const auto learners = std::ranges::count(members, true, &EtcdMember::learner);
    return NodeCheck{
        .id = "etcd.members",
        .ok = learners == 0,
        .detail = std::format("{} members answer, {} of them learners", members.size(), learners)};
}

Result<NodeCheck> check_health(Platform& platform) {
    BEDPLATE_ASSIGN(const Json health, mon_query(platform, "health"));
    std::vector<std::string> accepted, others;
    const Json reasons = health.value("checks", Json::object());
    for (const auto& [code, check] : reasons.items()) {
        if (check.value("muted", false)) {
            continue;
        }
        const bool fine = std::ranges::find(accepted_health_codes(), code) != accepted_health_codes().end();
        (fine ? accepted : others).push_back(code);
    }
    std::string detail = health.value("status", "");
    if (!others.empty()) {
        detail += ": " + join(others, ", ");
    }
    if (!accepted.empty()) {
        detail += std::format(" (accepted: {})", join(accepted, ", "));
    }
    return NodeCheck{.id = "ceph.health", .ok = others.empty() && !health.empty(), .detail = detail};
}

Result<NodeCheck> check_osds(Platform& platform, const NodeSettings& settings) {
    BEDPLATE_ASSIGN(const Json tree, mon_query(platform, "osd tree"));
    std::vector<int> own;
    std::size_t up = 0;
    for (const Json& item : tree.value("nodes", Json::array())) {
        if (item.value("type", "") == "host" && item.value("name", "") == settings.hostname) {
            own = item.value("children", std::vector<int>{});
        }
    }
    for (const Json& item : tree.value("nodes", Json::array())) {
        const bool mine = std::ranges::find(own, item.value("id", -1)) != own.end();
        up += mine && item.value("status", "") == "up" && item.value("reweight", 0.0) > 0 ? 1 : 0;
    }
    return NodeCheck{
        .id = "ceph.osds",
        .ok = up == own.size() && own.size() >= settings.osds.size(),
        .detail = std::format("{} of {} up and in, {} planned", up, own.size(), settings.osds.size())};
}

Result<NodeCheck> check_mgr(Platform& platform) {
    BEDPLATE_ASSIGN(const Json stat, mon_query(platform, "mgr stat"));
    const std::string active = stat.value("active_name", "");
    return NodeCheck{.id = "ceph.mgr",
                     .ok = stat.value("available", false),
                     .detail = active.empty() ? "none is active" : active + " is active"};
}

Result<NodeCheck> check_pool(Platform& platform) {
    BEDPLATE_ASSIGN(const auto out,
                    run_checked(platform.commands,
                                {.argv = {"virsh", "--connect", "qemu:///system", "pool-info", "vms"}}));
    const auto state = field_of(out, "State:");
    return NodeCheck{.id = "libvirt.pool", .ok = state == "running", .detail = "pool vms: " + state};
}

Result<NodeCheck> check_cpu(Platform& platform, const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto verdict, compare_with_baseline(platform, hostname));
    return NodeCheck{.id = "libvirt.cpu",
                     .ok = verdict != "incompatible",
                     .detail = "to the processor that all nodes have in common: " + verdict};
}

/// One without KVM, or with a lesser processor, would be given machines that it cannot start.
Result<NodeCheck> check_machines(Platform& platform, const std::string& hostname) {
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    Registry& registry = connection.registry();
    BEDPLATE_ASSIGN(const auto beyond, vms_beyond(registry, hostname));
    BEDPLATE_ASSIGN(const auto larger, beyond_processor(platform, registry, hostname));
    BEDPLATE_ASSIGN(const auto late, without_vm_files(registry, {hostname}));
    std::vector<std::string> against;
    if (!beyond.empty()) {
        against.push_back("these machines need KVM, which this node lacks: " + join(beyond, ", "));
    }
    if (!larger.empty()) {
        against.push_back(
            "these machines were made with a processor that this node cannot give them (docs/vms.md): " +
            join(larger, ", "));
    }
    if (!late.empty()) {
        against.emplace_back("some machines' files are not written yet");
    }
    return NodeCheck{.id = "libvirt.machines",
                     .ok = against.empty(),
                     .detail = against.empty() ? "can run the cluster's machines, and has their files"
                                               : join(against, "; ")};
}

Result<NodeCheck> check_time(Platform& platform, const NodeSettings& settings) {
    if (settings.ntp.empty()) {
        return NodeCheck{.id = "time.synchronised", .ok = true, .detail = "the site names no time server"};
    }
    BEDPLATE_ASSIGN(const auto out, run_checked(platform.commands, {.argv = {"chronyc", "-n", "tracking"}}));
    const auto leap = field_of(out, "Leap status     :"), offset = field_of(out, "Last offset     :");
    return NodeCheck{.id = "time.synchronised",
                     .ok = leap == "Normal",
                     .detail = std::format("{}, last offset {}", leap, offset)};
}

}  // namespace

const std::vector<std::string>& accepted_health_codes() {
    // What a cluster that is still growing says of itself, and averages that outlive their cause
    // (docs/cluster.md).
    static const std::vector<std::string> codes{"POOL_NO_REDUNDANCY", "TOO_FEW_OSDS",
                                                "OSD_SLOW_PING_TIME_FRONT", "OSD_SLOW_PING_TIME_BACK"};
    return codes;
}

bool is_advice(std::string_view check) {
    return check == "ha.fencing" || check == "time.synchronised" || check.starts_with("logs.") ||
           check == "edge";
}

std::vector<NodeCheck> check_member(Platform& platform) {
    const auto settings = read_node_settings(platform.files);
    if (!settings) {
        return {{.id = "cluster.member", .ok = false, .detail = settings.error().message}};
    }
    const std::pair<std::string, Checker> checkers[] = {
        {"corosync.quorum", [&] { return check_quorum(platform); }},
        {"corosync.links", [&] { return check_links(platform); }},
        {"pacemaker.node", [&] { return check_pacemaker(platform, settings->hostname); }},
        {"ha.fencing", [&] { return check_fencing(platform); }},
        {"etcd.members", [&] { return check_registry(platform); }},
        {"ceph.health", [&] { return check_health(platform); }},
        {"ceph.mgr", [&] { return check_mgr(platform); }},
        {"ceph.osds", [&] { return check_osds(platform, *settings); }},
        {"libvirt.pool", [&] { return check_pool(platform); }},
        {"libvirt.cpu", [&] { return check_cpu(platform, settings->hostname); }},
        {"libvirt.machines", [&] { return check_machines(platform, settings->hostname); }},
        {"time.synchronised", [&] { return check_time(platform, *settings); }},
        {"logs.sending", [&] { return check_log_sending(platform, *settings); }},
        {"logs.receiving", [&] { return check_log_receiving(platform); }},
        {"logs.audit", [&] { return check_audit(platform); }},
        {"edge", [&] { return check_edge(platform, *settings); }},
    };
    const auto membership = read_membership(platform.files);
    const bool remote = membership && membership->self.remote;
    std::vector<NodeCheck> checks;
    for (const auto& [id, checker] : checkers) {
        if (remote && std::string_view(id).starts_with("corosync.")) {
            continue;  // a remote node runs none
        }
        auto check = checker();
        checks.push_back(check ? std::move(*check)
                               : NodeCheck{.id = id, .ok = false, .detail = check.error().message});
    }
    std::ranges::move(fence_checks(platform, *settings), std::back_inserter(checks));
    return checks;
}

}  // namespace bedplate::firstboot
