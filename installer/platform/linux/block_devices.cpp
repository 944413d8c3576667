// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/block_devices.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <format>
#include <thread>

#include "platform/deadline.hpp"
#include "platform/descriptor.hpp"
#include "platform/linux/hung_devices.hpp"
#include "platform/linux/linux.hpp"
#include "platform/linux/whole_disk.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

constexpr std::chrono::seconds io_limit{30};
// A disk may have a large cache to write out.
constexpr std::chrono::seconds flush_limit{50};
constexpr std::chrono::seconds lock_limit{30};

/// What the calls on an open device share with the threads that make them.
struct OpenDevice {
    Descriptor fd;
    std::string path;
    HungDevices::Key key;
    std::shared_ptr<HungDevices> hung;
};

std::unexpected<Error> hung_failure(std::string_view what, const std::string& path) {
    return fail("block.hung", std::format("{} does not answer: {} it did not come back", path, what), path,
                "the disk, its slot or its controller hangs: see dmesg; switch the machine off and on, and "
                "replace the disk if it happens again");
}

/// Make `call` with a limit; a device that once did not answer is not asked again until it does.
Result<void> limited(const std::shared_ptr<OpenDevice>& device, std::chrono::milliseconds limit,
                     std::string_view what, std::function<Result<void>()> call) {
    if (device->hung->contains(device->key)) {
        return hung_failure(what, device->path);
    }
    auto result =
        within<Result<void>>(scaled(limit), std::move(call), [device] { device->hung->remove(device->key); });
    if (!result) {
        device->hung->add(device->key);
        return hung_failure(what, device->path);
    }
    return *std::move(result);
}

Result<void> read_all(const OpenDevice& device, Bytes offset, std::span<std::byte> data) {
    while (!data.empty()) {
        const auto n = ::pread(device.fd.get(), data.data(), data.size(), static_cast<off_t>(offset.value));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail_errno("block.read", std::format("read at byte {} of", offset.value), device.path,
                              errno);
        }
        if (n == 0) {
            return fail("block.short-read", std::format("{} ends at byte {}", device.path, offset.value),
                        device.path);
        }
        data = data.subspan(static_cast<std::size_t>(n));
        offset += Bytes{static_cast<std::uint64_t>(n)};
    }
    return {};
}

Result<void> write_all(const OpenDevice& device, Bytes offset, std::span<const std::byte> data) {
    while (!data.empty()) {
        const auto n = ::pwrite(device.fd.get(), data.data(), data.size(), static_cast<off_t>(offset.value));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return fail_errno("block.write", std::format("write at byte {} of", offset.value), device.path,
                              n < 0 ? errno : EIO);
        }
        data = data.subspan(static_cast<std::size_t>(n));
        offset += Bytes{static_cast<std::uint64_t>(n)};
    }
    return {};
}

Result<void> discard_range(const OpenDevice& device, Bytes offset, Bytes size) {
    std::array<std::uint64_t, 2> range{offset.value, size.value};
    // A regular file and a disk that cannot discard say so; that is all the same to the caller.
    if (::ioctl(device.fd.get(), BLKDISCARD, range.data()) != 0 && errno != EOPNOTSUPP && errno != ENOTTY) {
        return fail_errno("block.discard", std::format("discard from byte {} of", offset.value), device.path,
                          errno);
    }
    return {};
}

class LinuxBlockDevice : public BlockDevice {
public:
    LinuxBlockDevice(OpenDevice device, Bytes size, Bytes block_size, BlockAccess access)
        : device_(std::make_shared<OpenDevice>(std::move(device))),
          size_(size),
          block_size_(block_size),
          access_(access) {}

    Bytes size() const override { return size_; }
    Bytes logical_block_size() const override { return block_size_; }

    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        if (!inside(offset, data.size())) {
            return beyond_end("block.short-read", "read", offset, data.size());
        }
        const auto buffer = std::make_shared<std::vector<std::byte>>(data.size());
        BEDPLATE_TRY(limited(device_, io_limit, "reading,", [device = device_, buffer, offset] {
            return read_all(*device, offset, *buffer);
        }));
        std::ranges::copy(*buffer, data.begin());
        return {};
    }

    Result<void> write(Bytes offset, std::span<const std::byte> data) override {
        BEDPLATE_TRY(writable());
        // A regular file would silently grow where a disk ends.
        if (!inside(offset, data.size())) {
            return beyond_end("block.write", "write", offset, data.size());
        }
        const auto buffer = std::make_shared<std::vector<std::byte>>(data.begin(), data.end());
        return limited(device_, io_limit, "writing,",
                       [device = device_, buffer, offset] { return write_all(*device, offset, *buffer); });
    }

    Result<void> flush() override {
        if (access_ == BlockAccess::read) {
            return {};
        }
        return limited(device_, flush_limit, "flushing,", [device = device_]() -> Result<void> {
            return ::fdatasync(device->fd.get()) == 0
                       ? Result<void>{}
                       : fail_errno("block.flush", "flush", device->path, errno);
        });
    }

    /// In pieces, so that a slow one is not taken for one that hangs.
    Result<void> discard(Bytes offset, Bytes size) override {
        BEDPLATE_TRY(writable());
        if (!inside(offset, size.value)) {
            return beyond_end("block.discard", "discard", offset, size.value);
        }
        const Bytes end = offset + size;
        for (Bytes at = offset; at < end; at += gib(16)) {
            const Bytes piece = std::min(gib(16), end - at);
            BEDPLATE_TRY(limited(device_, io_limit, "discarding,", [device = device_, at, piece] {
                return discard_range(*device, at, piece);
            }));
        }
        return {};
    }

