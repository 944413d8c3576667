// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.hpp"
#include "execute/tree_writer.hpp"

namespace bedplate {

/// What the threads of one TreeWriter have in common.
struct TreeWriter::Shared {
    Options options;
    Descriptor root;
    std::atomic<bool> failed = false;
    std::mutex mutex;  ///< for the members below
    std::optional<Error> error;
    std::map<std::string, std::string> digests;

    void set_error(Error failure);
};

/// A regular file while it is written; used by one worker only.
class TreeWriter::OutputFile {
public:
    OutputFile(std::string path, Bytes size, EntryMetadata metadata, bool wants_digest);

    /// `clear_umask`: the thread's umask is 0, so that open(2) sets the permissions exactly.
    [[nodiscard]] Result<void> create(int root, bool clear_umask);
    [[nodiscard]] bool created() const { return descriptor_.is_open(); }
    [[nodiscard]] Result<void> write(const FilePiece& piece);
    /// Sets size and metadata and closes the file. Gives the digest if it was wanted.
    [[nodiscard]] Result<std::optional<std::string>> close();
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    void digest_hole(Bytes until);

    std::string path_;
    Bytes size_;
    EntryMetadata metadata_;
    std::optional<Sha256> digest_;
    Bytes position_{0};  ///< end of the last piece
    Descriptor descriptor_;
    bool inherited_ = false;  ///< owner and permissions came out right by themselves
};

/// One writing thread with its queue.
class TreeWriter::Worker {
public:
    struct Job {
        std::shared_ptr<OutputFile> file;
        std::vector<FilePiece> pieces;
        bool last = false;  ///< nothing follows for this file
    };

    explicit Worker(Shared& shared)
        : shared_(shared), thread_([this](const std::stop_token& stop) { work(stop); }) {}
    void push(Job job);
    void wait_until_idle();
    [[nodiscard]] std::size_t load() const { return load_; }

private:
    void work(const std::stop_token& stop);
    [[nodiscard]] Result<void> carry_out(Job& job);

    Shared& shared_;
    bool clear_umask_ = false;
    std::atomic<std::size_t> load_ = 0;  ///< bytes and jobs that wait
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Job> queue_;
    bool busy_ = false;
    std::jthread thread_;
};

}  // namespace bedplate
