// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/tree_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <format>

#include "execute/beneath.hpp"
#include "execute/output_file.hpp"

namespace bedplate {
namespace {

// While the tree is written a directory belongs to the writer alone and hands nothing down (a set-group-id
// bit or a default access control list would change the new files); finish() gives it what the entry says.
constexpr mode_t working_mode = 0700;

Result<void> take_over_directory(int parent, const std::string& path) {
    const Descriptor directory(
        ::openat(parent, name_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.is_open() || ::fchmod(directory.get(), working_mode) != 0) {
        return entry_failed("take over", path);
    }
    if (::fremovexattr(directory.get(), "system.posix_acl_default") != 0 && errno != ENODATA &&
        errno != EOPNOTSUPP) {
        return entry_failed("take over", path);
    }
    return {};
}

}  // namespace

TreeWriter::TreeWriter(Options options) : shared_(std::make_unique<Shared>()) {
    shared_->options = std::move(options);
}

TreeWriter::~TreeWriter() = default;

Result<std::unique_ptr<TreeWriter>> TreeWriter::open(const std::filesystem::path& root, Options options) {
    std::unique_ptr<TreeWriter> writer(new TreeWriter(std::move(options)));
    writer->shared_->root = Descriptor(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!writer->shared_->root.is_open()) {
        return fail_errno("extract.write", "open", root.string(), errno);
    }
    for (unsigned i = 0; i < std::max(1U, writer->shared_->options.threads); ++i) {
        writer->workers_.push_back(std::make_unique<Worker>(*writer->shared_));
    }
    return writer;
}

Result<void> TreeWriter::failure() const {
    if (!shared_->failed) {
        return {};
    }
    const std::scoped_lock lock(shared_->mutex);
    return std::unexpected(*shared_->error);
}

TreeWriter::Worker& TreeWriter::least_busy() {
    return **std::ranges::min_element(workers_, {}, [](const auto& worker) { return worker->load(); });
}

Result<void> TreeWriter::drain() {
    for (const auto& worker : workers_) {
        worker->wait_until_idle();
    }
    BEDPLATE_TRY(failure());
    return make_links();
}

Result<void> TreeWriter::announce(const std::string& path) {
    BEDPLATE_TRY(failure());
    if (path.empty()) {
        return fail("extract.path", "the root of the tree can only be a directory");
    }
    // A later entry of the same name replaces the earlier one, which may still be on its way.
    return seen_.insert(path).second ? Result<void>{} : drain();
}

Result<int> TreeWriter::parent_of(const std::string& path) {
    std::string parent = parent_path_of(path);
    if (parent_.is_open() && parent == parent_path_) {
        return parent_.get();
    }
    Descriptor opened(try_open_beneath(shared_->root.get(), parent, O_PATH | O_DIRECTORY, 0));
    if (!opened.is_open() && errno == ENOENT) {
        BEDPLATE_TRY(make_directories_beneath(shared_->root.get(), parent));
        opened = Descriptor(try_open_beneath(shared_->root.get(), parent, O_PATH | O_DIRECTORY, 0));
    }
    if (!opened.is_open()) {
        return entry_failed("open the directory of", path);
    }
    parent_ = std::move(opened);
    parent_path_ = std::move(parent);
    return parent_.get();
}

Result<void> TreeWriter::directory(const std::string& path, EntryMetadata metadata) {
    BEDPLATE_TRY(failure());
    if (!path.empty()) {
        if (!seen_.insert(path).second && !directories_.contains(path)) {
            BEDPLATE_TRY(drain());
        }
        BEDPLATE_ASSIGN(const int parent, parent_of(path));
        const std::string name = name_of(path);
        struct stat there{};
        const bool exists = ::fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
        if (exists && !S_ISDIR(there.st_mode) && ::unlinkat(parent, name.c_str(), 0) != 0) {
            return entry_failed("replace", path);
        }
        if (exists && S_ISDIR(there.st_mode)) {
            BEDPLATE_TRY(take_over_directory(parent, path));
        } else if (::mkdirat(parent, name.c_str(), working_mode) != 0) {
            return entry_failed("make directory", path);
        }
    }
    directories_.insert_or_assign(path, std::move(metadata));
    return {};
}

Result<void> TreeWriter::symbolic_link(const std::string& path, const std::string& target,
                                       const EntryMetadata& metadata) {
    BEDPLATE_TRY(announce(path));
    BEDPLATE_ASSIGN(const int parent, parent_of(path));
    const std::string name = name_of(path);
    if (::symlinkat(target.c_str(), parent, name.c_str()) != 0) {
        if (errno != EEXIST || ::unlinkat(parent, name.c_str(), 0) != 0 ||
            ::symlinkat(target.c_str(), parent, name.c_str()) != 0) {
            return entry_failed("make symbolic link", path);
        }
    }
    return apply_metadata_at(parent, name, metadata, /*is_link=*/true, path);
}

Result<void> TreeWriter::special(const std::string& path, mode_t type, dev_t device,
                                 const EntryMetadata& metadata) {
    BEDPLATE_TRY(announce(path));
    if (type != S_IFIFO && ::geteuid() != 0) {
        return {};
    }
    BEDPLATE_ASSIGN(const int parent, parent_of(path));
    const std::string name = name_of(path);
    if (::unlinkat(parent, name.c_str(), 0) != 0 && errno != ENOENT) {
        return entry_failed("replace", path);
    }
    if (::mknodat(parent, name.c_str(), type | metadata.permissions, device) != 0) {
        return entry_failed("make device", path);
    }
    return apply_metadata_at(parent, name, metadata, /*is_link=*/false, path);
}

// Links are made when the file they lead to is complete: at the next drain, at the latest at the end.
Result<void> TreeWriter::hard_link(const std::string& path, const std::string& target) {
    BEDPLATE_TRY(announce(path));
    links_.push_back({.path = path, .target = target});
    return {};
}

Result<void> TreeWriter::make_links() {
    for (const Link& link : links_) {
        BEDPLATE_ASSIGN(const Descriptor from,
                        open_beneath(shared_->root.get(), parent_path_of(link.target), O_PATH | O_DIRECTORY));
        BEDPLATE_ASSIGN(const int parent, parent_of(link.path));
        const std::string name = name_of(link.path);
        if (::unlinkat(parent, name.c_str(), 0) != 0 && errno != ENOENT) {
            return entry_failed("replace", link.path);
        }
        if (::linkat(from.get(), name_of(link.target).c_str(), parent, name.c_str(), 0) != 0) {
            return entry_failed(std::format("link {} to", link.target), link.path);
        }
    }
    links_.clear();
    return {};
}

Result<void> TreeWriter::begin_file(const std::string& path, Bytes size, EntryMetadata metadata) {
    BEDPLATE_TRY(announce(path));
    const bool wants_digest = shared_->options.digests.contains(path);
    current_ = std::make_shared<OutputFile>(path, size, std::move(metadata), wants_digest);
    begun_ = false;
    return {};
}

void TreeWriter::add_piece(FilePiece piece) {
    pieces_.push_back(std::move(piece));
}

// All jobs of one file go to the same thread; a file that is complete in one job goes to whoever is least
// busy.
void TreeWriter::pass_on() {
    if (!current_ || pieces_.empty()) {
        return;
    }
    if (!begun_) {
        current_worker_ = &least_busy();
        begun_ = true;
    }
    current_worker_->push({.file = current_, .pieces = std::exchange(pieces_, {}), .last = false});
}

Result<void> TreeWriter::end_file() {
    Worker& worker = begun_ ? *current_worker_ : least_busy();
    worker.push(
        {.file = std::exchange(current_, nullptr), .pieces = std::exchange(pieces_, {}), .last = true});
    return failure();
}

Result<void> TreeWriter::finish() {
    BEDPLATE_TRY(drain());
    std::vector<std::string> paths;
    for (const auto& [path, metadata] : directories_) {
        paths.push_back(path);
    }
    std::ranges::sort(paths, std::greater{});
    for (const std::string& path : paths) {
        BEDPLATE_ASSIGN(const Descriptor directory,
                        open_beneath(shared_->root.get(), path, O_RDONLY | O_DIRECTORY));
        BEDPLATE_TRY(apply_metadata(directory.get(), directories_.at(path), /*inherited=*/false, path));
    }
    return {};
}

const std::map<std::string, std::string>& TreeWriter::digests() const {
    return shared_->digests;
}

}  // namespace bedplate
