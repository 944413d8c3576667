// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/ids.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// What lives on the disk that is to become the system disk. docs/decision-table-disks.md describes each.
enum class Occupant {
    blank,           ///< nothing that any probe sees
    own_incomplete,  ///< an interrupted installation of this very node
    own_older,       ///< this node, finished, of a lower generation
    own_current,     ///< this node, finished, of this generation or a higher one
    foreign_node,    ///< a finished node of another cluster or another host name
    ceph_osd,        ///< an object store daemon's data, whoever's
    other,           ///< anything else
};

/// May it become the system disk?
enum class Verdict {
    use,                ///< yes, as it is
    erase,              ///< yes, after teardown
    refuse_generation,  ///< install.generation
    refuse_foreign,     ///< disk.foreign
    refuse_ceph_osd,    ///< disk.ceph-osd
    refuse_not_blank,   ///< disk.not-blank
};

[[nodiscard]] std::string_view to_string(Occupant occupant);
[[nodiscard]] std::string_view to_string(Verdict verdict);

[[nodiscard]] Occupant occupant_of(const Disk& disk, const NodeSpec& node, const PlanIds& ids);

/// The decision table of docs/decision-table-disks.md. `listed`: the node's entry in the site file names the
/// disk's serial number under `wipe`.
[[nodiscard]] Verdict decide(Occupant occupant, WipePolicy policy, bool listed);

/// Whether the disk may be written to, and whether that needs a teardown (true) or not (false). Errors: those
/// of `Verdict`, and disk.held, disk.shared-volume-group, lvm.name-taken, which no policy overrides.
[[nodiscard]] Result<bool> needs_teardown(const Disk& disk, const Inventory& inventory,
                                          const std::string& volume_group, const NodeSpec& node,
                                          const PlanIds& ids);

/// Everything that probes saw on the disk, for messages: "gpt, ext4, LVM pve"; "nothing".
[[nodiscard]] std::string contents_text(const Disk& disk);

}  // namespace bedplate
