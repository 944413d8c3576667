// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "image/config.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::image {

/// Where packages come from and go to.
struct BootstrapSources {
    std::filesystem::path apt_sources;  ///< sources.list text for mmdebstrap
    std::filesystem::path debs;         ///< downloaded packages are kept here; empty: nowhere
    std::filesystem::path temporary;    ///< a directory on a real disk: /tmp may be memory
    std::uint64_t source_date_epoch = 0;
};

/// Bootstrap a root file system to `run_output`/root.tar and apt's records of its packages to
/// `run_output`/packages. `node` adds the node's own hook and files. Needs root. Errors: those of the
/// command.
[[nodiscard]] Result<void> bootstrap(CommandRunner& runner, const RootConfig& root, bool node,
                                     const std::filesystem::path& image_directory,
                                     const BootstrapSources& sources, const std::filesystem::path& output,
                                     const std::filesystem::path& log);

}  // namespace bedplate::image
