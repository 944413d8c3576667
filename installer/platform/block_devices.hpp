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
    /// Tell the device that nobody needs these bytes any more; what they read as afterwards is undefined. A
    /// device that has no use for this does nothing. Errors: block.discard.
    [[nodiscard]] virtual Result<void> discard(Bytes offset, Bytes size) = 0;
};

/// `write` is exclusive: the kernel refuses it while anything holds the device, and nobody else can hold it
/// then. `write_shared` is for a block that belongs to nothing else on a disk in use.
enum class BlockAccess { read, write, write_shared };

/// A lock on a whole disk, held until this is destroyed.
class DiskLock {
public:
    DiskLock() = default;
    DiskLock(const DiskLock&) = delete;
    DiskLock& operator=(const DiskLock&) = delete;
    virtual ~DiskLock() = default;
};

/// Opens block devices by path. Who may be opened for writing is decided above: see execute/target_disks.hpp.
class BlockDevices {
public:
    BlockDevices() = default;
    BlockDevices(const BlockDevices&) = delete;
    BlockDevices& operator=(const BlockDevices&) = delete;
    virtual ~BlockDevices() = default;

    /// With BlockAccess::write the device is opened O_EXCL, which the kernel refuses while anything holds it,
    /// and the whole disk is locked as long as it is open. No call on a device waits for ever: one that does
    /// not answer is an error. Errors: block.open, block.busy, block.locked, block.hung.
    [[nodiscard]] virtual Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path,
                                                                    BlockAccess access) = 0;
    /// Lock the whole disk on which `path` lies as systemd's "Locking Block Device Access" asks for: udev
    /// lets the disk and its partitions alone until the lock is gone. Whoever waits for a device node must
    /// not hold it. Not to be taken twice at a time, nor while the disk is open for writing. Errors:
    /// block.locked (somebody else has it), block.open, block.hung.
    [[nodiscard]] virtual Result<std::unique_ptr<DiskLock>> lock(const std::filesystem::path& path) = 0;
    /// Wait until the device node is there (udev has finished with it). Errors: block.timeout.
    [[nodiscard]] virtual Result<void> wait_for(const std::filesystem::path& path) = 0;
};

}  // namespace bedplate