private:
    bool inside(Bytes offset, std::size_t length) const {
        return offset <= size_ && length <= (size_ - offset).value;
    }

    Result<void> writable() const {
        return access_ == BlockAccess::read
                   ? fail("block.read-only", std::format("{} was opened for reading only", device_->path),
                          device_->path)
                   : Result<void>{};
    }

    std::unexpected<Error> beyond_end(std::string code, std::string_view what, Bytes offset,
                                      std::size_t length) const {
        return fail(std::move(code),
                    std::format("cannot {} {} bytes at byte {} of {}: it has {} bytes", what, length,
                                offset.value, device_->path, size_.value),
                    device_->path);
    }

    std::shared_ptr<OpenDevice> device_;
    Bytes size_;
    Bytes block_size_;
    BlockAccess access_;
};

class FlockedDisk : public DiskLock {
public:
    explicit FlockedDisk(Descriptor fd) : fd_(std::move(fd)) {}

private:
    Descriptor fd_;  ///< closing it gives the lock back
};

/// A device that keeps its disk locked. The lock goes last: udev hears of the closed device first and waits.
class LockedBlockDevice : public BlockDevice {
public:
    LockedBlockDevice(std::unique_ptr<DiskLock> lock, std::unique_ptr<BlockDevice> device)
        : lock_(std::move(lock)), device_(std::move(device)) {}
    Bytes size() const override { return device_->size(); }
    Bytes logical_block_size() const override { return device_->logical_block_size(); }
    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        return device_->read(offset, data);
    }
    Result<void> write(Bytes offset, std::span<const std::byte> data) override {
        return device_->write(offset, data);
    }
    Result<void> flush() override { return device_->flush(); }
    Result<void> discard(Bytes offset, Bytes size) override { return device_->discard(offset, size); }

private:
    std::unique_ptr<DiskLock> lock_;
    std::unique_ptr<BlockDevice> device_;
};

struct Geometry {
    Bytes size;
    Bytes block_size;
};

struct Opened {
    Descriptor fd;
    Geometry geometry;
    HungDevices::Key key;
};

std::unexpected<Error> open_failure(const std::filesystem::path& path, int error) {
    if (error == EBUSY) {
        return fail("block.busy", std::format("{} is in use", path.string()), path,
                    "something holds it: a mounted file system, LVM, md or swap");
    }
    return fail_errno("block.open", "open", path, error);
}

Result<Geometry> geometry_of(const Descriptor& fd, const struct stat& status,
                             const std::filesystem::path& path, Bytes file_block_size) {
    if (S_ISREG(status.st_mode)) {
        return Geometry{.size = Bytes{static_cast<std::uint64_t>(status.st_size)},
                        .block_size = file_block_size};
    }
    std::uint64_t size = 0;
    int block_size = 0;
    if (::ioctl(fd.get(), BLKGETSIZE64, &size) != 0 || ::ioctl(fd.get(), BLKSSZGET, &block_size) != 0) {
        return fail_errno("block.open", "ask for the size of", path, errno);
    }
    return Geometry{.size = Bytes{size}, .block_size = Bytes{static_cast<std::uint64_t>(block_size)}};
}

/// The status of a block device or a regular file.
Result<struct stat> status_of(const std::filesystem::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return fail_errno("block.open", "open", path, errno);
    }
    if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode)) {
        return fail("block.open", std::format("{} is neither a block device nor a file", path.string()),
                    path);
    }
    return status;
}

/// Whoever looks at a disk because it was just changed (the kernel's scan for partitions, a tool of udev's)
/// may hold it for a moment; whoever uses it holds it for longer. errno is that of the last open().
constexpr std::chrono::seconds busy_patience{3};

Descriptor open_patiently(const std::filesystem::path& path, int flags) {
    const auto deadline = std::chrono::steady_clock::now() + scaled(busy_patience);
    int fd = ::open(path.c_str(), flags);
    while (fd < 0 && errno == EBUSY && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        fd = ::open(path.c_str(), flags);
    }
    return Descriptor(fd);
}

