// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/recorder.hpp"

#include <mutex>

#include "base/text.hpp"
#include "probe/read_only_files.hpp"

namespace bedplate {
namespace {

/// One notebook for everything, since tools and files are asked from several threads.
struct Notebook {
    std::mutex mutex;
    Recording recording;

    template <typename Write>
    void write(Write write_down) {
        const std::scoped_lock lock(mutex);
        write_down(recording);
    }
};

class Commands : public CommandRunner {
public:
    Commands(CommandRunner& real, Notebook& notebook) : real_(real), notebook_(notebook) {}

    Result<CommandResult> run(const Command& command) override {
        auto result = real_.run(command);
        RecordedCommand recorded{.argv = command.argv, .error = {}, .status = 0, .out = {}, .err = {}};
        if (result) {
            recorded.status = result->exit_status;
            recorded.out = result->out;
            recorded.err = result->err;
        } else {
            recorded.error = result.error().code;
        }
        notebook_.write([&](Recording& recording) {
            recording.commands[quote_command(command.argv)] = std::move(recorded);
        });
        return result;
    }

private:
    CommandRunner& real_;
    Notebook& notebook_;
};

class Files : public ReadOnlyFiles {
public:
    Files(const FileSystem& real, Notebook& notebook) : real_(real), notebook_(notebook) {}

    Result<std::string> read(const std::filesystem::path& path, Bytes max) const override {
        auto text = real_.read(path, max);
        notebook_.write([&](Recording& recording) {
            recording.files[path.string()] = text ? std::optional(*text) : std::nullopt;
        });
        return text;
    }
    bool exists(const std::filesystem::path& path) const override {
        const bool there = real_.exists(path);
        notebook_.write([&](Recording& recording) { recording.exists[path.string()] = there; });
        return there;
    }
    Result<std::vector<std::string>> list(const std::filesystem::path& path) const override {
        auto names = real_.list(path);
        if (names) {
            notebook_.write([&](Recording& recording) { recording.lists[path.string()] = *names; });
        }
        return names;
    }
    Result<std::filesystem::path> read_link(const std::filesystem::path& path) const override {
        return real_.read_link(path);
    }
    Result<std::filesystem::path> resolve(const std::filesystem::path& path) const override {
        auto real = real_.resolve(path);
        if (real) {
            notebook_.write(
                [&](Recording& recording) { recording.resolved[path.string()] = real->string(); });
        }
        return real;
    }

private:
    const FileSystem& real_;
    Notebook& notebook_;
};

class Device : public BlockDevice {
public:
    Device(std::unique_ptr<BlockDevice> real, std::string path, Notebook& notebook)
        : real_(std::move(real)), path_(std::move(path)), notebook_(notebook) {}

    [[nodiscard]] Bytes size() const override { return real_->size(); }
    [[nodiscard]] Bytes logical_block_size() const override { return real_->logical_block_size(); }
    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        BEDPLATE_TRY(real_->read(offset, data));
        notebook_.write([&](Recording& recording) {
            std::string& known = recording.devices[path_].reads[offset.value];
            // Two readers of one place may want different amounts; the longer answer serves both.
            if (known.size() < data.size()) {
                known.assign(reinterpret_cast<const char*>(data.data()), data.size());
            }
        });
        return {};
    }
    Result<void> write(Bytes, std::span<const std::byte>) override {
        return fail("block.read-only", "looking at a machine changes nothing", path_);
    }
    Result<void> flush() override { return {}; }
    Result<void> discard(Bytes, Bytes) override {
        return fail("block.read-only", "looking at a machine changes nothing", path_);
    }

private:
    std::unique_ptr<BlockDevice> real_;
    std::string path_;
    Notebook& notebook_;
};

class Devices : public BlockDevices {
public:
    Devices(BlockDevices& real, Notebook& notebook) : real_(real), notebook_(notebook) {}

    Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path, BlockAccess) override {
        BEDPLATE_ASSIGN(auto device, real_.open(path, BlockAccess::read));
        notebook_.write([&](Recording& recording) {
            RecordedDevice& recorded = recording.devices[path.string()];
            recorded.size = device->size();
            recorded.logical_block_size = device->logical_block_size();
        });
        return std::make_unique<Device>(std::move(device), path.string(), notebook_);
    }
    Result<std::unique_ptr<DiskLock>> lock(const std::filesystem::path& path) override {
        return fail("block.read-only", "looking at a machine changes nothing", path.string());
    }
    Result<void> wait_for(const std::filesystem::path& path) override { return real_.wait_for(path); }

private:
    BlockDevices& real_;
    Notebook& notebook_;
};

}  // namespace

struct Recorder::Parts {
    explicit Parts(Platform& real)
        : commands(real.commands, notebook),
          files(real.files, notebook),
          devices(real.blocks, notebook),
          platform{.commands = commands,
                   .files = files,
                   .blocks = devices,
                   .clock = real.clock,
                   .http = real.http} {}

    Notebook notebook;
    Commands commands;
    Files files;
    Devices devices;
    Platform platform;
};

Recorder::Recorder(Platform& platform) : parts_(std::make_unique<Parts>(platform)) {}
Recorder::~Recorder() = default;

Platform& Recorder::platform() {
    return parts_->platform;
}

Recording Recorder::take() {
    return std::move(parts_->notebook.recording);
}

}  // namespace bedplate
