// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/output_file.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "execute/beneath.hpp"

namespace bedplate {
namespace {

// Cost of a file beside its bytes, for spreading files over the threads: creating one takes about as long as
// writing 16 KiB.
constexpr std::size_t file_cost = std::size_t{16} << 10U;

// A file in the way is removed, also when it is a symbolic link: nothing is ever written through it.
Result<void> remove_in_the_way(int root, const std::string& path) {
    BEDPLATE_ASSIGN(const Descriptor parent, open_beneath(root, parent_path_of(path), O_PATH | O_DIRECTORY));
    if (::unlinkat(parent.get(), name_of(path).c_str(), 0) != 0 && errno != ENOENT) {
        return entry_failed("replace", path);
    }
    return {};
}

}  // namespace

void TreeWriter::Shared::set_error(Error failure) {
    const std::scoped_lock lock(mutex);
    if (!error) {
        error = std::move(failure);
    }
    failed = true;
}

TreeWriter::OutputFile::OutputFile(std::string path, Bytes size, EntryMetadata metadata, bool wants_digest)
    : path_(std::move(path)), size_(size), metadata_(std::move(metadata)) {
    if (wants_digest) {
        digest_.emplace();
    }
}

Result<void> TreeWriter::OutputFile::create(int root, bool clear_umask) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const mode_t mode = metadata_.permissions & 0777U;
    descriptor_ = Descriptor(try_open_beneath(root, path_, flags, mode));
    if (!descriptor_.is_open() && errno == ENOENT) {
        BEDPLATE_TRY(make_directories_beneath(root, parent_path_of(path_)));
        descriptor_ = Descriptor(try_open_beneath(root, path_, flags, mode));
    }
    if (!descriptor_.is_open() && errno == EEXIST) {
        BEDPLATE_TRY(remove_in_the_way(root, path_));
        descriptor_ = Descriptor(try_open_beneath(root, path_, flags, mode));
    }
    if (!descriptor_.is_open()) {
        return entry_failed("create", path_);
    }
    inherited_ = clear_umask && metadata_.uid == 0 && metadata_.gid == 0;
    return {};
}

Result<void> TreeWriter::OutputFile::write(const FilePiece& piece) {
    const std::byte* data = piece.bytes.data();
    std::size_t left = piece.bytes.size();
    auto offset = static_cast<off_t>(piece.offset.value);
    if (digest_) {
        digest_hole(piece.offset);
        digest_->update(piece.bytes);
    }
    while (left > 0) {
        const ssize_t written = ::pwrite(descriptor_.get(), data, left, offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return entry_failed("write", path_);
        }
        data += written;
        offset += written;
        left -= static_cast<std::size_t>(written);
    }
    position_ = piece.offset + Bytes{piece.bytes.size()};
    return {};
}

void TreeWriter::OutputFile::digest_hole(Bytes until) {
    static constexpr std::array<std::byte, 4096> zeros{};
    while (position_ < until) {
        const std::size_t length = std::min<std::size_t>(zeros.size(), (until - position_).value);
        digest_->update(std::span(zeros).first(length));
        position_ += Bytes{length};
    }
}

Result<std::optional<std::string>> TreeWriter::OutputFile::close() {
    if (position_ < size_) {
        if (::ftruncate(descriptor_.get(), static_cast<off_t>(size_.value)) != 0) {
            return entry_failed("extend", path_);
        }
        if (digest_) {
            digest_hole(size_);
        }
    }
    BEDPLATE_TRY(apply_metadata(descriptor_.get(), metadata_, inherited_, path_));
    descriptor_.close();
    return digest_ ? std::optional(digest_->finish()) : std::nullopt;
}

void TreeWriter::Worker::push(Job job) {
    std::size_t cost = file_cost;
    for (const FilePiece& piece : job.pieces) {
        cost += piece.bytes.size();
    }
    load_ += cost;
    {
        const std::scoped_lock lock(mutex_);
        queue_.push_back(std::move(job));
    }
    changed_.notify_all();
}

void TreeWriter::Worker::wait_until_idle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.empty() && !busy_; });
}

Result<void> TreeWriter::Worker::carry_out(Job& job) {
    if (!job.file->created()) {
        BEDPLATE_TRY(job.file->create(shared_.root.get(), clear_umask_));
    }
    for (const FilePiece& piece : job.pieces) {
        BEDPLATE_TRY(job.file->write(piece));
    }
    if (job.last) {
        BEDPLATE_ASSIGN(const auto digest, job.file->close());
        if (digest) {
            const std::scoped_lock lock(shared_.mutex);
            shared_.digests[job.file->path()] = *digest;
        }
    }
    return {};
}

void TreeWriter::Worker::work(const std::stop_token& stop) {
    // A umask of this thread alone saves one fchmod(2) a file. Where that is not allowed the chmod is made.
    clear_umask_ = ::unshare(CLONE_FS) == 0;
    if (clear_umask_) {
        ::umask(0);
    }
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !queue_.empty(); })) {
        std::deque<Job> jobs;
        jobs.swap(queue_);
        busy_ = true;
        lock.unlock();
        for (Job& job : jobs) {
            std::size_t cost = file_cost;
            for (const FilePiece& piece : job.pieces) {
                cost += piece.bytes.size();
            }
            if (!shared_.failed) {
                if (auto done = carry_out(job); !done) {
                    shared_.set_error(std::move(done).error());
                }
            }
            job.pieces.clear();
            load_ -= cost;
        }
        jobs.clear();
        lock.lock();
        busy_ = false;
        changed_.notify_all();
    }
}

}  // namespace bedplate
