// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "platform/block_devices.hpp"
#include "platform/command_runner.hpp"

namespace bedplate {

/// Once an installation is given up because a disk does not answer, threads may still be stuck on that disk.
/// If it comes back they must not go on working: everything they ask for then is an error, execute.cancelled.
class CancelToken {
public:
    CancelToken() : owner_(std::this_thread::get_id()) {}
    void cancel() { cancelled_ = true; }
    /// Never for the thread that made the token, which cleans up.
    [[nodiscard]] bool cancelled() const { return cancelled_ && std::this_thread::get_id() != owner_; }

private:
    std::thread::id owner_;
    std::atomic<bool> cancelled_ = false;
};

/// Runs commands until cancelled, and knows which ones run.
class CancelableCommands : public CommandRunner {
public:
    CancelableCommands(CommandRunner& real, const CancelToken& token) : real_(real), token_(token) {}
    Result<CommandResult> run(const Command& command) override;
    [[nodiscard]] std::vector<std::string> running() const;

private:
    CommandRunner& real_;
    const CancelToken& token_;
    mutable std::mutex mutex_;
    std::multiset<std::string> running_;
};

/// Opens devices until cancelled; what was opened before stops to work as well.
class CancelableBlocks : public BlockDevices {
public:
    CancelableBlocks(BlockDevices& real, const CancelToken& token) : real_(real), token_(token) {}
    Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path, BlockAccess access) override;
    Result<std::unique_ptr<DiskLock>> lock(const std::filesystem::path& path) override;
    Result<void> wait_for(const std::filesystem::path& path) override;

private:
    BlockDevices& real_;
    const CancelToken& token_;
};

}  // namespace bedplate
