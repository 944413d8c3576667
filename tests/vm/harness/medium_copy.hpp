// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace bedplate::vm {

/// What a personalised copy may hold besides its site document.
struct PersonalExtras {
    std::filesystem::path profile;              ///< One more profile; empty: none.
    std::vector<std::string> kernel_arguments;  ///< For the installer's kernel.
    std::string console;                        ///< As `--console` takes it; empty: the image's own.
};

/// A copy of the image under test at `copy`, with this site document in its site area. Errors: those of
/// `bedplate image personalize`, find_iso and find_bedplate.
[[nodiscard]] Result<void> personalized_copy(const std::filesystem::path& copy, std::string_view site,
                                             const PersonalExtras& extras = {});

/// Where a file's content begins in an ISO image, in bytes. Errors: those of xorriso, iso.no-file.
[[nodiscard]] Result<std::uint64_t> offset_in_iso(const std::filesystem::path& iso, const std::string& file);

/// Rename a file in the image's directories without moving anything (the new name is as long as the old one):
/// for the file system it is then missing. Returns how many directory entries were changed. Errors:
/// iso.rename.
[[nodiscard]] Result<unsigned> rename_in_iso(const std::filesystem::path& iso, std::string_view from,
                                             std::string_view to);

/// Copy a file out of an image. Errors: those of xorriso.
[[nodiscard]] Result<void> extract_from_iso(const std::filesystem::path& iso, const std::string& file,
                                            const std::filesystem::path& to);

}  // namespace bedplate::vm
