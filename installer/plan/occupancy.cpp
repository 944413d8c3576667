// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/occupancy.hpp"

#include <algorithm>
#include <format>
#include <utility>

#include "base/text.hpp"

namespace bedplate {
namespace {

bool is_blank(const Disk& disk) {
    return disk.partition_table.empty() && disk.partitions.empty() && disk.signatures.empty() &&
           disk.holders.empty() && !disk.installation;
}

bool holds_ceph_osd(const Disk& disk) {
    const auto bluestore = [](std::string_view signature) { return signature == "ceph_bluestore"; };
    return std::ranges::any_of(disk.holders,
                               [](const Holder& holder) { return holder.kind == Holder::Kind::ceph_osd; }) ||
           std::ranges::any_of(disk.signatures, bluestore) ||
           std::ranges::any_of(disk.partitions, [&](const auto& part) { return bluestore(part.fstype); });
}

bool same_guid(std::string_view text, const Guid& guid) {
    const auto parsed = Guid::parse(text);
    return parsed && *parsed == guid;
}

bool is_listed(const Disk& disk, const NodeSpec& node) {
    return !disk.serial.empty() &&
           std::ranges::find(node.wipe.serials, disk.serial) != node.wipe.serials.end();
}

std::unexpected<Error> refuse_generation(const Disk& disk, const NodeSpec& node) {
    return refuse(
        "install.generation",
        std::format("{} is installed here already: generation {}, and the site asks for generation {}",
                    disk.installation->hostname, disk.installation->generation, node.install.generation),
        describe(disk),
        std::format("boot the local disk; to install again, set install.generation to {} or more",
                    disk.installation->generation + 1));
}

std::unexpected<Error> refuse_foreign(const Disk& disk, const NodeSpec& node) {
    return refuse(
        "disk.foreign",
        std::format("the disk holds the finished node {} of cluster {}; this is to be {} of {}",
                    disk.installation->hostname, disk.installation->cluster, node.hostname,
                    node.cluster_name),
        describe(disk),
        "to give that node up, set install.wipe to 'listed' and name the disk's serial number in the "
        "node's 'wipe'");
}

std::unexpected<Error> refuse_ceph_osd(const Disk& disk) {
    return refuse(
        "disk.ceph-osd",
        std::format("the disk holds Ceph data ({}), which is never erased by an installation",
                    contents_text(disk)),
        describe(disk),
        "if the data is not needed any more, run 'ceph-volume lvm zap --destroy' on the disk first");
}

std::unexpected<Error> refuse_not_blank(const Disk& disk, const NodeSpec& node) {
    const bool listed = is_listed(disk, node);
    std::string hint = "erase the disk by hand, or set install.wipe to 'listed' ";
    if (listed) {
        hint += "(the node's 'wipe' names this disk, but install.wipe is 'blank-only')";
    } else if (disk.serial.empty()) {
        hint = "erase the disk by hand: it has no serial number by which the node's 'wipe' could name it";
    } else {
        hint += std::format("and name serial {} in the node's 'wipe'", disk.serial);
    }
    return refuse("disk.not-blank", std::format("the disk is not blank: it holds {}", contents_text(disk)),
                  describe(disk), hint);
}

/// Assembled arrays, open encryption and multipath maps would be pulled away under their users.
Result<void> check_holders(const Disk& disk) {
    for (const Holder& holder : disk.holders) {
        if (holder.kind == Holder::Kind::md || holder.kind == Holder::Kind::crypt ||
            holder.kind == Holder::Kind::mpath) {
            return refuse(
                "disk.held",
                std::format("the {} device {} stands on the disk; taking such a device apart is not "
                            "supported yet",
                            to_string(holder.kind), holder.name),
                describe(disk), "take it apart in the rescue shell, then run 'wipefs --all' on the disk");
        }
    }
    return {};
}

const Disk* other_disk_with_group(const Disk& disk, const Inventory& inventory, std::string_view group) {
    const auto holds = [&](const Holder& holder) {
        return holder.kind == Holder::Kind::lvm && holder.name == group;
    };
    for (const Disk& other : inventory.disks) {
        if (&other != &disk && other.multipath_of != disk.name && std::ranges::any_of(other.holders, holds)) {
            return &other;
        }
    }
    return nullptr;
}

Result<void> check_volume_groups(const Disk& disk, const Inventory& inventory) {
    for (const Holder& holder : disk.holders) {
        if (holder.kind != Holder::Kind::lvm || holder.name.empty()) {
            continue;
        }
        if (const Disk* other = other_disk_with_group(disk, inventory, holder.name)) {
            return refuse("disk.shared-volume-group",
                          std::format("volume group {} is on this disk and on another, which must not be "
                                      "touched: {}",
                                      holder.name, describe(*other)),
                          describe(disk), "take the disk out of the volume group first (pvmove, vgreduce)");
        }
    }
    return {};
}

/// Two groups of one name on a machine, and neither root=/dev/mapper/... nor the operator knows which is
/// meant.
Result<void> check_group_name(const Disk& disk, const Inventory& inventory, const std::string& group) {
    if (const Disk* other = other_disk_with_group(disk, inventory, group)) {
        return refuse(
            "lvm.name-taken",
            std::format("another disk already holds a volume group named {}: {}", group, describe(*other)),
            describe(disk),
            "rename that group (vgrename), erase that disk, or set layout.volume_group in the profile");
    }
    return {};
}

Result<bool> judge(const Disk& disk, const NodeSpec& node, const PlanIds& ids) {
    switch (decide(occupant_of(disk, node, ids), node.install.wipe, is_listed(disk, node))) {
        case Verdict::use:
            return false;
        case Verdict::erase:
            return true;
        case Verdict::refuse_generation:
            return refuse_generation(disk, node);
        case Verdict::refuse_foreign:
            return refuse_foreign(disk, node);
        case Verdict::refuse_ceph_osd:
            return refuse_ceph_osd(disk);
        case Verdict::refuse_not_blank:
            return refuse_not_blank(disk, node);
    }
    std::unreachable();
}

}  // namespace

std::string_view to_string(Occupant occupant) {
    switch (occupant) {
        case Occupant::blank:
            return "blank";
        case Occupant::own_incomplete:
            return "own-incomplete";
        case Occupant::own_older:
            return "own-older";
        case Occupant::own_current:
            return "own-current";
        case Occupant::foreign_node:
            return "foreign-node";
        case Occupant::ceph_osd:
            return "ceph-osd";
        case Occupant::other:
            return "other";
    }
    std::unreachable();
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::use:
            return "use";
        case Verdict::erase:
            return "erase";
        case Verdict::refuse_generation:
            return "install.generation";
        case Verdict::refuse_foreign:
            return "disk.foreign";
        case Verdict::refuse_ceph_osd:
            return "disk.ceph-osd";
        case Verdict::refuse_not_blank:
            return "disk.not-blank";
    }
    std::unreachable();
}

