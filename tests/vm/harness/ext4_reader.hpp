// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::vm {

/// What a path is: "d", "f <sha256>", "l <target>" or "s" (device, socket, pipe).
using FileTree = std::map<std::string, std::string>;

/// Reads an ext4 file system inside a disk image, without mounting it: what mkfs.ext4 of Debian 13 makes
/// (extents, 64-bit, no inline data, no encryption). The layout is Documentation/filesystems/ext4 of the
/// kernel.
class Ext4Reader {
public:
    /// `file` is an open image that outlives the reader, `offset` where the file system begins. Errors:
    /// ext4.format (no ext4, features that are not understood, a journal that was not replayed).
    [[nodiscard]] static Result<Ext4Reader> open(int file, Bytes offset);

    /// Everything in it, by path without a leading slash. Errors: ext4.format.
    [[nodiscard]] Result<FileTree> read_all() const;

private:
    struct Inode {
        std::uint16_t mode = 0;
        std::uint64_t size = 0;
        std::uint32_t flags = 0;
        std::string block;  ///< the 60 bytes of i_block
    };
    struct Extent {
        std::uint64_t logical = 0, length = 0, physical = 0;
        bool written = true;
    };
    Ext4Reader(int file, Bytes offset) : file_(file), offset_(offset.value) {}
    [[nodiscard]] Result<void> read_super_block();
    [[nodiscard]] Result<std::string> bytes(std::uint64_t at, std::size_t size) const;
    [[nodiscard]] Result<Inode> inode(std::uint64_t number) const;
    [[nodiscard]] Result<void> collect(const std::string& node, std::vector<Extent>& extents,
                                       int depth) const;
    [[nodiscard]] Result<void> content(const Inode& inode,
                                       const std::function<void(std::string_view piece)>& use) const;
    [[nodiscard]] Result<std::string> describe(const Inode& inode) const;
    [[nodiscard]] Result<void> walk(std::uint64_t number, const std::string& path, FileTree& tree,
                                    int depth) const;

    int file_;
    std::uint64_t offset_, block_size_ = 0, inodes_per_group_ = 0, inode_size_ = 0, first_block_ = 0,
                           descriptor_size_ = 32;
};

}  // namespace bedplate::vm
