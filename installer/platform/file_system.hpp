// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// A file that is only ever appended to; each append is on stable storage when it returns.
class AppendFile {
public:
    AppendFile() = default;
    AppendFile(const AppendFile&) = delete;
    AppendFile& operator=(const AppendFile&) = delete;
    virtual ~AppendFile() = default;
    [[nodiscard]] virtual Result<void> append(std::string_view text) = 0;
};

/// Files as the product sees them; whole files only, since none that we read or write is large.
class FileSystem {
public:
    FileSystem() = default;
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;
    virtual ~FileSystem() = default;

    /// Errors: file.not-found, file.too-large, file.read.
    [[nodiscard]] virtual Result<std::string> read(const std::filesystem::path& path,
                                                   Bytes max = mib(16)) const = 0;
    /// Replace the file in one step: temporary file in the same directory, fsync, rename, fsync of the
    /// directory. Parent directories are made (0755). `mode` holds from the first byte on. Errors:
    /// file.write.
    [[nodiscard]] virtual Result<void> write(const std::filesystem::path& path, std::string_view text,
                                             std::uint32_t mode = 0644) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<AppendFile>> open_append(const std::filesystem::path& path,
                                                                          std::uint32_t mode = 0600) = 0;
    [[nodiscard]] virtual bool exists(const std::filesystem::path& path) const = 0;
    /// Names (not paths) in a directory, sorted. Errors: file.not-found.
    [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::filesystem::path& path) const = 0;
    [[nodiscard]] virtual Result<std::filesystem::path> read_link(
        const std::filesystem::path& path) const = 0;
    /// The path with every symbolic link followed.
    [[nodiscard]] virtual Result<std::filesystem::path> resolve(const std::filesystem::path& path) const = 0;
    [[nodiscard]] virtual Result<void> make_directories(const std::filesystem::path& path,
                                                        std::uint32_t mode = 0755) = 0;
    [[nodiscard]] virtual Result<void> symlink(const std::filesystem::path& target,
                                               const std::filesystem::path& link) = 0;
    /// A file or an empty directory; absent is not an error.
    [[nodiscard]] virtual Result<void> remove(const std::filesystem::path& path) = 0;
};

}  // namespace bedplate
