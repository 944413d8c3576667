// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_block_devices.hpp"

#include <algorithm>
#include <cstring>
#include <format>

namespace bedplate::fakes {

class FakeBlockDevices::Device : public BlockDevice {
public:
    Device(FakeBlockDevices& devices, Part part, std::string path, BlockAccess access)
        : devices_(devices), part_(std::move(part)), path_(std::move(path)), access_(access) {}

    Bytes size() const override { return part_.size; }
    Bytes logical_block_size() const override { return part_.disk->logical_block_size; }

    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        if (!devices_.power_) {
            return fail("block.read", "the power is off", path_);
        }
        if (!inside(offset, data.size())) {
            return fail("block.short-read", std::format("{} ends before the read does", path_), path_);
        }
        copy_out(part_.disk->current, part_.offset + offset, data);
        return {};
    }

    Result<void> write(Bytes offset, std::span<const std::byte> data) override {
        if (access_ == BlockAccess::read) {
            return fail("block.read-only", std::format("{} was opened for reading only", path_), path_);
        }
        if (!inside(offset, data.size())) {
            return fail("block.write", std::format("{} ends before the write does", path_), path_);
        }
        return devices_.write(*part_.disk, part_.offset + offset, data);
    }

    Result<void> flush() override { return devices_.flush(*part_.disk); }

private:
    bool inside(Bytes offset, std::size_t length) const {
        return offset <= part_.size && length <= (part_.size - offset).value;
    }

    FakeBlockDevices& devices_;
    Part part_;
    std::string path_;
    BlockAccess access_;
};

void FakeBlockDevices::add_disk(const std::filesystem::path& path, Bytes size, Bytes logical_block_size) {
    auto disk = std::make_shared<Disk>(Disk{.path = path.string(),
                                            .size = size,
                                            .logical_block_size = logical_block_size,
                                            .stable = {},
                                            .current = {}});
    parts_[path.string()] = Part{.disk = std::move(disk), .offset = Bytes{0}, .size = size};
}

void FakeBlockDevices::add_part(const std::filesystem::path& path, const std::filesystem::path& disk,
                                Bytes offset, Bytes size) {
    const Part& whole = parts_.at(disk.string());
    parts_[path.string()] = Part{.disk = whole.disk, .offset = whole.offset + offset, .size = size};
}

Result<std::unique_ptr<BlockDevice>> FakeBlockDevices::open(const std::filesystem::path& path,
                                                            BlockAccess access) {
    const auto part = parts_.find(path.string());
    if (part == parts_.end() || !power_) {
        return fail("block.open", std::format("cannot open {}", path.string()), path.string());
    }
    if (access == BlockAccess::write) {
        if (busy_.contains(path.string())) {
            return fail("block.busy", std::format("{} is in use", path.string()), path.string());
        }
        opened_.push_back(path.string());
    }
    return std::make_unique<Device>(*this, part->second, path.string(), access);
}

Result<void> FakeBlockDevices::wait_for(const std::filesystem::path& path) {
    if (!parts_.contains(path.string())) {
        return fail("block.timeout", std::format("{} did not appear", path.string()), path.string());
    }
    return {};
}

void FakeBlockDevices::cut_power_at(std::size_t n, Unflushed unflushed) {
    cut_at_ = attempts_ + n;
    unflushed_ = unflushed;
}

void FakeBlockDevices::restore_power() {
    for (auto& [path, part] : parts_) {
        part.disk->current = part.disk->stable;
    }
    cut_at_.reset();
    power_ = true;
}

Result<void> FakeBlockDevices::attempt(std::string_view code, const Disk& disk) {
    ++attempts_;
    if (power_ && cut_at_ && attempts_ >= *cut_at_) {
        power_ = false;
        if (unflushed_ == Unflushed::kept) {
            for (auto& [path, part] : parts_) {
                part.disk->stable = part.disk->current;
            }
        }
    }
    if (!power_) {
        return fail(std::string(code), "the power is off", disk.path);
    }
    if (fail_at_ == attempts_) {
        return fail(std::string(code), "made to fail by the test", disk.path);
    }
    return {};
}

Result<void> FakeBlockDevices::write(Disk& disk, Bytes offset, std::span<const std::byte> data) {
    const bool had_power = power_;
    if (auto tried = attempt("block.write", disk); !tried) {
        if (had_power && !power_ && unflushed_ == Unflushed::kept) {
            // Whole blocks arrive or do not (the disk's own promise), but not all blocks of one write.
            const Bytes half = Bytes{data.size() / 2}.floor_to(disk.logical_block_size);
            copy_in(disk.stable, offset, data.first(half.value));
        }
        return tried;
    }
    copy_in(disk.current, offset, data);
    operations_.push_back({.kind = BlockOperation::Kind::write,
                           .disk = disk.path,
                           .offset = offset,
                           .size = Bytes{data.size()}});
    return {};
}

Result<void> FakeBlockDevices::flush(Disk& disk) {
    BEDPLATE_TRY(attempt("block.flush", disk));
    disk.stable = disk.current;
    operations_.push_back(
        {.kind = BlockOperation::Kind::flush, .disk = disk.path, .offset = Bytes{0}, .size = Bytes{0}});
    return {};
}

void FakeBlockDevices::copy_out(const Pages& pages, Bytes offset, std::span<std::byte> data) {
    while (!data.empty()) {
        const std::uint64_t page = offset.value / page_size;
        const std::size_t within = offset.value % page_size;
        const std::size_t length = std::min(page_size - within, data.size());
        if (const auto found = pages.find(page); found != pages.end()) {
            std::memcpy(data.data(), found->second.data() + within, length);
        } else {
            std::memset(data.data(), 0, length);
        }
        data = data.subspan(length);
        offset += Bytes{length};
    }
}

void FakeBlockDevices::copy_in(Pages& pages, Bytes offset, std::span<const std::byte> data) {
    while (!data.empty()) {
        const std::size_t within = offset.value % page_size;
        const std::size_t length = std::min(page_size - within, data.size());
        auto& page = pages.try_emplace(offset.value / page_size).first->second;
        std::memcpy(page.data() + within, data.data(), length);
        data = data.subspan(length);
        offset += Bytes{length};
    }
}

std::string FakeBlockDevices::peek(const std::filesystem::path& path, Bytes offset, Bytes size) const {
    const Part& part = parts_.at(path.string());
    std::string text(size.value, '\0');
    copy_out(part.disk->current, part.offset + offset, std::as_writable_bytes(std::span(text)));
    return text;
}

void FakeBlockDevices::poke(const std::filesystem::path& path, Bytes offset, std::string_view data) {
    const Part& part = parts_.at(path.string());
    copy_in(part.disk->current, part.offset + offset, std::as_bytes(std::span(data)));
    copy_in(part.disk->stable, part.offset + offset, std::as_bytes(std::span(data)));
}

}  // namespace bedplate::fakes
