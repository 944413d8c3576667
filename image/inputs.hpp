// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace bedplate::image {

/// Digests of input files. A file that has kept size, time and inode since the last build is not read again,
/// which is what makes "nothing has changed" a matter of milliseconds.
class InputDigests {
public:
    /// `memory` is where what was learnt is kept between builds.
    explicit InputDigests(std::filesystem::path memory);

    /// Errors: file.not-found, file.read.
    [[nodiscard]] Result<std::string> file(const std::filesystem::path& path);
    /// Over the names and contents of all files below a directory; an absent directory is an empty one.
    [[nodiscard]] Result<std::string> directory(const std::filesystem::path& path);
    [[nodiscard]] Result<std::string> files(const std::vector<std::filesystem::path>& paths);

    [[nodiscard]] Result<void> save() const;

private:
    struct Known {
        std::string stamp, digest;
    };
    std::filesystem::path memory_;
    std::map<std::string, Known> known_;
};

/// "size mtime inode": changes whenever the file is written. Empty for what is not there.
[[nodiscard]] std::string file_stamp(const std::filesystem::path& path);

}  // namespace bedplate::image
