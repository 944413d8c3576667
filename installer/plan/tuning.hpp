// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "inventory/inventory.hpp"
#include "plan/plan.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// What a node's kernel is to run with: the profile's `tuning` and `kvm` on this machine, in the order of
/// tuning_items(). Left out is what the profile leaves alone, and what depends on facts that the inventory
/// does not have. `memory_overcommit` is the site's; absent: the profile's.
[[nodiscard]] std::vector<TuningValue> plan_tuning(const Profile& profile, const Inventory& inventory,
                                                   std::optional<double> memory_overcommit = {});

/// What the profile wants of this machine can be had at all. Errors (refused): tuning.hugepages (more memory
/// is set aside at boot than guests may have, and the system would not start).
[[nodiscard]] Result<void> check_tuning_fits(const Profile& profile, const Inventory& inventory);

/// The arguments of the installed kernel that carry values of the plan.
[[nodiscard]] std::vector<std::string> tuning_arguments(const Profile& profile, const Inventory& inventory);

/// What the planned values stand in: sysctl.d, udev, tmpfiles.d, modprobe.d, the zram generator, multipath;
/// and /etc/bedplate/tuning.json, which `bedplate node status` compares the running kernel with.
[[nodiscard]] std::vector<action::WriteFile> tuning_files(const Profile& profile, const Inventory& inventory,
                                                          std::optional<double> memory_overcommit = {});

/// Lines of [Link] for the ports of a node; empty where the driver's own choice is kept.
[[nodiscard]] std::string tuning_of_ports(const TuningProfile& tuning);

inline constexpr std::string_view tuning_path = "/etc/bedplate/tuning.json";

/// Schema bedplate/tuning/v1: the values by name, and which of them are required.
[[nodiscard]] Json tuning_document(const std::vector<TuningValue>& values);
/// Errors: tuning.file. A name that this version does not know is kept: the document is the node's.
[[nodiscard]] Result<std::vector<TuningValue>> tuning_from_document(const Json& document);

}  // namespace bedplate
