// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "platform/platform.hpp"

namespace bedplate::cli {

/// The real platform, with its parts alive as long as this object.
class Machine {
public:
    Machine();
    [[nodiscard]] Platform& platform() { return platform_; }

private:
    std::unique_ptr<CommandRunner> commands_;
    std::unique_ptr<FileSystem> files_;
    std::unique_ptr<BlockDevices> blocks_;
    std::unique_ptr<Clock> clock_;
    std::unique_ptr<Http> http_;
    Platform platform_;
};

/// Read an inventory file (schema bedplate/inventory/v1).
[[nodiscard]] Result<Inventory> read_inventory(const FileSystem& files, const std::filesystem::path& path);

/// Where hardware profiles are: `given`, else $BEDPLATE_PROFILES, else those that are installed with the
/// command.
[[nodiscard]] std::vector<std::filesystem::path> profile_places(const std::string& given);

}  // namespace bedplate::cli
