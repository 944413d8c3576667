// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate::image {

/// A Debian root file system: image/node.yaml, and the first part of image/installer.yaml.
struct RootConfig {
    std::string suite;
    std::vector<std::string> packages;
    std::vector<std::string> exclude;  ///< paths that dpkg leaves out (globs)
    std::string digest;                ///< of what is above
};

/// image/installer.yaml: the root and what is left of it in memory.
struct InstallerConfig {
    RootConfig root;
    std::vector<std::string> modules, firmware, drop;  ///< globs
    std::string digest;                                ///< of the globs
};

struct ImageConfig {
    std::uint64_t source_date_epoch = 0;
    int node_level = 9, installer_level = 15, overlay_level = 12;
    RootConfig node;
    InstallerConfig installer;
    std::filesystem::path directory;  ///< where the files stand; hooks/ and grub/ are beside them
};

/// Read image.yaml and the two files beside it; `epoch_override` is the text of SOURCE_DATE_EPOCH or empty.
/// Errors (findings): image.config with file and line.
[[nodiscard]] Result<ImageConfig> load_image_config(const std::filesystem::path& path,
                                                    std::string_view epoch_override);

/// Any of the globs ('*' also matches '/') matches the path.
[[nodiscard]] bool matches_any(const std::vector<std::string>& globs, std::string_view path);

}  // namespace bedplate::image
