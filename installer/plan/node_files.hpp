// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "inventory/inventory.hpp"
#include "plan/ids.hpp"
#include "plan/layout.hpp"
#include "plan/network.hpp"
#include "plan/plan.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// What texts on the node are made from.
struct NodeFacts {
    const Inventory& inventory;
    const Profile& profile;
    const NodeSpec& node;
    const DiskLayout& layout;
    const PlanIds& ids;
    const NetworkPlan& network;
    std::vector<PlannedDisk> disks;
};

/// /etc: identity, file systems, name resolution, time, access, network, GRUB's defaults, kernel module
/// options and what first boot reads (/etc/bedplate).
[[nodiscard]] std::vector<action::WriteFile> node_files(const NodeFacts& facts);

/// Number of the serial line that the node speaks on, which is the one that the installer was told to use: 0
/// for ttyS0, which is also what nobody has chosen.
[[nodiscard]] unsigned serial_line(const Inventory& inventory);

/// Arguments of the installed kernel after root= (DOMAIN: consoles, IOMMU, huge pages).
[[nodiscard]] std::vector<std::string> kernel_arguments(const Profile& profile, const Inventory& inventory);

/// /boot/grub/grub.cfg for the first boots, until the node's own update-grub writes it anew.
[[nodiscard]] action::WriteFile grub_configuration(const NodeFacts& facts);

/// The EFI system partition with shim, GRUB and the mark by which the probe knows the disk.
[[nodiscard]] action::WriteEsp esp_contents(const NodeFacts& facts);

/// /dev/disk/by-partuuid/<guid>
[[nodiscard]] std::string partition_device(const action::PlannedPartition& partition);
/// /dev/<vg>/<lv>
[[nodiscard]] std::string volume_device(const std::string& volume_group, const std::string& volume);

}  // namespace bedplate
