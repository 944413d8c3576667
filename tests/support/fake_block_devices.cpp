// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_block_devices.hpp"

#include <algorithm>
#include <cstring>
#include <format>
#include <random>

namespace bedplate::fakes {

class FakeBlockDevices::Lock : public DiskLock {
public:
    Lock(FakeBlockDevices& devices, std::string disk) : devices_(devices), disk_(std::move(disk)) {}
    ~Lock() override {
        const std::scoped_lock lock(devices_.mutex_);
        devices_.locked_.erase(disk_);
    }

private:
    FakeBlockDevices& devices_;
    std::string disk_;
};

class FakeBlockDevices::Device : public BlockDevice {
public:
    Device(FakeBlockDevices& devices, Part part, std::string path, BlockAccess access,
           std::unique_ptr<DiskLock> lock)
        : devices_(devices),
          part_(std::move(part)),
          path_(std::move(path)),
          access_(access),
          lock_(std::move(lock)) {}

    Bytes size() const override { return part_.size; }
    Bytes logical_block_size() const override { return part_.disk->logical_block_size; }

    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        const std::scoped_lock lock(devices_.mutex_);
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

    Result<void> discard(Bytes offset, Bytes size) override {
        if (access_ == BlockAccess::read || !inside(offset, size.value)) {
            return fail("block.discard", "read-only, or beyond the end", path_);
        }
        return devices_.discard(*part_.disk, part_.offset + offset, size);
    }

private:
    bool inside(Bytes offset, std::size_t length) const {
        return offset <= part_.size && length <= (part_.size - offset).value;
    }