Occupant occupant_of(const Disk& disk, const NodeSpec& node, const PlanIds& ids) {
    if (is_blank(disk)) {
        return Occupant::blank;
    }
    if (holds_ceph_osd(disk)) {
        return Occupant::ceph_osd;
    }
    if (!disk.installation) {
        return Occupant::other;
    }
    const InstallationMark& mark = *disk.installation;
    if (mark.state == InstallationMark::State::incomplete) {
        return same_guid(mark.disk_guid, ids.disk()) ? Occupant::own_incomplete : Occupant::other;
    }
    if (mark.cluster != node.cluster_name || mark.hostname != node.hostname) {
        return Occupant::foreign_node;
    }
    return mark.generation < node.install.generation ? Occupant::own_older : Occupant::own_current;
}

Verdict decide(Occupant occupant, WipePolicy policy, bool listed) {
    const bool named = policy == WipePolicy::listed && listed;
    switch (occupant) {
        case Occupant::blank:
            return Verdict::use;
        case Occupant::own_incomplete:
        case Occupant::own_older:
            return Verdict::erase;
        case Occupant::own_current:
            return Verdict::refuse_generation;
        case Occupant::foreign_node:
            return named ? Verdict::erase : Verdict::refuse_foreign;
        case Occupant::ceph_osd:
            return Verdict::refuse_ceph_osd;
        case Occupant::other:
            return named || policy == WipePolicy::not_ours ? Verdict::erase : Verdict::refuse_not_blank;
    }
    std::unreachable();
}

Result<bool> needs_teardown(const Disk& disk, const Inventory& inventory, const std::string& volume_group,
                            const NodeSpec& node, const PlanIds& ids) {
    BEDPLATE_ASSIGN(const bool erase, judge(disk, node, ids));
    if (erase) {
        BEDPLATE_TRY(check_holders(disk));
        BEDPLATE_TRY(check_volume_groups(disk, inventory));
    }
    BEDPLATE_TRY(check_group_name(disk, inventory, volume_group));
    return erase;
}

std::string contents_text(const Disk& disk) {
    std::vector<std::string> parts;
    const auto add = [&parts](std::string part) {
        if (!part.empty() && std::ranges::find(parts, part) == parts.end()) {
            parts.push_back(std::move(part));
        }
    };
    if (disk.installation) {
        add(disk.installation->state == InstallationMark::State::incomplete
                ? "an unfinished installation"
                : std::format("node {} of cluster {}, generation {}", disk.installation->hostname,
                              disk.installation->cluster, disk.installation->generation));
    }
    if (!disk.partition_table.empty()) {
        add(std::format("a {} partition table with {} partition{}", disk.partition_table,
                        disk.partitions.size(), disk.partitions.size() == 1 ? "" : "s"));
    }
    for (const std::string& signature : disk.signatures) {
        add(signature);
    }
    for (const PartitionFacts& partition : disk.partitions) {
        add(partition.fstype);
    }
    for (const Holder& holder : disk.holders) {
        add(std::format("{} {}", to_string(holder.kind), holder.name));
    }
    return parts.empty() ? "nothing" : join(parts, ", ");
}

}  // namespace bedplate
