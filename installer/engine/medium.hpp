// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/manifest.hpp"
#include "base/result.hpp"
#include "execute/execute.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// The installation medium: a mounted image whose manifest carries a good signature.
struct Medium {
    std::filesystem::path root;
    Manifest manifest;

    [[nodiscard]] Result<std::unique_ptr<PayloadSource>> open_payload() const;
};

struct MediumPlaces {
    std::filesystem::path mount_point = "/run/bedplate/medium";
    std::filesystem::path labels = "/dev/disk/by-label";
    std::filesystem::path allowed_signers = "/etc/bedplate/allowed_signers";
    std::chrono::seconds patience{60};  ///< a USB stick or a BMC's virtual drive may turn up late
};

/// Volume labels of images begin so.
inline constexpr std::string_view medium_label_prefix = "BEDPLATE";

/// Find the image by its volume label, mount it read-only and check the manifest's signature. Where several
/// media carry the label, the first whose signature is good is taken; which one does not matter, since only
/// signed content is used. Waits for one to turn up as long as `places.patience`. Errors: medium.none,
/// medium.mount, and those of open_medium for the last one tried.
[[nodiscard]] Result<Medium> find_medium(Platform& platform, const MediumPlaces& places);

/// Check the manifest under `root` against `allowed_signers` and read it; the very bytes that were verified
/// are the ones that are parsed. Errors: manifest.unsigned, manifest.signature, and those of
/// manifest_from_json.
[[nodiscard]] Result<Medium> open_medium(Platform& platform, const std::filesystem::path& root,
                                         const std::filesystem::path& allowed_signers);

}  // namespace bedplate