    FakeBlockDevices& devices_;
    Part part_;
    std::string path_;
    BlockAccess access_;
    std::unique_ptr<DiskLock> lock_;
};

void FakeBlockDevices::add_disk(const std::filesystem::path& path, Bytes size, Bytes logical_block_size) {
    auto disk = std::make_shared<Disk>(Disk{.path = path.string(),
                                            .size = size,
                                            .logical_block_size = logical_block_size,
                                            .stable = {},
                                            .current = {},
                                            .unflushed = {}});
    parts_[path.string()] = Part{.disk = std::move(disk), .offset = Bytes{0}, .size = size};
}

void FakeBlockDevices::add_part(const std::filesystem::path& path, const std::filesystem::path& disk,
                                Bytes offset, Bytes size) {
    const Part& whole = parts_.at(disk.string());
    parts_[path.string()] = Part{.disk = whole.disk, .offset = whole.offset + offset, .size = size};
}

Result<std::unique_ptr<BlockDevice>> FakeBlockDevices::open(const std::filesystem::path& path,
                                                            BlockAccess access) {
    const std::scoped_lock guard(mutex_);
    const auto part = parts_.find(path.string());
    if (part == parts_.end() || !power_) {
        return fail("block.open", std::format("cannot open {}", path.string()), path.string());
    }
    std::unique_ptr<DiskLock> disk_lock;
    if (access == BlockAccess::write) {
        if (busy_.contains(path.string())) {
            return fail("block.busy", std::format("{} is in use", path.string()), path.string());
        }
        BEDPLATE_ASSIGN(disk_lock, lock(path));
    }
    if (access != BlockAccess::read) {
        opened_.push_back(path.string());
    }
    return std::make_unique<Device>(*this, part->second, path.string(), access, std::move(disk_lock));
}

Result<std::unique_ptr<DiskLock>> FakeBlockDevices::lock(const std::filesystem::path& path) {
    if (before_lock) {
        before_lock(path.string());
    }
    const std::scoped_lock guard(mutex_);
    const auto part = parts_.find(path.string());
    if (part == parts_.end()) {
        return fail("block.open", std::format("cannot open {}", path.string()), path.string());
    }
    if (!locked_.insert(part->second.disk->path).second) {
        return fail("block.locked", std::format("{} is locked by this program already", path.string()),
                    path.string());
    }
    return std::make_unique<Lock>(*this, part->second.disk->path);
}

std::set<std::string> FakeBlockDevices::locked() const {
    const std::scoped_lock guard(mutex_);
    return locked_;
}

Result<void> FakeBlockDevices::wait_for(const std::filesystem::path& path) {
    const std::scoped_lock guard(mutex_);
    const auto part = parts_.find(path.string());
    if (part == parts_.end()) {
        return fail("block.timeout", std::format("{} did not appear", path.string()), path.string());
    }
    if (locked_.contains(part->second.disk->path)) {
        return fail("block.locked", std::format("{} is waited for while its disk is locked", path.string()),
                    path.string());
    }
    return {};
}

void FakeBlockDevices::cut_power_at(std::size_t n, Unflushed unflushed, unsigned seed) {
    cut_at_ = attempts_ + n;
    unflushed_ = unflushed;
    seed_ = seed;
}

// Each block on its own arrived or did not, whatever the order of the writes was.
void FakeBlockDevices::keep_some(Disk& disk) {
    constexpr std::size_t block = 512;
    std::minstd_rand random(seed_);
    std::set<std::uint64_t> pages;
    for (const Pages* side : {&disk.stable, &disk.current}) {
        for (const auto& [page, bytes] : *side) {
            pages.insert(page);
        }
    }
    for (const std::uint64_t page : pages) {
        for (std::size_t at = 0; at < page_size; at += block) {
            if (random() % 2 == 0) {
                continue;
            }
            std::array<std::byte, block> bytes{};
            const Bytes offset{page * page_size + at};
            copy_out(disk.current, offset, bytes);
            copy_in(disk.stable, offset, bytes);
        }
    }
}

void FakeBlockDevices::restore_power() {
    for (auto& [path, part] : parts_) {
        part.disk->current = part.disk->stable;
        part.disk->unflushed.clear();
    }
    cut_at_.reset();
    power_ = true;
}

Result<void> FakeBlockDevices::attempt(std::string_view code, const Disk& disk) {
    ++attempts_;
    if (power_ && cut_at_ && attempts_ >= *cut_at_) {
        power_ = false;
        std::set<Disk*> disks;
        for (auto& [path, part] : parts_) {
            disks.insert(part.disk.get());
        }
        for (Disk* const each : disks) {
            if (unflushed_ == Unflushed::kept) {
                each->stable = each->current;
            } else if (unflushed_ == Unflushed::some) {
                keep_some(*each);
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
    const std::scoped_lock guard(mutex_);
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
    if (!data.empty()) {
        const std::uint64_t last = (offset.value + data.size() - 1) / page_size;
        for (std::uint64_t page = offset.value / page_size; page <= last; ++page) {
            disk.unflushed.insert(page);
        }
    }
    operations_.push_back({.kind = BlockOperation::Kind::write,
                           .disk = disk.path,
                           .offset = offset,
                           .size = Bytes{data.size()}});
    return {};
}

// Discarded bytes read as zeros here; a real disk may do otherwise, so nothing may rely on either.
Result<void> FakeBlockDevices::discard(Disk& disk, Bytes offset, Bytes size) {
    const std::scoped_lock guard(mutex_);
    BEDPLATE_TRY(attempt("block.discard", disk));
    const Bytes end = offset + size;
    for (auto page = disk.current.begin(); page != disk.current.end();) {
        const Bytes first{page->first * page_size};
        const bool whole = first >= offset && first + Bytes{page_size} <= end;
        if (whole) {
            disk.unflushed.insert(page->first);
        }
        page = whole ? disk.current.erase(page) : std::next(page);
    }
    operations_.push_back(
        {.kind = BlockOperation::Kind::discard, .disk = disk.path, .offset = offset, .size = size});
    return {};
}

Result<void> FakeBlockDevices::flush(Disk& disk) {
    const std::scoped_lock guard(mutex_);
    BEDPLATE_TRY(attempt("block.flush", disk));
    // Page by page: copying a whole disk at every flush was half of the time of the tests that use this.
    for (const std::uint64_t page : disk.unflushed) {
        if (const auto found = disk.current.find(page); found != disk.current.end()) {
            disk.stable.insert_or_assign(page, found->second);
        } else {
            disk.stable.erase(page);
        }
    }
    disk.unflushed.clear();
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
