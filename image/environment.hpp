// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "image/config.hpp"
#include "image/tree.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::image {

/// The modules that match the globs (paths below kernel/, without suffix) and all they depend on, as paths in
/// modules.dep. Pure; `modules_dep` and `modules_softdep` are the files' texts.
[[nodiscard]] std::set<std::string> select_modules(std::string_view modules_dep,
                                                   std::string_view modules_softdep,
                                                   const std::vector<std::string>& globs);

/// Dynamic libraries that a program or library of the tree names and the tree does not hold: what trimming
/// broke. Each as "usr/sbin/x needs liby.so.1".
[[nodiscard]] std::vector<std::string> missing_libraries(const Tree& tree);

/// The installer environment's base: root.tar without what is dropped, with the kernel's modules and firmware
/// out of `kernel_parts` (a tar of the node's root), as one compressed cpio `output`/base.cpio.zst. Errors:
/// image.libraries, archive.*, those of depmod.
[[nodiscard]] Result<void> build_environment(CommandRunner& runner, const ImageConfig& config,
                                             const std::filesystem::path& root_tar,
                                             const std::filesystem::path& kernel_parts,
                                             const std::filesystem::path& output,
                                             const std::filesystem::path& log, unsigned workers);

}  // namespace bedplate::image
