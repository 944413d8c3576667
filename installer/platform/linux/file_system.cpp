// SPDX-License-Identifier: GPL-3.0-or-later
#include "platform/file_system.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <format>
#include <system_error>

#include "platform/descriptor.hpp"
#include "platform/linux/linux.hpp"

namespace bedplate {

namespace {

namespace fs = std::filesystem;

Result<void> write_all(const Descriptor& fd, std::string_view text, const fs::path& path) {
    while (!text.empty()) {
        const auto n = ::write(fd.get(), text.data(), text.size());
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return fail_errno("file.write", "write", path, n < 0 ? errno : EIO);
        }
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

/// A new name in a directory is on stable storage only after the directory itself is.
Result<void> sync_directory(const fs::path& directory) {
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open() || ::fsync(fd.get()) != 0) {
        // Some file systems (vfat on old kernels, FUSE) cannot sync a directory; that is not a failed write.
        if (fd.is_open() && (errno == EINVAL || errno == ENOTSUP)) {
            return {};
        }
        return fail_errno("file.write", "flush the directory", directory, errno);
    }
    return {};
}

fs::path parent_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

class LinuxAppendFile : public AppendFile {
public:
    LinuxAppendFile(Descriptor fd, fs::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Result<void> append(std::string_view text) override {
        BEDPLATE_TRY(write_all(fd_, text, path_));
        if (::fdatasync(fd_.get()) != 0) {
            return fail_errno("file.write", "flush", path_, errno);
        }
        return {};
    }

private:
    Descriptor fd_;
    fs::path path_;
};

/// A temporary file that disappears unless it was renamed.
class TemporaryFile {
public:
    static Result<TemporaryFile> create(const fs::path& beside, std::uint32_t mode) {
        static std::atomic<unsigned> counter{0};
        constexpr int attempts = 100;
        int error = EEXIST;
        for (int i = 0; i < attempts && error == EEXIST; ++i) {
            const auto name = std::format(".{}.{}-{}.tmp", beside.filename().string(), ::getpid(), counter++);
            TemporaryFile file;
            file.path_ = parent_of(beside) / name;
            // Closed to everybody else until fchmod has set what the caller wants, whatever the umask is.
            file.fd_ = Descriptor(::open(file.path_.c_str(),
                                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0600U));
            if (file.fd_.is_open()) {
                file.exists_ = true;
                if (::fchmod(file.fd_.get(), static_cast<mode_t>(mode)) != 0) {
                    return fail_errno("file.write", "set the mode of", beside, errno);
                }
                return file;
            }
            error = errno;
        }
        return fail_errno("file.write", "create a file beside", beside, error);
    }

    TemporaryFile(TemporaryFile&& other) noexcept
        : fd_(std::move(other.fd_)),
          path_(std::move(other.path_)),
          exists_(std::exchange(other.exists_, false)) {}
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile() {
        if (exists_) {
            ::unlink(path_.c_str());
        }
    }

    const Descriptor& descriptor() const { return fd_; }

    Result<void> rename_to(const fs::path& path) {
        if (::rename(path_.c_str(), path.c_str()) != 0) {
            return fail_errno("file.write", "replace", path, errno);
        }
        exists_ = false;
        return {};
    }

private:
    TemporaryFile() = default;
    Descriptor fd_;
    fs::path path_;
    bool exists_ = false;
};

class LinuxFileSystem : public FileSystem {
public:
    Result<std::string> read(const fs::path& path, Bytes max) const override {
        const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd.is_open()) {
            const bool absent = errno == ENOENT || errno == ENOTDIR;
            return fail_errno(absent ? "file.not-found" : "file.read", "open", path, errno);
        }
        // Files in /proc and /sys have no useful size, so the limit is watched while reading.
        constexpr std::size_t step = 64UL * 1024;
        std::string text;
        for (;;) {
            const std::size_t old = text.size();
            text.resize(old + step);
            const auto n = ::read(fd.get(), text.data() + old, step);
            text.resize(old + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n < 0) {
                return fail_errno("file.read", "read", path, errno);
            }
            if (n == 0) {
                return text;
            }
            if (text.size() > max.value) {
                return fail("file.too-large",
                            std::format("{} has more than {} bytes", path.string(), max.value), path);
            }
        }
    }

