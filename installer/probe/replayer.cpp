// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "probe/read_only_files.hpp"
#include "probe/recorder.hpp"

namespace bedplate {
namespace {

class Commands : public CommandRunner {
public:
    explicit Commands(const Recording& recording) : recording_(recording) {}

    Result<CommandResult> run(const Command& command) override {
        const std::string line = quote_command(command.argv);
        const auto found = recording_.commands.find(line);
        if (found == recording_.commands.end()) {
            return fail("recording.command", "the command is not in the recording", line);
        }
        const RecordedCommand& recorded = found->second;
        if (!recorded.error.empty()) {
            return fail(recorded.error, "as recorded", line);
        }
        return CommandResult{
            .exit_status = recorded.status, .out = recorded.out, .err = recorded.err, .duration = {}};
    }

private:
    const Recording& recording_;
};

class Files : public ReadOnlyFiles {
public:
    explicit Files(const Recording& recording) : recording_(recording) {}

    Result<std::string> read(const std::filesystem::path& path, Bytes) const override {
        const auto found = recording_.files.find(path.string());
        return found != recording_.files.end() && found->second ? Result<std::string>(*found->second)
                                                                : not_found(path);
    }
    bool exists(const std::filesystem::path& path) const override {
        const auto found = recording_.exists.find(path.string());
        return found != recording_.exists.end() && found->second;
    }
    Result<std::vector<std::string>> list(const std::filesystem::path& path) const override {
        const auto found = recording_.lists.find(path.string());
        if (found == recording_.lists.end()) {
            return not_found(path);
        }
        return found->second;
    }
    Result<std::filesystem::path> read_link(const std::filesystem::path& path) const override {
        return not_found(path);
    }
    Result<std::filesystem::path> resolve(const std::filesystem::path& path) const override {
        const auto found = recording_.resolved.find(path.string());
        if (found == recording_.resolved.end()) {
            return not_found(path);
        }
        return found->second;
    }

private:
    static std::unexpected<Error> not_found(const std::filesystem::path& path) {
        return fail("file.not-found", "not in the recording", path.string());
    }

    const Recording& recording_;
};

class Device : public BlockDevice {
public:
    Device(const RecordedDevice& device, std::string path) : device_(device), path_(std::move(path)) {}

    [[nodiscard]] Bytes size() const override { return device_.size; }
    [[nodiscard]] Bytes logical_block_size() const override { return device_.logical_block_size; }
    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        const auto found = device_.reads.find(offset.value);
        if (found == device_.reads.end() || found->second.size() < data.size()) {
            return fail("block.read", std::format("offset {} is not in the recording", offset.value), path_);
        }
        std::memcpy(data.data(), found->second.data(), data.size());
        return {};
    }
    Result<void> write(Bytes, std::span<const std::byte>) override {
        return fail("block.read-only", "a recording cannot be written", path_);
    }
    Result<void> flush() override { return {}; }
    Result<void> discard(Bytes, Bytes) override {
        return fail("block.read-only", "a recording cannot be written", path_);
    }

private:
    const RecordedDevice& device_;
    std::string path_;
};

class Devices : public BlockDevices {
public:
    explicit Devices(const Recording& recording) : recording_(recording) {}

    Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path, BlockAccess) override {
        const auto found = recording_.devices.find(path.string());
        if (found == recording_.devices.end()) {
            return fail("block.open", "the device could not be opened when this was recorded", path.string());
        }
        return std::make_unique<Device>(found->second, path.string());
    }
    Result<std::unique_ptr<DiskLock>> lock(const std::filesystem::path& path) override {
        return fail("block.read-only", "a recording cannot be locked", path.string());
    }
    Result<void> wait_for(const std::filesystem::path&) override { return {}; }

private:
    const Recording& recording_;
};

}  // namespace

struct Replayer::Parts {
    Parts(Recording recorded, Platform& real)
        : recording(std::move(recorded)),
          commands(recording),
          files(recording),
          devices(recording),
          platform{.commands = commands,
                   .files = files,
                   .blocks = devices,
                   .clock = real.clock,
                   .http = real.http} {}

    Recording recording;
    Commands commands;
    Files files;
    Devices devices;
    Platform platform;
};

Replayer::Replayer(Recording recording, Platform& platform)
    : parts_(std::make_unique<Parts>(std::move(recording), platform)) {}
Replayer::~Replayer() = default;

Platform& Replayer::platform() {
    return parts_->platform;
}

}  // namespace bedplate
