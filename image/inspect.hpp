// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/manifest.hpp"
#include "base/result.hpp"
#include "image/iso_reader.hpp"
#include "image/tree.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::image {

/// An image whose manifest has been read, but not verified.
struct OpenedImage {
    File file;
    IsoDirectory directory;
    std::string manifest_text;
    Manifest manifest;
};

/// Errors: iso.format, manifest.*, file.*.
[[nodiscard]] Result<OpenedImage> open_image(const std::filesystem::path& path, File::Mode mode);

/// Check the signature of the manifest. Errors (refused): manifest.unsigned, signature.bad.
[[nodiscard]] Result<void> verify_manifest(CommandRunner& runner, const OpenedImage& image,
                                           const std::filesystem::path& allowed_signers);

/// Check the signature, every file's and every chunk's digest. Errors: those of verify_manifest,
/// image.damaged with the file or chunk and its place; `progress` gets 0..1 from several threads.
[[nodiscard]] Result<void> verify_image(CommandRunner& runner, const OpenedImage& image,
                                        const std::filesystem::path& allowed_signers, unsigned workers,
                                        const std::function<void(double)>& progress);

/// What personalisation has put into an image; secrets are told by name only.
struct SiteArea {
    struct Entry {
        std::string path;
        Bytes size;
        bool intact = false;  ///< size and digest are those of the index
    };
    std::vector<Entry> files;
    std::optional<std::string> site;  ///< the site document's text
    std::string kernel_arguments;
    [[nodiscard]] bool empty() const { return files.empty(); }
};

/// Errors: site-area.damaged.
[[nodiscard]] Result<SiteArea> read_site_area(const OpenedImage& image);

[[nodiscard]] Json to_json(const OpenedImage& image, const SiteArea& area);
[[nodiscard]] std::string to_text(const OpenedImage& image, const SiteArea& area);

}  // namespace bedplate::image
