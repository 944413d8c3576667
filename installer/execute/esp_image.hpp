// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "platform/block_devices.hpp"
#include "platform/command_runner.hpp"

namespace bedplate {

struct EspContents {
    Bytes size, logical_block_size;
    std::uint32_t volume_id = 0;
    std::map<std::string, std::filesystem::path> copies;  ///< path on the ESP -> file to copy
    std::map<std::string, std::string> texts;             ///< path on the ESP -> text
    std::uint64_t timestamp = 0;  ///< seconds since 1970: the same contents, the same bytes
};

/// A FAT32 file system in a sparse file, put together by mkfs.vfat and mtools without being mounted.
/// The file is removed with the object.
class EspImage {
public:
    /// Errors: esp.too-small (FAT32 needs 65525 clusters: 33 MiB with 512-byte blocks, 260 MiB with 4 KiB),
    /// command.*, esp.image.
    [[nodiscard]] static Result<std::unique_ptr<EspImage>> build(CommandRunner& commands,
                                                                 const std::filesystem::path& work,
                                                                 const EspContents& contents);
    ~EspImage();
    EspImage(const EspImage&) = delete;
    EspImage& operator=(const EspImage&) = delete;

    /// The first logical block: the boot sector, without which nobody sees a file system.
    [[nodiscard]] const std::vector<std::byte>& first_block() const { return first_block_; }

    /// Write the data of the image to a partition. The partition's first block is zeroed and flushed before
    /// anything else; with `withhold` it stays so, else the image's own is written last.
    [[nodiscard]] Result<void> write_to(BlockDevice& partition, bool withhold) const;
    /// The partition holds the image's data, apart from its first block.
    [[nodiscard]] Result<bool> equals(BlockDevice& partition) const;

private:
    struct Extent {
        Bytes offset, size;
    };
    EspImage(std::filesystem::path path, Bytes block) : path_(std::move(path)), block_(block) {}
    [[nodiscard]] Result<void> load();
    [[nodiscard]] Result<std::vector<std::byte>> read(Bytes offset, Bytes size) const;

    std::filesystem::path path_;
    Bytes block_;
    std::vector<std::byte> first_block_;
    std::vector<Extent> extents_;  ///< with data, without the first block, in pieces of at most 1 MiB
};

/// Sectors per cluster, the largest up to 4 KiB clusters with which the file system still is FAT32; 0: too
/// small.
[[nodiscard]] unsigned sectors_per_cluster(Bytes size, Bytes logical_block_size);

}  // namespace bedplate
