// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "image/tree.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::image {

/// Both of Microsoft's signatures must be on the shim: firmware made after 2026 may know the CA of 2023 only,
/// older firmware the one of 2011 only. `listing` is the output of `sbverify --list`. Errors (refused):
/// image.shim.
[[nodiscard]] Result<void> check_shim_signatures(std::string_view listing);

/// The loader files that do not depend on the build: BIOS core image and modules, signed EFI programs. Paths
/// as on the medium; `archive` is a tar of the node's root. Errors: image.shim, those of the tools.
[[nodiscard]] Result<Tree> loader_files(CommandRunner& runner, const std::filesystem::path& archive,
                                        const std::filesystem::path& scratch);

/// A FAT image of the EFI system partition with the given files (paths as in the tree), made by mtools
/// without mounting anything; equal input gives equal bytes. Errors: those of the tools.
[[nodiscard]] Result<void> make_esp(CommandRunner& runner, const Tree& files, std::uint64_t epoch,
                                    const std::filesystem::path& scratch, const std::filesystem::path& image);

}  // namespace bedplate::image
