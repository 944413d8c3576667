// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/cancel.hpp"

#include "base/text.hpp"

namespace bedplate {
namespace {

Result<void> going_on(const CancelToken& token) {
    return token.cancelled() ? fail("execute.cancelled", "the installation was given up already")
                             : Result<void>{};
}

class CancelableDevice : public BlockDevice {
public:
    CancelableDevice(std::unique_ptr<BlockDevice> real, const CancelToken& token)
        : real_(std::move(real)), token_(token) {}
    Bytes size() const override { return real_->size(); }
    Bytes logical_block_size() const override { return real_->logical_block_size(); }
    Result<void> read(Bytes offset, std::span<std::byte> data) override { return real_->read(offset, data); }
    Result<void> write(Bytes offset, std::span<const std::byte> data) override {
        BEDPLATE_TRY(going_on(token_));
        return real_->write(offset, data);
    }
    Result<void> flush() override { return real_->flush(); }
    Result<void> discard(Bytes offset, Bytes size) override {
        BEDPLATE_TRY(going_on(token_));
        return real_->discard(offset, size);
    }

private:
    std::unique_ptr<BlockDevice> real_;
    const CancelToken& token_;
};

}  // namespace

Result<CommandResult> CancelableCommands::run(const Command& command) {
    BEDPLATE_TRY(going_on(token_));
    const std::string line = quote_command(command.argv);
    {
        const std::scoped_lock lock(mutex_);
        running_.insert(line);
    }
    auto result = real_.run(command);
    const std::scoped_lock lock(mutex_);
    running_.erase(running_.find(line));
    return result;
}

std::vector<std::string> CancelableCommands::running() const {
    const std::scoped_lock lock(mutex_);
    return {running_.begin(), running_.end()};
}

Result<std::unique_ptr<BlockDevice>> CancelableBlocks::open(const std::filesystem::path& path,
                                                            BlockAccess access) {
    BEDPLATE_TRY(going_on(token_));
    BEDPLATE_ASSIGN(auto device, real_.open(path, access));
    return std::make_unique<CancelableDevice>(std::move(device), token_);
}

Result<std::unique_ptr<DiskLock>> CancelableBlocks::lock(const std::filesystem::path& path) {
    BEDPLATE_TRY(going_on(token_));
    return real_.lock(path);
}

Result<void> CancelableBlocks::wait_for(const std::filesystem::path& path) {
    BEDPLATE_TRY(going_on(token_));
    return real_.wait_for(path);
}

}  // namespace bedplate
