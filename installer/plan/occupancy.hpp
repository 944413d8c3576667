// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/ids.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// What lives on a disk that is to be used. docs/decision-table-disks.md describes each.
enum class Occupant {
    blank,           ///< nothing that any probe sees
    own_incomplete,  ///< an interrupted installation of this very node
    own_older,       ///< this node, finished, of a lower generation
    own_current,     ///< this node, finished, of this generation or a higher one
    foreign_node,    ///< a finished node of another cluster or another host name
    own_osd,         ///< OSDs of this cluster, and of no other
    foreign_osd,     ///< OSDs of other clusters, all of which say of which
    unknown_osd,     ///< an OSD that does not say of which cluster
    mixed_osd,       ///< OSDs of this cluster beside others
    own_fast,        ///< this node's array for local virtual machines
    other,           ///< anything else
};

/// What the disk is to be used for.
enum class DiskUse { system, osd, fast };

/// May it be used for that?
enum class Verdict {
    use,                ///< yes, as it is: nothing is on it
    keep,               ///< what is on it is ours and stays
    erase,              ///< yes, after teardown
    refuse_generation,  ///< install.generation
    refuse_foreign,     ///< disk.foreign
    refuse_ceph_osd,    ///< disk.ceph-osd
    refuse_ours,        ///< disk.ours
    refuse_not_blank,   ///< disk.not-blank
};

/// What the site allows for this disk.
struct Permission {
    WipePolicy policy = WipePolicy::blank_only;
    bool serial = false;   ///< the node's `wipe` names the disk's serial number
    bool content = false;  ///< and the fsid of every OSD on it, or the cluster of the node on it
};

[[nodiscard]] std::string_view to_string(Occupant occupant);
[[nodiscard]] std::string_view to_string(Verdict verdict);

[[nodiscard]] Occupant occupant_of(const Disk& disk, const NodeSpec& node, const PlanIds& ids);

/// The fsids of the clusters whose OSDs are on the disk, sorted; "" stands for one that does not say.
[[nodiscard]] std::vector<std::string> clusters_of_osds(const Disk& disk);

[[nodiscard]] Permission permission_for(const Disk& disk, const NodeSpec& node);

/// The decision tables of docs/decision-table-disks.md.
[[nodiscard]] Verdict decide(DiskUse use, Occupant occupant, const Permission& permission);

/// `verdict`, or the refusal that it means. Errors: install.generation, disk.foreign, disk.ceph-osd,
/// disk.ours, disk.not-blank, each with what is there and what would have to be written for it to be erased.
[[nodiscard]] Result<Verdict> or_refusal(Verdict verdict, Occupant occupant, const Disk& disk,
                                         const NodeSpec& node);

/// Errors: lvm.name-taken: a disk other than `own` holds a volume group of that name.
[[nodiscard]] Result<void> check_group_name(const std::vector<const Disk*>& own, const Inventory& inventory,
                                            const std::string& group);

/// Everything that probes saw on the disk, for messages: "gpt, ext4, LVM pve"; "nothing".
[[nodiscard]] std::string contents_text(const Disk& disk);

}  // namespace bedplate
