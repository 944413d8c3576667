// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate::image {

/// An open regular file or block device for large data; offsets are explicit, so several threads may share
/// one.
class File {
public:
    enum class Mode { read, update, create };

    File() = default;
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File();

    /// `create` empties what is there. Errors: file.not-found, file.open.
    [[nodiscard]] static Result<File> open(const std::filesystem::path& path, Mode mode);

    /// Of a block device: its capacity.
    [[nodiscard]] Result<Bytes> size() const;
    /// Exactly data.size() bytes. Errors: file.read, file.short-read.
    [[nodiscard]] Result<void> read(Bytes offset, std::span<std::byte> data) const;
    /// Errors: file.write.
    [[nodiscard]] Result<void> write(Bytes offset, std::span<const std::byte> data) const;
    [[nodiscard]] Result<void> write(Bytes offset, std::string_view text) const;
    [[nodiscard]] Result<void> flush() const;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    int fd_ = -1;
    std::filesystem::path path_;
};

/// A file's content mapped into memory for reading.
class MappedFile {
public:
    MappedFile() = default;
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    /// Errors: file.not-found, file.open, file.map.
    [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);
    [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
    [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

private:
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

[[nodiscard]] Result<std::string> read_text(const std::filesystem::path& path);
/// Replace a file in one step (temporary name, rename); parent directories are made.
[[nodiscard]] Result<void> write_text(const std::filesystem::path& path, std::string_view text,
                                      std::uint32_t mode = 0644);
/// Append all of `from` to the file `to`, in the kernel where it can.
[[nodiscard]] Result<void> append_file(const std::filesystem::path& to, const std::filesystem::path& from);
/// The same file under a second name; a copy where the file system boundary does not allow that. Replaces
/// `to`.
[[nodiscard]] Result<void> link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to);
[[nodiscard]] Result<std::string> sha256_of_file(const std::filesystem::path& path);

/// A new empty directory in the place of whatever was there.
[[nodiscard]] Result<void> fresh_directory(const std::filesystem::path& path);

}  // namespace bedplate::image
