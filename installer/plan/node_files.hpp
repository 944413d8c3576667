// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "inventory/inventory.hpp"
#include "plan/network.hpp"
#include "plan/plan.hpp"
#include "plan/storage.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// What texts on the node are made from.
struct NodeFacts {
    const Inventory& inventory;
    const Profile& profile;
    const NodeSpec& node;
    const StoragePlan& storage;
    const NetworkPlan& network;
    std::vector<PlannedDisk> disks;
    std::vector<PlannedOsd> osds;
};

/// /etc: identity, file systems, name resolution, time, access, network, GRUB's defaults, the
/// kernel's values and what first boot reads (/etc/bedplate).
[[nodiscard]] std::vector<action::WriteFile> node_files(const NodeFacts& facts);

/// Number of the serial line that the node speaks on, which is the one that the installer was told to use: 0
/// for ttyS0, which is also what nobody has chosen.
[[nodiscard]] unsigned serial_line(const Inventory& inventory);

/// Arguments of the installed kernel after root=: consoles, and those of tuning_arguments().
[[nodiscard]] std::vector<std::string> kernel_arguments(const Profile& profile, const Inventory& inventory);

/// /boot/grub/grub.cfg for the first boots, until the node's own update-grub writes it anew.
[[nodiscard]] action::WriteFile grub_configuration(const NodeFacts& facts);

/// The EFI system partition of one of the system's disks, with shim, GRUB and the mark by which the probe
/// knows the disk.
[[nodiscard]] action::WriteEsp esp_contents(const NodeFacts& facts, const SystemDisk& disk);

/// What the node has to know about its disks: arrays and encryption for its initramfs, the OSDs and the
/// loaders for its first boot. Only what there is.
[[nodiscard]] std::vector<action::WriteFile> disk_files(const NodeFacts& facts);

/// The label of the firmware's boot entry for the n-th disk of the system.
[[nodiscard]] std::string boot_entry_label(std::size_t n);

}  // namespace bedplate
