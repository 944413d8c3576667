// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::image {

/// One file of a tree that is put together in memory.
struct TreeNode {
    enum class Kind { directory, file, symlink } kind = Kind::file;
    std::uint32_t mode = 0644;  ///< permission bits with set-id bits
    std::uint32_t uid = 0, gid = 0;
    /// Seconds since 1970; what we make ourselves has no time of its own and gets the archive's newest.
    std::int64_t mtime = std::numeric_limits<std::int64_t>::max();
    std::string content = {};  ///< of a file; the target of a symlink
};

/// Paths without leading slash, in byte order: the order in which everything is written, which makes archives
/// reproducible.
using Tree = std::map<std::string, TreeNode>;

/// Put a node in, with its parent directories (0755) where they are missing.
void put(Tree& tree, const std::string& path, TreeNode node);
inline void put_file(Tree& tree, const std::string& path, std::string content, std::uint32_t mode = 0644) {
    put(tree, path, {.kind = TreeNode::Kind::file, .mode = mode, .content = std::move(content)});
}
inline void put_link(Tree& tree, const std::string& path, std::string target) {
    put(tree, path, {.kind = TreeNode::Kind::symlink, .mode = 0777, .content = std::move(target)});
}

/// Which entries of an archive are wanted, by path without leading "./"; asked before contents are read.
using PathFilter = std::function<bool(std::string_view path)>;

/// Where a tar archive ends and how much is in it.
struct TarFacts {
    Bytes end;  ///< offset of the end-of-archive marker: the bytes before it are entries only
    std::uint64_t entries = 0;
    Bytes content;  ///< sum of file sizes
};

/// Read the wanted entries of a tar archive (compressed or not) into a tree; hard links become files of their
/// own, device nodes are left out. Errors: archive.read.
[[nodiscard]] Result<TarFacts> read_tar(const std::filesystem::path& archive, const PathFilter& wanted,
                                        Tree& tree);

/// The files below a directory, owned by root and without times of their own. Errors: file.read.
[[nodiscard]] Result<void> read_directory(const std::filesystem::path& directory, Tree& tree);

/// The same for files of the source tree, whose permissions depend on who checked them out: 0755 where the
/// owner may execute, else 0644.
[[nodiscard]] Result<void> read_source_files(const std::filesystem::path& directory, Tree& tree);

/// The tree as a pax tar without the end-of-archive marker, so that it can be continued. Modification times
/// later than `newest` become `newest`. Errors: archive.write.
[[nodiscard]] Result<std::string> to_tar(const Tree& tree, std::uint64_t newest);

/// The tree as a cpio archive (newc, with trailer), padded to 4 bytes, as the kernel unpacks it. Times as
/// above.
[[nodiscard]] Result<std::string> to_cpio(const Tree& tree, std::uint64_t newest);

/// The files of a cpio archive that may be followed by zero bytes. Errors: archive.read.
[[nodiscard]] Result<Tree> read_cpio(std::string_view archive);

/// The wanted entries of the first cpio archive in an initramfs, however it is compressed. Errors:
/// archive.read.
[[nodiscard]] Result<Tree> read_initramfs(std::string_view initramfs, const PathFilter& wanted);

/// A file that was compressed by itself, such as a kernel's module (.ko.xz), as it was before; one that was
/// not comes back as it is. Errors: archive.read.
[[nodiscard]] Result<std::string> uncompressed(std::string_view data, const std::string& name);

/// Write the tree's files below a directory that exists. Errors: file.write.
[[nodiscard]] Result<void> write_directory(const Tree& tree, const std::filesystem::path& directory);

}  // namespace bedplate::image
