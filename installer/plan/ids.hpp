// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/identifiers.hpp"
#include "inventory/inventory.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// Every identifier of a plan, derived from what the node is, so that two plans for the same node agree and
/// no two nodes share one.
///
/// The seed is cluster name, host name and the system disk's identity. The disk GUID leaves out the
/// generation: by it an interrupted installation of any generation is recognised as this node's own. All
/// others hold the generation, so that after a reinstallation nothing old answers to a new name.
class PlanIds {
public:
    PlanIds(const NodeSpec& node, const DiskIdentity& system_disk);

    /// GUID of the partition table.
    [[nodiscard]] Guid disk() const;
    /// GUID of a partition: "esp", "boot", ...
    [[nodiscard]] Guid partition(std::string_view role) const;
    /// UUID of a file system or swap area: "root", "var", ...
    [[nodiscard]] Guid file_system(std::string_view role) const;
    /// UUID of the LUKS header below the physical volume.
    [[nodiscard]] Guid crypt() const;
    /// UUID of an md array: "boot", "sys".
    [[nodiscard]] Guid array(std::string_view role) const;
    /// FAT serial number of the ESP; never 0.
    [[nodiscard]] std::uint32_t esp_volume_id() const;

private:
    std::string seed_;
    std::string generation_seed_;
};

/// UUID of the node's array for local virtual machines. It outlives every generation, so that a
/// reinstallation knows the array as its own and keeps it.
[[nodiscard]] Guid fast_array_id(const NodeSpec& node);

/// fsid of a new OSD on this disk. A later generation gets another one: the cluster may still remember the
/// OSD that was erased.
[[nodiscard]] Guid osd_id(const NodeSpec& node, const DiskIdentity& data);

/// A FAT serial number as blkid and /dev/disk/by-uuid write it: "1A2B-3C4D".
[[nodiscard]] std::string volume_id_text(std::uint32_t volume_id);

}  // namespace bedplate
