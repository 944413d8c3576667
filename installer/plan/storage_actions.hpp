// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/action_list.hpp"
#include "plan/storage.hpp"

namespace bedplate {

/// What later stages wait for.
struct StorageIds {
    ActionIds tables;                                         ///< one per disk of the system
    std::string swap;                                         ///< empty where there is none
    std::vector<std::pair<std::string, std::string>> mounts;  ///< path, id
    ActionIds others;                                         ///< that nothing in these stages waits for
};

/// Partition tables, arrays, encryption, volumes, file systems and mounts of the system, and the fast tier.
/// `verified`: the id that everything waits for.
[[nodiscard]] StorageIds add_storage_actions(const StoragePlan& storage, const std::string& verified,
                                             ActionList& actions);

}  // namespace bedplate
