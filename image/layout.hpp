// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "image/inspect.hpp"
#include "image/iso_reader.hpp"
#include "image/signature.hpp"

namespace bedplate::image {

/// Everything on a medium that is not the content of a file which the manifest covers: boot sectors,
/// partition tables, volume descriptors, directories, the EFI system partition, the space between files, the
/// manifest and its signature. The document (schema bedplate/layout/v1) is signed like the manifest and
/// written into two reserved files when the image is complete; together they leave no byte of a medium
/// unchecked but the site area and the boot menu's site.cfg, which have digests of their own.
inline constexpr const char* layout_path = "bedplate/layout.json";
inline constexpr Bytes layout_size = kib(128);
inline constexpr Bytes layout_signature_size = kib(2);

struct Stretch {
    std::string name;
    Extent extent;
    std::string sha256;
};

/// The gaps between the extents that the manifest or personalisation answers for, in order; without digests.
[[nodiscard]] Result<std::vector<Stretch>> uncovered_stretches(const OpenedImage& image, Bytes size);

/// Digest them and fill the reserved files of a finished image. `scratch` is a directory for the signature.
/// Errors: those of sign, layout.too-large.
[[nodiscard]] Result<void> seal_layout(CommandRunner& runner, const std::filesystem::path& iso,
                                       const SigningKey& key, const std::filesystem::path& scratch);

/// The stretches of a medium's layout after its signature was checked. Errors (refused): manifest.unsigned,
/// signature.bad; image.damaged (another build's, gaps).
[[nodiscard]] Result<std::vector<Stretch>> verified_layout(CommandRunner& runner, const OpenedImage& image,
                                                           const std::filesystem::path& allowed_signers);

/// What personalisation wrote is as it wrote it, bit for bit. Errors: site-area.damaged.
[[nodiscard]] Result<void> check_personalisation(const OpenedImage& image);

/// An armoured signature in the one way that ssh-keygen writes it, whose decoder overlooks some differences.
[[nodiscard]] bool is_canonical_signature(std::string_view text);

}  // namespace bedplate::image
