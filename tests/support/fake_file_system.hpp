// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/file_system.hpp"

namespace bedplate::fakes {

/// A tree of files in memory, with modes and symbolic links. Paths are absolute. May be used from several
/// threads.
class FakeFileSystem : public FileSystem {
public:
    /// Files for the start of a test; not counted as changes.
    void add_file(const std::filesystem::path& path, std::string_view text, std::uint32_t mode = 0644);
    void add_link(const std::filesystem::path& link, const std::filesystem::path& target);
    void add_directory(const std::filesystem::path& path);
    /// A copy of a real folder (a recorded machine, say) under `at`; links stay links.
    void add_tree(const std::filesystem::path& real_folder, const std::filesystem::path& at = "/");

    Result<std::string> read(const std::filesystem::path& path, Bytes max = mib(16)) const override;
    Result<void> write(const std::filesystem::path& path, std::string_view text,
                       std::uint32_t mode = 0644) override;
    Result<std::unique_ptr<AppendFile>> open_append(const std::filesystem::path& path,
                                                    std::uint32_t mode = 0600) override;
    bool exists(const std::filesystem::path& path) const override;
    Result<std::vector<std::string>> list(const std::filesystem::path& path) const override;
    Result<std::filesystem::path> read_link(const std::filesystem::path& path) const override;
    Result<std::filesystem::path> resolve(const std::filesystem::path& path) const override;
    Result<void> make_directories(const std::filesystem::path& path, std::uint32_t mode = 0755) override;
    Result<void> symlink(const std::filesystem::path& target, const std::filesystem::path& link) override;
    Result<void> remove(const std::filesystem::path& path) override;

    /// The n-th change from now (1 = the next) fails with file.write, and every later one too: a full disk.
    void fail_at(std::size_t n) { fail_at_ = changes_.size() + n - 1; }
    /// "write /etc/fstab", "append /var/log/x", "mkdir /a", "symlink /a/b", "remove /c", in order.
    [[nodiscard]] const std::vector<std::string>& changes() const { return changes_; }
    /// Mode of a file or directory; nullopt where there is none.
    [[nodiscard]] std::optional<std::uint32_t> mode_of(const std::filesystem::path& path) const;
    /// Every regular file by path, for comparing whole trees.
    [[nodiscard]] std::map<std::string, std::string> files() const;

private:
    enum class Kind { file, directory, link };
    struct Node {
        Kind kind = Kind::file;
        std::string text;  ///< of a file; a link's target
        std::uint32_t mode = 0644;
    };
    class Appender;

    /// The path with all links followed, also the last one if `follow_last`; the last part need not exist.
    std::optional<std::filesystem::path> follow(const std::filesystem::path& path, bool follow_last) const;
    const Node* find(const std::filesystem::path& path) const;
    Result<void> change(const std::string& what, const std::filesystem::path& path);
    void put(const std::filesystem::path& path, Node node);

    mutable std::recursive_mutex mutex_;
    std::map<std::string, Node> nodes_;
    std::vector<std::string> changes_;
    std::optional<std::size_t> fail_at_;
};

}  // namespace bedplate::fakes
