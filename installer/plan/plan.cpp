// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/plan.hpp"

#include <algorithm>
#include <format>
#include <utility>

#include "base/text.hpp"
#include "plan/actions.hpp"
#include "plan/ids.hpp"
#include "plan/layout.hpp"
#include "plan/network.hpp"
#include "plan/node_files.hpp"
#include "plan/occupancy.hpp"
#include "plan/order.hpp"
#include "plan/segments.hpp"
#include "plan/selection.hpp"

namespace bedplate {
namespace {

/// A 4Kn disk has no boot sector that a BIOS could load: 512-byte sectors are part of that interface.
Result<void> check_bootable(const Disk& disk, FirmwareMode firmware) {
    if (firmware == FirmwareMode::bios && disk.logical_block_size != Bytes{512}) {
        return refuse("boot.bios-4kn",
                      std::format("BIOS can not boot from a disk with blocks of {} bytes",
                                  disk.logical_block_size.value),
                      describe(disk), "switch the machine to UEFI, or use a disk with 512-byte sectors");
    }
    return {};
}

/// The link that says most: one that ends in the WWN, then one with the serial number, then the bay.
std::string stable_path(const Disk& disk, const DiskIdentity& identity) {
    for (const std::string& needle : {identity.wwn, identity.serial}) {
        const auto found = std::ranges::find_if(
            disk.by_id, [&](const std::string& name) { return !needle.empty() && name.ends_with(needle); });
        if (found != disk.by_id.end()) {
            return "/dev/disk/by-id/" + *found;
        }
    }
    return disk.by_path.empty() ? disk.path : "/dev/disk/by-path/" + disk.by_path;
}

std::string fate_of(PlannedRole role, bool teardown, const std::string& excluded) {
    switch (role) {
        case PlannedRole::system:
            return teardown ? "is ERASED, then becomes the system disk" : "becomes the system disk";
        case PlannedRole::osd:
            return "protected; set aside for an OSD at first boot";
        case PlannedRole::osd_db:
            return "protected; set aside for OSD databases at first boot";
        case PlannedRole::untouched:
            break;
    }
    return excluded.empty() ? "protected" : std::format("protected ({})", excluded);
}

PlannedDisk describe_disk(const Disk& disk, const Inventory& inventory, PlannedRole role) {
    PlannedDisk planned;
    // A disk that nothing is written to needs no proof that it is unique.
    planned.identity =
        identify(disk, inventory)
            .value_or(DiskIdentity{
                .wwn = disk.wwn, .serial = disk.serial, .model = disk.model, .by_path = disk.by_path});
    planned.path = stable_path(disk, planned.identity);
    planned.description = std::format(
        "{} {} {}", disk.name, disk.model.empty() ? "(model unknown)" : disk.model, to_label_text(disk.size));
    planned.size = disk.size;
    planned.role = role;
    planned.contents = contents_text(disk);
    planned.before = segments_now(disk);
    planned.after = planned.before;
    return planned;
}

/// Disks that a warning is about: one finding for all of them, not one each.
class DiskWarning {
public:
    DiskWarning(std::string code, std::string what, std::string hint)
        : code_(std::move(code)), what_(std::move(what)), hint_(std::move(hint)) {}

    void add(std::string disk) { disks_.push_back(std::move(disk)); }

