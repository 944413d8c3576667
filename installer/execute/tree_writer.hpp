// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "execute/entry_metadata.hpp"
#include "platform/descriptor.hpp"

namespace bedplate {

/// Bytes of a file that somebody keeps alive until they are written.
struct FilePiece {
    Bytes offset;  ///< in the file
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
};

/// Writes a tree of files below one directory, the contents of regular files on threads of its own.
///
/// Every path is relative and is resolved by the kernel beneath the root without following symbolic links
/// (openat2(2), RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), so that no entry can reach outside. What is there
/// already is replaced, directories are kept. Errors of the writing threads come out of a later call, at the
/// latest of finish(). Errors: extract.path, extract.symlink-parent, extract.write, extract.metadata.
class TreeWriter {
public:
    struct Options {
        unsigned threads = 1;
        std::set<std::string> digests;  ///< relative paths of regular files whose SHA-256 is wanted
    };

    [[nodiscard]] static Result<std::unique_ptr<TreeWriter>> open(const std::filesystem::path& root,
                                                                  Options options);
    ~TreeWriter();
    TreeWriter(const TreeWriter&) = delete;
    TreeWriter& operator=(const TreeWriter&) = delete;

    [[nodiscard]] Result<void> directory(const std::string& path, EntryMetadata metadata);
    [[nodiscard]] Result<void> symbolic_link(const std::string& path, const std::string& target,
                                             const EntryMetadata& metadata);
    /// `target` is the path of an entry written before.
    [[nodiscard]] Result<void> hard_link(const std::string& path, const std::string& target);
    /// A device node or a FIFO. `type` is S_IFCHR, S_IFBLK or S_IFIFO. Devices are left out where the process
    /// is not root.
    [[nodiscard]] Result<void> special(const std::string& path, mode_t type, dev_t device,
                                       const EntryMetadata& metadata);

    /// Begin a regular file of `size` bytes; pieces follow in ascending order, gaps become holes.
    [[nodiscard]] Result<void> begin_file(const std::string& path, Bytes size, EntryMetadata metadata);
    void add_piece(FilePiece piece);
    [[nodiscard]] Result<void> end_file();
    /// Hand the pieces so far to the writing thread, so that their owners come free.
    void pass_on();

    /// Wait for everything, then set the metadata of the directories (from the leaves up).
    [[nodiscard]] Result<void> finish();

    /// SHA-256 of the files that were asked for; after finish().
    [[nodiscard]] const std::map<std::string, std::string>& digests() const;

private:
    class OutputFile;
    class Worker;
    struct Shared;
    struct Link {
        std::string path, target;
    };

    explicit TreeWriter(Options options);
    [[nodiscard]] Result<void> failure() const;
    /// Everything handed out so far is on its file, hard links included.
    [[nodiscard]] Result<void> drain();
    /// Prepare for an entry at `path`: when it replaces an earlier one, that one is finished first.
    [[nodiscard]] Result<void> announce(const std::string& path);
    /// The directory that holds `path`, opened; its missing parts are made.
    [[nodiscard]] Result<int> parent_of(const std::string& path);
    [[nodiscard]] Result<void> make_links();
    Worker& least_busy();

    std::unique_ptr<Shared> shared_;
    std::vector<std::unique_ptr<Worker>> workers_;
    Worker* current_worker_ = nullptr;
    std::shared_ptr<OutputFile> current_;
    std::vector<FilePiece> pieces_;
    bool begun_ = false;  ///< the worker knows of current_
    std::unordered_set<std::string> seen_;
    std::unordered_map<std::string, EntryMetadata> directories_;
    std::vector<Link> links_;
    std::string parent_path_;
    Descriptor parent_;
};

}  // namespace bedplate
