// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/block_devices.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <format>
#include <thread>

#include "platform/descriptor.hpp"
#include "platform/linux/linux.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

class LinuxBlockDevice : public BlockDevice {
public:
    LinuxBlockDevice(Descriptor fd, std::string path, Bytes size, Bytes block_size, BlockAccess access)
        : fd_(std::move(fd)), path_(std::move(path)), size_(size), block_size_(block_size), access_(access) {}

    Bytes size() const override { return size_; }
    Bytes logical_block_size() const override { return block_size_; }

    Result<void> read(Bytes offset, std::span<std::byte> data) override {
        if (!inside(offset, data.size())) {
            return beyond_end("block.short-read", "read", offset, data.size());
        }
        while (!data.empty()) {
            const auto n = ::pread(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset.value));
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n < 0) {
                return fail_errno("block.read", std::format("read at byte {} of", offset.value), path_,
                                  errno);
            }
            if (n == 0) {
                return beyond_end("block.short-read", "read", offset, data.size());
            }
            data = data.subspan(static_cast<std::size_t>(n));
            offset += Bytes{static_cast<std::uint64_t>(n)};
        }
        return {};
    }

    Result<void> write(Bytes offset, std::span<const std::byte> data) override {
        if (access_ == BlockAccess::read) {
            return fail("block.read-only", std::format("{} was opened for reading only", path_), path_);
        }
        // A regular file would silently grow where a disk ends.
        if (!inside(offset, data.size())) {
            return beyond_end("block.write", "write", offset, data.size());
        }
        while (!data.empty()) {
            const auto n = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset.value));
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                return fail_errno("block.write", std::format("write at byte {} of", offset.value), path_,
                                  n < 0 ? errno : EIO);
            }
            data = data.subspan(static_cast<std::size_t>(n));
            offset += Bytes{static_cast<std::uint64_t>(n)};
        }
        return {};
    }

    Result<void> flush() override {
        if (access_ == BlockAccess::write && ::fdatasync(fd_.get()) != 0) {
            return fail_errno("block.flush", "flush", path_, errno);
        }
        return {};
    }

private:
    bool inside(Bytes offset, std::size_t length) const {
        return offset <= size_ && length <= (size_ - offset).value;
    }

    std::unexpected<Error> beyond_end(std::string code, std::string_view what, Bytes offset,
                                      std::size_t length) const {
        return fail(std::move(code),
                    std::format("cannot {} {} bytes at byte {} of {}: it has {} bytes", what, length,
                                offset.value, path_, size_.value),
                    path_);
    }

    Descriptor fd_;
    std::string path_;
    Bytes size_;
    Bytes block_size_;
    BlockAccess access_;
};

struct Geometry {
    Bytes size;
    Bytes block_size;
};

class LinuxBlockDevices : public BlockDevices {
public:
    explicit LinuxBlockDevices(Bytes file_block_size) : file_block_size_(file_block_size) {}

    Result<std::unique_ptr<BlockDevice>> open(const std::filesystem::path& path,
                                              BlockAccess access) override {
        struct stat before{};
        if (::stat(path.c_str(), &before) != 0) {
            return fail_errno("block.open", "open", path, errno);
        }
        if (!S_ISBLK(before.st_mode) && !S_ISREG(before.st_mode)) {
            return fail("block.open", std::format("{} is neither a block device nor a file", path.string()),
                        path);
        }
        // On a regular file O_EXCL without O_CREAT has no defined meaning (open(2)).
        const bool exclusive = access == BlockAccess::write && S_ISBLK(before.st_mode);
        const int flags =
            O_CLOEXEC | (access == BlockAccess::write ? O_RDWR : O_RDONLY) | (exclusive ? O_EXCL : 0);
        Descriptor fd(::open(path.c_str(), flags));
        if (!fd.is_open()) {
            return open_failure(path, errno);
        }
        struct stat after{};
        if (::fstat(fd.get(), &after) != 0) {
            return fail_errno("block.open", "look at", path, errno);
        }
        // A node may come and go between the two calls: what counts is what was opened.
        if (after.st_ino != before.st_ino || after.st_dev != before.st_dev ||
            after.st_rdev != before.st_rdev) {
            return fail("block.open", std::format("{} changed while it was being opened", path.string()),
                        path);
        }
        BEDPLATE_ASSIGN(const auto geometry, geometry_of(fd, after, path));
        return std::make_unique<LinuxBlockDevice>(std::move(fd), path, geometry.size, geometry.block_size,
                                                  access);
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
    static std::unexpected<Error> open_failure(const std::filesystem::path& path, int error) {
        if (error == EBUSY) {
            return fail("block.busy", std::format("{} is in use", path.string()), path,
                        "something holds it: a mounted file system, LVM, md or swap");
        }
        return fail_errno("block.open", "open", path, error);
    }

    Result<Geometry> geometry_of(const Descriptor& fd, const struct stat& status,
                                 const std::filesystem::path& path) const {
        if (S_ISREG(status.st_mode)) {
            return Geometry{.size = Bytes{static_cast<std::uint64_t>(status.st_size)},
                            .block_size = file_block_size_};
        }
        std::uint64_t size = 0;
        int block_size = 0;
        if (::ioctl(fd.get(), BLKGETSIZE64, &size) != 0 || ::ioctl(fd.get(), BLKSSZGET, &block_size) != 0) {
            return fail_errno("block.open", "ask for the size of", path, errno);
        }
        return Geometry{.size = Bytes{size}, .block_size = Bytes{static_cast<std::uint64_t>(block_size)}};
    }

    Bytes file_block_size_;
};

}  // namespace

std::unique_ptr<BlockDevices> linux_block_devices(Bytes file_block_size) {
    return std::make_unique<LinuxBlockDevices>(file_block_size);
}

}  // namespace bedplate
