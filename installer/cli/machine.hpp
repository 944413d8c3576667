// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "platform/linux/linux.hpp"

namespace bedplate::cli {

/// This machine; servers are believed as the kernel's command line says.
class Machine {
public:
    Machine();
    [[nodiscard]] Platform& platform() { return real_.get(); }

private:
    RealPlatform real_;
};

/// Read an inventory file (schema bedplate/inventory/v1).
[[nodiscard]] Result<Inventory> read_inventory(const FileSystem& files, const std::filesystem::path& path);

/// Where hardware profiles are: `given`, else $BEDPLATE_PROFILES, else those that are installed with the
/// command.
[[nodiscard]] std::vector<std::filesystem::path> profile_places(const std::string& given);

}  // namespace bedplate::cli