    Result<void> write(const fs::path& path, std::string_view text, std::uint32_t mode) override {
        if (path.filename().empty()) {
            return fail_errno("file.write", "write", path, EISDIR);
        }
        const auto directory = parent_of(path);
        BEDPLATE_TRY(make_directories(directory, 0755));
        BEDPLATE_ASSIGN(auto file, TemporaryFile::create(path, mode));
        BEDPLATE_TRY(write_all(file.descriptor(), text, path));
        if (::fsync(file.descriptor().get()) != 0) {
            return fail_errno("file.write", "flush", path, errno);
        }
        BEDPLATE_TRY(file.rename_to(path));
        return sync_directory(directory);
    }

    Result<std::unique_ptr<AppendFile>> open_append(const fs::path& path, std::uint32_t mode) override {
        constexpr int flags = O_WRONLY | O_APPEND | O_CLOEXEC;
        Descriptor fd(::open(path.c_str(), flags | O_CREAT | O_EXCL, static_cast<mode_t>(mode & 0600U)));
        if (fd.is_open()) {
            if (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) {
                return fail_errno("file.write", "set the mode of", path, errno);
            }
            BEDPLATE_TRY(sync_directory(parent_of(path)));
        } else if (errno == EEXIST) {
            fd = Descriptor(::open(path.c_str(), flags));
        }
        if (!fd.is_open()) {
            return fail_errno("file.write", "open", path, errno);
        }
        return std::make_unique<LinuxAppendFile>(std::move(fd), path);
    }

    bool exists(const fs::path& path) const override {
        std::error_code ignored;  // what cannot be looked at is as good as absent
        return fs::exists(path, ignored);
    }

    Result<std::vector<std::string>> list(const fs::path& path) const override {
        std::error_code error;
        std::vector<std::string> names;
        fs::directory_iterator it(path, error);
        for (; !error && it != fs::directory_iterator(); it.increment(error)) {
            names.push_back(it->path().filename().string());
        }
        if (error) {
            const bool absent = error.value() == ENOENT || error.value() == ENOTDIR;
            return fail_errno(absent ? "file.not-found" : "file.read", "list", path, error.value());
        }
        std::ranges::sort(names);
        return names;
    }

    Result<fs::path> read_link(const fs::path& path) const override {
        std::error_code error;
        auto target = fs::read_symlink(path, error);
        if (error) {
            return fail_errno(error.value() == ENOENT ? "file.not-found" : "file.read", "read the link", path,
                              error.value());
        }
        return target;
    }

    Result<fs::path> resolve(const fs::path& path) const override {
        std::error_code error;
        auto real = fs::canonical(path, error);
        if (error) {
            return fail_errno(error.value() == ENOENT ? "file.not-found" : "file.read", "resolve", path,
                              error.value());
        }
        return real;
    }

    Result<void> make_directories(const fs::path& path, std::uint32_t mode) override {
        struct stat status{};
        if (::stat(path.c_str(), &status) == 0) {
            return S_ISDIR(status.st_mode)
                       ? Result<void>{}
                       : Result<void>(fail_errno("file.write", "make the directory", path, ENOTDIR));
        }
        const auto parent = parent_of(path);
        if (!path.filename().empty()) {
            BEDPLATE_TRY(make_directories(parent, mode));
        } else {
            return make_directories(parent, mode);  // "a/b/" names a/b
        }
        if (::mkdir(path.c_str(), static_cast<mode_t>(mode & 0700U)) != 0) {
            if (errno == EEXIST) {
                return {};  // somebody else was faster
            }
            return fail_errno("file.write", "make the directory", path, errno);
        }
        if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) {
            return fail_errno("file.write", "set the mode of", path, errno);
        }
        return sync_directory(parent);
    }

    Result<void> symlink(const fs::path& target, const fs::path& link) override {
        if (::symlink(target.c_str(), link.c_str()) != 0) {
            return fail_errno("file.write", "make the link", link, errno);
        }
        return sync_directory(parent_of(link));
    }

    Result<void> remove(const fs::path& path) override {
        if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) {
            return {};
        }
        if (errno == EISDIR && (::rmdir(path.c_str()) == 0 || errno == ENOENT)) {
            return {};
        }
        return fail_errno("file.write", "remove", path, errno);
    }
};

}  // namespace

std::unique_ptr<FileSystem> linux_file_system() {
    return std::make_unique<LinuxFileSystem>();
}

}  // namespace bedplate
