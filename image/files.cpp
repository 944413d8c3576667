// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/digest.hpp"

namespace bedplate::image {

namespace {

std::unexpected<Error> errno_error(const char* code, const char* what, const std::filesystem::path& path) {
    const int error = errno;
    return fail(code, std::format("cannot {} {}: {}", what, path.string(), std::strerror(error)),
                path.string());
}

std::unexpected<Error> open_error(const std::filesystem::path& path) {
    return errno_error(errno == ENOENT ? "file.not-found" : "file.open", "open", path);
}

}  // namespace

File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    return *this;
}

File::~File() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

Result<File> File::open(const std::filesystem::path& path, Mode mode) {
    int flags = O_CLOEXEC;
    switch (mode) {
        case Mode::read:
            flags |= O_RDONLY;
            break;
        case Mode::update:
            flags |= O_RDWR;
            break;
        case Mode::create:
            flags |= O_RDWR | O_CREAT | O_TRUNC;
            break;
    }
    File file;
    file.fd_ = ::open(path.c_str(), flags, 0644);
    file.path_ = path;
    if (file.fd_ < 0) {
        return open_error(path);
    }
    return file;
}

Result<Bytes> File::size() const {
    // Seeking works for block devices too, where stat says 0.
    const off_t end = ::lseek(fd_, 0, SEEK_END);
    if (end < 0) {
        return errno_error("file.read", "find the size of", path_);
    }
    return Bytes{static_cast<std::uint64_t>(end)};
}

Result<void> File::read(Bytes offset, std::span<std::byte> data) const {
    while (!data.empty()) {
        const ssize_t n = ::pread(fd_, data.data(), data.size(), static_cast<off_t>(offset.value));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno_error("file.read", "read", path_);
        }
        if (n == 0) {
            return fail("file.short-read",
                        std::format("{} ends at byte {}, {} more were expected", path_.string(), offset.value,
                                    data.size()),
                        path_.string(), "the file is truncated: copy or build it again");
        }
        data = data.subspan(static_cast<std::size_t>(n));
        offset.value += static_cast<std::uint64_t>(n);
    }
    return {};
}

Result<void> File::write(Bytes offset, std::span<const std::byte> data) const {
    while (!data.empty()) {
        const ssize_t n = ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset.value));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno_error("file.write", "write", path_);
        }
        data = data.subspan(static_cast<std::size_t>(n));
        offset.value += static_cast<std::uint64_t>(n);
    }
    return {};
}

Result<void> File::write(Bytes offset, std::string_view text) const {
    return write(offset, std::as_bytes(std::span(text)));
}

Result<void> File::flush() const {
    if (::fsync(fd_) != 0) {
        return errno_error("file.write", "flush", path_);
    }
    return {};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) {
        ::munmap(const_cast<std::byte*>(data_), size_);
    }
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return open_error(path);
    }
    MappedFile file;
    struct stat info{};
    if (::fstat(fd, &info) == 0 && info.st_size > 0) {
        void* data = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
            auto error = errno_error("file.map", "map", path);
            ::close(fd);
            return error;
        }
        file.data_ = static_cast<const std::byte*>(data);
        file.size_ = static_cast<std::size_t>(info.st_size);
    }
    ::close(fd);
    return file;
}

Result<std::string> read_text(const std::filesystem::path& path) {
    BEDPLATE_ASSIGN(auto file, File::open(path, File::Mode::read));
    BEDPLATE_ASSIGN(auto size, file.size());
    std::string text(size.value, '\0');
    BEDPLATE_TRY(file.read({}, std::as_writable_bytes(std::span(text))));
    return text;
}

Result<void> write_text(const std::filesystem::path& path, std::string_view text, std::uint32_t mode) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    auto temporary = path;
    temporary += ".new";
    {
        BEDPLATE_ASSIGN(auto file, File::open(temporary, File::Mode::create));
        if (::chmod(temporary.c_str(), mode) != 0) {
            return errno_error("file.write", "set the mode of", temporary);
        }
        BEDPLATE_TRY(file.write({}, text));
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        return errno_error("file.write", "replace", path);
    }
    return {};
}

Result<void> append_file(const std::filesystem::path& to, const std::filesystem::path& from) {
    BEDPLATE_ASSIGN(auto target, File::open(to, File::Mode::update));
    BEDPLATE_ASSIGN(auto end, target.size());
    BEDPLATE_ASSIGN(auto source, MappedFile::open(from));
    return target.write(end, source.bytes());
}

Result<void> link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code error;
    std::filesystem::create_directories(to.parent_path(), error);
    std::filesystem::remove(to, error);
    std::filesystem::create_hard_link(from, to, error);
    if (!error) {
        return {};
    }
    error.clear();
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, error);
    if (error) {
        return fail("file.write",
                    std::format("cannot copy {} to {}: {}", from.string(), to.string(), error.message()),
                    to.string());
    }
    return {};
}

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
    BEDPLATE_ASSIGN(auto file, MappedFile::open(path));
    return sha256_hex(file.bytes());
}

Result<void> fresh_directory(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (!error) {
        std::filesystem::create_directories(path, error);
    }
    if (error) {
        return fail("file.write", std::format("cannot make {}: {}", path.string(), error.message()),
                    path.string());
    }
    return {};
}

}  // namespace bedplate::image
