// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/plan.hpp"

#include <algorithm>
#include <format>
#include <utility>

#include "base/text.hpp"
#include "plan/actions.hpp"
#include "plan/network.hpp"
#include "plan/node_files.hpp"
#include "plan/order.hpp"
#include "plan/osds.hpp"
#include "plan/planned_disks.hpp"
#include "plan/storage.hpp"
#include "plan/tuning.hpp"

namespace bedplate {
namespace {

std::string machine_line(const SystemFacts& system) {
    std::string text = std::format("{} {}", system.manufacturer, system.product);
    if (!system.serial.empty()) {
        text += ", service tag " + system.serial;
    }
    return std::string(trim(text));
}

/// "make 2 OSDs and activate 1 that is kept"
std::string osd_step(const std::vector<PlannedOsd>& osds) {
    const auto kept = std::ranges::count(osds, PlannedOsd::State::keep, &PlannedOsd::state);
    const auto made = std::ssize(osds) - kept;
    std::vector<std::string> parts;
    if (kept != 0) {
        parts.push_back(std::format("activate {} OSD{} that {} kept", kept, kept == 1 ? "" : "s",
                                    kept == 1 ? "is" : "are"));
    }
    if (made != 0) {
        parts.push_back(std::format("make {} OSD{}", made, made == 1 ? "" : "s"));
    }
    return join(parts, ", then ") + ", as /etc/bedplate/osds.json says";
}

std::vector<std::string> first_boot_steps(const NodeSpec& node, const std::vector<PlannedOsd>& osds) {
    const bool create = node.cluster == NodeEntry::ClusterAction::create;
    std::vector<std::string> steps{
        "make the machine id and the SSH host keys, which no image holds",
        std::format("bring up the network: {} in the management network",
                    node.addresses.at("management").to_text()),
        node.ntp.empty() ? "set the clock: no time server is given"
                         : std::format("set the clock from {}", join(node.ntp, ", ")),
        create ? std::format("create cluster {}", node.cluster_name)
               : std::format("join cluster {} with a ticket, in standby", node.cluster_name)};
    if (!osds.empty()) {
        steps.push_back("once the cluster is there, " + osd_step(osds));
    }
    if (node.edge && node.edge->may_be_on(node.hostname)) {
        steps.push_back(std::format("serve {} with HAProxy and nginx{}", node.edge->address.to_text(),
                                    node.edge->nodes.empty() ? ", if it becomes a control node" : ""));
    }
    return steps;
}

/// A node that its cluster cannot switch off will take no machines: worth knowing before it is installed.
void check_fencing(const PlanInput& input, Report& findings) {
    const auto& fencing = input.profile.fencing;
    if (fencing && fencing->via == "bmc" && !input.node.bmc.address && input.inventory.bmc.ip.empty()) {
        findings.add({.severity = Severity::warning,
                      .code = "fencing.no-address",
                      .path = "nodes." + input.node.hostname + ".bmc",
                      .where = {},
                      .message = std::format("profile {} fences over the BMC, and neither the site nor the "
                                             "machine says its address: the node will stay in standby",
                                             input.profile.name),
                      .hint = "give nodes[].bmc.address in the site"});
    }
}

Plan header(const PlanInput& input) {
    Plan plan;
    plan.profile_name = input.profile.name;
    plan.profile_digest = input.profile.digest;
    plan.site_digest = input.node.site_digest;
    plan.inventory_digest = input.inventory.digest();
    plan.hostname = input.node.hostname;
    plan.cluster_name = input.node.cluster_name;
    plan.machine = machine_line(input.inventory.system);
    plan.generation = input.node.install.generation;
    plan.firmware = input.inventory.firmware.mode;
    plan.after = input.node.install.after;
    plan.ceph_fsid = input.node.fsid.to_text();
    return plan;
}

}  // namespace

std::string_view to_string(PlannedRole role) {
    switch (role) {
        case PlannedRole::system:
            return "system";
        case PlannedRole::osd:
            return "osd";
        case PlannedRole::osd_db:
            return "osd_db";
        case PlannedRole::fast:
            return "fast";
        case PlannedRole::untouched:
            return "untouched";
    }
    std::unreachable();
}

Result<Plan> make_plan(const PlanInput& input) {
    const auto& [inventory, profile, node] = input;
    BEDPLATE_ASSIGN(const StoragePlan storage, plan_storage(input));
    Plan plan = header(input);
    BEDPLATE_ASSIGN(plan.osds, plan_osds(storage.disks, profile, node, plan.findings));
    BEDPLATE_ASSIGN(const NetworkPlan network, plan_network(inventory, profile, node, plan.findings));
    check_fencing(input, plan.findings);
    plan.disks = describe_disks(inventory, storage, plan.osds);
    plan.network_files = network.files;
    plan.network = network.layout;
    BEDPLATE_TRY(check_tuning_fits(profile, inventory));
    plan.tuning = plan_tuning(profile, inventory, node.ha.memory_overcommit);
    plan.first_boot = first_boot_steps(node, plan.osds);
    const NodeFacts facts{.inventory = inventory,
                          .profile = profile,
                          .node = node,
                          .storage = storage,
                          .network = network,
                          .disks = plan.disks,
                          .osds = plan.osds};
    BEDPLATE_ASSIGN(std::vector<Action> actions, build_actions(facts));
    BEDPLATE_ASSIGN(plan.actions, in_order(std::move(actions)));
    return plan;
}

}  // namespace bedplate
