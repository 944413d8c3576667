// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// An open block device (or a sparse file that stands for one).
class BlockDevice {
public:
    BlockDevice() = default;
    BlockDevice(const BlockDevice&) = delete;
    BlockDevice& operator=(const BlockDevice&) = delete;
    virtual ~BlockDevice() = default;

    [[nodiscard]] virtual Bytes size() const = 0;
    [[nodiscard]] virtual Bytes logical_block_size() const = 0;
    /// Exactly data.size() bytes at `offset`. Errors: block.read, block.short-read.
    [[nodiscard]] virtual Result<void> read(Bytes offset, std::span<std::byte> data) = 0;
    /// Errors: block.write, block.read-only.
    [[nodiscard]] virtual Result<void> write(Bytes offset, std::span<const std::byte> data) = 0;
    /// Everything written so far is on stable storage when this returns. Errors: block.flush.
    [[nodiscard]] virtual Result<void> flush() = 0;
};

enum class BlockAccess { read, write };

/// Opens block devices by path. Who may be opened for writing is decided above: see execute/target_disks.hpp.
class BlockDevices {
public:
    BlockDevices() = default;
    BlockDevices(const BlockDevices&) = delete;
    BlockDevices& operator=(const BlockDevices&) = delete;
    virtual ~BlockDevices() = default;

    /// With BlockAccess::write the device is opened O_EXCL, which the kernel refuses while anything holds it.
    /// Errors: block.open, block.busy.
    [[nodiscard]] virtual Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path,
                                                                    BlockAccess access) = 0;
    /// Wait until the device node is there (udev has finished with it). Errors: block.timeout.
    [[nodiscard]] virtual Result<void> wait_for(const std::filesystem::path& path) = 0;
};

}  // namespace bedplate
