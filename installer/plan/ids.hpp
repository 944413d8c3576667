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
    /// FAT serial number of the ESP; never 0.
    [[nodiscard]] std::uint32_t esp_volume_id() const;

private:
    std::string seed_;
    std::string generation_seed_;
};

/// A FAT serial number as blkid and /dev/disk/by-uuid write it: "1A2B-3C4D".
[[nodiscard]] std::string volume_id_text(std::uint32_t volume_id);

}  // namespace bedplate
