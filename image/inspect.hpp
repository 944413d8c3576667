// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
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

/// False for the small variant, whose payload is fetched over HTTP.
[[nodiscard]] bool has_payload(const OpenedImage& image);

/// SHA-256 of a stretch of the medium. Errors: file.*.
[[nodiscard]] Result<std::string> digest_of(const File& file, Extent extent);

/// Check that a file of the image is the signature of `text`. Errors (refused): manifest.unsigned,
/// signature.bad; image.damaged (a signature that is not written as it should be).
[[nodiscard]] Result<void> verify_document(CommandRunner& runner, const OpenedImage& image,
                                           std::string_view text, const std::string& signature_path,
                                           const std::filesystem::path& allowed_signers);

/// Check the signature of the manifest. Errors (refused): manifest.unsigned, signature.bad.
[[nodiscard]] Result<void> verify_manifest(CommandRunner& runner, const OpenedImage& image,
                                           const std::filesystem::path& allowed_signers);

/// Check the signatures, every file's and every chunk's digest, everything outside of files, and what
/// personalisation wrote. Errors: those of verify_manifest,
/// image.damaged with the file or chunk and its place; `progress` gets 0..1 from several threads.
[[nodiscard]] Result<void> verify_image(CommandRunner& runner, const OpenedImage& image,
                                        const std::filesystem::path& allowed_signers, unsigned workers,
                                        const std::function<void(double)>& progress);

/// What personalisation has put into an image; of secrets, only that they are there.
struct SiteArea {
    struct Entry {
        std::string path;
        Bytes size;
        bool intact = false;  ///< size and digest are those of the index
        bool secret = false;
    };
    std::vector<Entry> files;
    /// Texts by path, with what is secret in them masked.
    std::map<std::string, std::string> shown;
    std::string kernel_arguments;  ///< masked too
    std::string console;           ///< "ttyS1"; empty: ttyS0
    [[nodiscard]] bool empty() const { return files.empty() && kernel_arguments.empty() && console.empty(); }
};

/// Errors: site-area.damaged.
[[nodiscard]] Result<SiteArea> read_site_area(const OpenedImage& image);

[[nodiscard]] Json to_json(const OpenedImage& image, const SiteArea& area);
[[nodiscard]] std::string to_text(const OpenedImage& image, const SiteArea& area);

}  // namespace bedplate::image
