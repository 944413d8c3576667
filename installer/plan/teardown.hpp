// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/plan.hpp"

namespace bedplate {

/// A disk that is to be blank before it gets its new use.
struct ErasedDisk {
    const Disk* disk = nullptr;
    DiskIdentity identity;
    std::string label;  ///< its part in the ids of actions: "" for the first system disk, ".DATA1"
};

/// Take everything on `disks` apart, what stands on top first, and erase them: actions of the teardown stage,
/// in no particular order, of which the last for each disk is "teardown.wipe<label>". Those that wait for
/// nothing else wait for `first`. What is known to be off is not switched off; what is not known is. Errors:
/// disk.shared: something on one of the disks has a part on another that is not to be erased.
[[nodiscard]] Result<std::vector<Action>> tear_down(const Inventory& inventory,
                                                    const std::vector<ErasedDisk>& disks,
                                                    const std::string& first);

/// What is done with a holder of a disk that is erased: "switched off, then erased".
[[nodiscard]] std::string_view fate_in_teardown(const Holder& holder);

}  // namespace bedplate