Result<Opened> open_device(const std::filesystem::path& path, BlockAccess access, Bytes file_block_size) {
    BEDPLATE_ASSIGN(const auto before, status_of(path));
    // On a regular file O_EXCL without O_CREAT has no defined meaning (open(2)).
    const bool exclusive = access == BlockAccess::write && S_ISBLK(before.st_mode);
    const int flags =
        O_CLOEXEC | (access == BlockAccess::read ? O_RDONLY : O_RDWR) | (exclusive ? O_EXCL : 0);
    Descriptor fd = open_patiently(path, flags);
    if (!fd.is_open()) {
        return open_failure(path, errno);
    }
    struct stat after{};
    if (::fstat(fd.get(), &after) != 0) {
        return fail_errno("block.open", "look at", path, errno);
    }
    // A node may come and go between the two calls: what counts is what was opened.
    if (after.st_ino != before.st_ino || after.st_dev != before.st_dev || after.st_rdev != before.st_rdev) {
        return fail("block.open", std::format("{} changed while it was being opened", path.string()), path);
    }
    BEDPLATE_ASSIGN(const auto geometry, geometry_of(fd, after, path, file_block_size));
    return Opened{.fd = std::move(fd), .geometry = geometry, .key = {after.st_rdev, after.st_ino}};
}

class LinuxBlockDevices : public BlockDevices {
public:
    explicit LinuxBlockDevices(Bytes file_block_size) : file_block_size_(file_block_size) {}

    Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path,
                                              BlockAccess access) override {
        BEDPLATE_ASSIGN(const auto status, status_of(path));
        BEDPLATE_TRY(answers(status, path));
        std::unique_ptr<DiskLock> disk_lock;
        if (access == BlockAccess::write && S_ISBLK(status.st_mode)) {
            BEDPLATE_ASSIGN(disk_lock, lock(path));
        }
        // Opening may read the partition table, and hang over it.
        auto opened = within<std::shared_ptr<Result<Opened>>>(
            scaled(io_limit), [path, access, block = file_block_size_] {
                return std::make_shared<Result<Opened>>(open_device(path, access, block));
            });
        if (!opened) {
            return hung_failure("opening,", path.string());
        }
        if (!**opened) {
            return std::unexpected((*opened)->error());
        }
        Opened& found = ***opened;
        auto device = std::make_unique<LinuxBlockDevice>(
            OpenDevice{.fd = std::move(found.fd), .path = path, .key = found.key, .hung = hung_},
            found.geometry.size, found.geometry.block_size, access);
        if (disk_lock) {
            return std::make_unique<LockedBlockDevice>(std::move(disk_lock), std::move(device));
        }
        return device;
    }

    Result<std::unique_ptr<DiskLock>> lock(const std::filesystem::path& path) override {
        BEDPLATE_ASSIGN(const auto disk, whole_disk_of(path));
        if (disk.empty()) {
            return std::make_unique<FlockedDisk>(Descriptor());  // nothing that udev would lock
        }
        auto opened = within<std::shared_ptr<Descriptor>>(scaled(io_limit), [disk] {
            return std::make_shared<Descriptor>(::open(disk.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        });
        if (!opened) {
            return hung_failure("opening,", disk.string());
        }
        if (!(*opened)->is_open()) {
            return open_failure(disk, errno);
        }
        const auto deadline = std::chrono::steady_clock::now() + scaled(lock_limit);
        while (::flock((*opened)->get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK && errno != EINTR) {
                return fail_errno("block.locked", "lock", disk, errno);
            }
            if (std::chrono::steady_clock::now() >= deadline) {
                return fail("block.locked",
                            std::format("{} is locked by another program for more than {} s", disk.string(),
                                        scaled(lock_limit).count() / 1000),
                            disk, "'lslocks' or 'fuser -v' on the disk shows which program it is");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        return std::make_unique<FlockedDisk>(std::move(**opened));
    }

    Result<void> wait_for(const std::filesystem::path& path) override {
        const auto limit = scaled(std::chrono::seconds{30});
        const auto deadline = std::chrono::steady_clock::now() + limit;
        for (;;) {
            struct stat status{};
            if (::stat(path.c_str(), &status) == 0 && (S_ISBLK(status.st_mode) || S_ISREG(status.st_mode))) {
                return {};
            }
            if (std::chrono::steady_clock::now() >= deadline) {
                return fail("block.timeout",
                            std::format("{} did not appear within {} s", path.string(), limit.count() / 1000),
                            path, "look at 'udevadm monitor' and the kernel's messages for this device");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }

private:
    Result<void> answers(const struct stat& status, const std::filesystem::path& path) const {
        return hung_->contains({status.st_rdev, status.st_ino}) ? hung_failure("an earlier call,", path)
                                                                : Result<void>{};
    }

    Bytes file_block_size_;
    std::shared_ptr<HungDevices> hung_ = std::make_shared<HungDevices>();
};

}  // namespace

std::unique_ptr<BlockDevices> linux_block_devices(Bytes file_block_size) {
    return std::make_unique<LinuxBlockDevices>(file_block_size);
}

}  // namespace bedplate