    void report(Report& findings) const {
        if (!disks_.empty()) {
            findings.add({.severity = Severity::warning,
                          .code = code_,
                          .path = "disks",
                          .where = {},
                          .message = std::format("{}: {}", what_, join(disks_, ", ")),
                          .hint = hint_});
        }
    }

private:
    std::string code_, what_, hint_;
    std::vector<std::string> disks_;
};

void check_osd_disks(const std::vector<PlannedDisk>& disks, const Inventory& inventory, Report& findings) {
    DiskWarning occupied("osd.not-blank", "set aside for Ceph, but not blank",
                         "they stay as they are; erase them by hand where OSDs are to be made");
    DiskWarning volumes("osd.raid-volume",
                        "set aside for Ceph, but volumes of a RAID controller, which hides the health of the "
                        "drives and caches their writes",
                        "pass the drives through (non-RAID or HBA mode) for Ceph");
    DiskWarning nameless("osd.no-identity",
                         "set aside for Ceph, but without WWN, serial number or bay of their own",
                         "give the disks distinct names in the controller");
    for (std::size_t i = 0; i < disks.size(); ++i) {
        if (disks[i].role != PlannedRole::osd && disks[i].role != PlannedRole::osd_db) {
            continue;
        }
        const Disk& disk = inventory.disks[i];
        if (disks[i].contents != "nothing") {
            occupied.add(std::format("{} ({})", disk.name, disks[i].contents));
        }
        if (disk.transport == Transport::raid) {
            volumes.add(disk.name);
        }
        if (!identify(disk, inventory)) {
            nameless.add(disk.name);
        }
    }
    occupied.report(findings);
    volumes.report(findings);
    nameless.report(findings);
}

std::vector<PlannedDisk> describe_disks(const Inventory& inventory, const DiskRoles& roles,
                                        const DiskLayout& layout, bool teardown) {
    std::vector<PlannedDisk> disks;
    for (std::size_t i = 0; i < inventory.disks.size(); ++i) {
        const PlannedRole role = roles.roles[i];
        PlannedDisk planned = describe_disk(inventory.disks[i], inventory, role);
        planned.fate = fate_of(role, teardown, roles.excluded[i]);
        if (role == PlannedRole::system) {
            planned.after = segments_planned(layout);
        }
        disks.push_back(std::move(planned));
    }
    return disks;
}

std::string machine_line(const SystemFacts& system) {
    std::string text = std::format("{} {}", system.manufacturer, system.product);
    if (!system.serial.empty()) {
        text += ", service tag " + system.serial;
    }
    return std::string(trim(text));
}

std::vector<std::string> first_boot_steps(const NodeSpec& node, const std::vector<PlannedDisk>& disks) {
    const auto count = [&](PlannedRole role) { return std::ranges::count(disks, role, &PlannedDisk::role); };
    const bool create = node.cluster == NodeEntry::ClusterAction::create;
    return {"make the machine id and the SSH host keys, which no image holds",
            std::format("bring up the network: {} in the management network",
                        node.addresses.at("management").to_text()),
            node.ntp.empty() ? "set the clock: no time server is given"
                             : std::format("set the clock from {}", join(node.ntp, ", ")),
            std::format("not done by this version: {} cluster {}; OSDs on {} disk(s), their databases on {}",
                        create ? "create" : "join", node.cluster_name, count(PlannedRole::osd),
                        count(PlannedRole::osd_db))};
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
        case PlannedRole::untouched:
            return "untouched";
    }
    std::unreachable();
}

Result<Plan> make_plan(const PlanInput& input) {
    const auto& [inventory, profile, node] = input;
    BEDPLATE_ASSIGN(const DiskRoles roles, assign_roles(profile, inventory));
    const Disk& disk = inventory.disks[roles.system];
    BEDPLATE_TRY(check_bootable(disk, inventory.firmware.mode));
    BEDPLATE_ASSIGN(const DiskIdentity identity, identify(disk, inventory));
    const PlanIds ids(node, identity);
    const std::string& group = profile.layout.volume_group;
    BEDPLATE_ASSIGN(const bool teardown, needs_teardown(disk, inventory, group, node, ids));
    BEDPLATE_ASSIGN(const DiskLayout layout,
                    lay_out(profile.layout, disk.size, disk.logical_block_size, ids, describe(disk)));

    Plan plan = header(input);
    BEDPLATE_ASSIGN(const NetworkPlan network, plan_network(inventory, profile, node, plan.findings));
    plan.disks = describe_disks(inventory, roles, layout, teardown);
    check_osd_disks(plan.disks, inventory, plan.findings);
    plan.network_files = network.files;
    plan.network = network.layout;
    plan.first_boot = first_boot_steps(node, plan.disks);
    const NodeFacts facts{.inventory = inventory,
                          .profile = profile,
                          .node = node,
                          .layout = layout,
                          .ids = ids,
                          .network = network,
                          .disks = plan.disks};
    BEDPLATE_ASSIGN(plan.actions, in_order(build_actions(facts, disk, identity, teardown)));
    return plan;
}

}  // namespace bedplate
