// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platform/platform.hpp"

namespace bedplate {

/// How the probe gets at programs, files and disks. What is missing or fails becomes a note, since an
/// inventory with a gap is worth more than none. May be used from several threads.
class Sources {
public:
    explicit Sources(Platform& platform) : platform_(platform) {}

    /// What the program printed, if it ended well.
    [[nodiscard]] std::optional<std::string> output(std::vector<std::string> argv,
                                                    std::chrono::seconds timeout = std::chrono::seconds{20});
    /// What the program printed, also if it complained about a part of what it was asked.
    [[nodiscard]] std::optional<std::string> partial_output(std::vector<std::string> argv);
    /// The file's text without blanks around; nullopt where there is none.
    [[nodiscard]] std::optional<std::string> file(const std::filesystem::path& path) const;
    /// The file's text, or "".
    [[nodiscard]] std::string file_or_empty(const std::filesystem::path& path) const;
    [[nodiscard]] bool exists(const std::filesystem::path& path) const;
    [[nodiscard]] std::vector<std::string> list(const std::filesystem::path& path) const;
    /// The real path; empty where there is none.
    [[nodiscard]] std::string resolve(const std::filesystem::path& path) const;
    /// For reading; nullptr, and a note, where it cannot be opened.
    [[nodiscard]] std::unique_ptr<BlockDevice> open(const std::filesystem::path& path);
    [[nodiscard]] CommandRunner& commands() { return platform_.commands; }

    /// The value, or nothing and a note.
    template <typename T>
    [[nodiscard]] std::optional<T> accept(Result<T> result) {
        if (!result) {
            note(result.error());
            return std::nullopt;
        }
        return std::move(*result);
    }

    void note(const std::string& text);
    void note(const Error& error);

    /// Names of the programs that are not installed, sorted.
    [[nodiscard]] std::vector<std::string> missing() const;
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    Result<CommandResult> run(const std::vector<std::string>& argv, std::chrono::seconds timeout);

    Platform& platform_;
    mutable std::mutex mutex_;
    std::set<std::string> missing_, notes_;
};

}  // namespace bedplate
