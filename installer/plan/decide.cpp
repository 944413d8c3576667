// SPDX-License-Identifier: GPL-3.0-or-later
// The decision tables, row by row, and the words of their refusals.
#include <algorithm>
#include <format>
#include <utility>

#include "base/text.hpp"
#include "plan/occupancy.hpp"

namespace bedplate {
namespace {

/// A finished node of this cluster and host name. Where the system goes it is a matter of generations; on a
/// disk for something else it has been forgotten there, and only its serial number gives it up.
Verdict decide_own_node(DiskUse use, bool older, bool serial_listed) {
    if (!older) {
        return Verdict::refuse_generation;
    }
    return use == DiskUse::system || serial_listed ? Verdict::erase : Verdict::refuse_ours;
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
        std::format(
            "to give that node up, add 'cluster: {}' and the disk's serial number to the node's 'wipe' "
            "and set install.wipe to 'listed'",
            disk.installation->cluster));
}

std::unexpected<Error> refuse_ceph_osd(Occupant occupant, const Disk& disk) {
    std::string hint =
        "if the data is not needed any more, run 'ceph-volume lvm zap --destroy' on the disk first";
    std::string whose = "of nobody knows which cluster";
    if (occupant == Occupant::own_osd) {
        whose = "of this very cluster, which an installation never erases";
        hint = "take the OSD out of the cluster and zap the disk, or let the profile use another one";
    } else if (occupant == Occupant::mixed_osd) {
        whose = "of this cluster and of others";
    } else if (occupant == Occupant::foreign_osd) {
        std::vector<std::string> entries;
        for (const std::string& fsid : clusters_of_osds(disk)) {
            entries.push_back("'fsid: " + fsid + "'");
        }
        whose = std::format("of another cluster ({})", join(clusters_of_osds(disk), ", "));
        hint = std::format(
            "to give that data up, add {} and the disk's serial number to the node's 'wipe' and set "
            "install.wipe to 'listed'",
            join(entries, ", "));
    } else if (!disk.serial.empty()) {
        hint = std::format(
            "to give that data up, add serial {} to the node's 'wipe' and set install.wipe to "
            "'listed'",
            disk.serial);
    }
    return refuse("disk.ceph-osd", std::format("the disk holds Ceph data {}: {}", whose, contents_text(disk)),
                  describe(disk), hint);
}

std::unexpected<Error> refuse_ours(Occupant occupant, const Disk& disk) {
    if (occupant == Occupant::own_fast) {
        return refuse("disk.ours", "the disk is part of this node's own fast tier, with its virtual machines",
                      describe(disk), "let 'disks.fast' of the profile select it, or take it apart by hand");
    }
    return refuse(
        "disk.ours",
        std::format("the disk holds this node itself, generation {}, but another is to be its system "
                    "disk",
                    disk.installation->generation),
        describe(disk),
        "to give it up, add its serial number to the node's 'wipe' and set install.wipe to 'listed'");
}

std::unexpected<Error> refuse_not_blank(const Disk& disk, const NodeSpec& node) {
    std::string hint = "erase the disk by hand, or set install.wipe to 'listed' ";
    if (permission_for(disk, node).serial) {
        hint += "(the node's 'wipe' names this disk, but install.wipe is 'blank-only')";
    } else if (disk.serial.empty()) {
        hint = "erase the disk by hand: it has no serial number by which the node's 'wipe' could name it";
    } else {
        hint += std::format("and name serial {} in the node's 'wipe'", disk.serial);
    }
    return refuse("disk.not-blank", std::format("the disk is not blank: it holds {}", contents_text(disk)),
                  describe(disk), hint);
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
        case Occupant::own_osd:
            return "own-osd";
        case Occupant::foreign_osd:
            return "foreign-osd";
        case Occupant::unknown_osd:
            return "unknown-osd";
        case Occupant::mixed_osd:
            return "mixed-osd";
        case Occupant::own_fast:
            return "own-fast";
        case Occupant::other:
            return "other";
    }
    std::unreachable();
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::use:
            return "use";
        case Verdict::keep:
            return "keep";
        case Verdict::erase:
            return "erase";
        case Verdict::refuse_generation:
            return "install.generation";
        case Verdict::refuse_foreign:
            return "disk.foreign";
        case Verdict::refuse_ceph_osd:
            return "disk.ceph-osd";
        case Verdict::refuse_ours:
            return "disk.ours";
        case Verdict::refuse_not_blank:
            return "disk.not-blank";
    }
    std::unreachable();
}

Verdict decide(DiskUse use, Occupant occupant, const Permission& permission) {
    const bool serial = permission.policy == WipePolicy::listed && permission.serial;
    const bool content = permission.content && (serial || permission.policy == WipePolicy::not_ours);
    switch (occupant) {
        case Occupant::blank:
            return Verdict::use;
        case Occupant::own_incomplete:
            return Verdict::erase;
        case Occupant::own_older:
        case Occupant::own_current:
            return decide_own_node(use, occupant == Occupant::own_older, serial);
        case Occupant::foreign_node:
            return content ? Verdict::erase : Verdict::refuse_foreign;
        case Occupant::own_osd:
            return use == DiskUse::osd ? Verdict::keep : Verdict::refuse_ceph_osd;
        case Occupant::foreign_osd:
            return content ? Verdict::erase : Verdict::refuse_ceph_osd;
        case Occupant::unknown_osd:
            return serial ? Verdict::erase : Verdict::refuse_ceph_osd;
        case Occupant::mixed_osd:
            return Verdict::refuse_ceph_osd;
        case Occupant::own_fast:
            return use == DiskUse::fast ? Verdict::keep : Verdict::refuse_ours;
        case Occupant::other:
            return serial || permission.policy == WipePolicy::not_ours ? Verdict::erase
                                                                       : Verdict::refuse_not_blank;
    }
    std::unreachable();
}

Result<Verdict> or_refusal(Verdict verdict, Occupant occupant, const Disk& disk, const NodeSpec& node) {
    switch (verdict) {
        case Verdict::use:
        case Verdict::keep:
        case Verdict::erase:
            return verdict;
        case Verdict::refuse_generation:
            return refuse_generation(disk, node);
        case Verdict::refuse_foreign:
            return refuse_foreign(disk, node);
        case Verdict::refuse_ceph_osd:
            return refuse_ceph_osd(occupant, disk);
        case Verdict::refuse_ours:
            return refuse_ours(occupant, disk);
        case Verdict::refuse_not_blank:
            return refuse_not_blank(disk, node);
    }
    std::unreachable();
}

}  // namespace bedplate
