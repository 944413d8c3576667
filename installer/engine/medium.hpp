// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/manifest.hpp"
#include "base/result.hpp"
#include "engine/payload_sources.hpp"
#include "execute/execute.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// The installation medium: a mounted image, or a tree on a server, whose manifest carries a good signature.
struct Medium {
    std::filesystem::path root;
    Manifest manifest;
    std::string manifest_text = {};  ///< the bytes that were verified
    std::string url = {};            ///< base address of the tree; empty: it is mounted at `root`

    [[nodiscard]] Result<std::unique_ptr<PayloadSource>> open_payload() const;
};

struct MediumPlaces {
    std::filesystem::path mount_point = "/run/bedplate/medium";
    std::filesystem::path labels = "/dev/disk/by-label";
    std::filesystem::path allowed_signers = "/etc/bedplate/allowed_signers";
    std::chrono::seconds patience{60};  ///< a USB stick or a BMC's virtual drive may turn up late
    std::chrono::seconds settling{15};  ///< a drive whose medium was just put in cannot be read at once
    std::filesystem::path downloads = "/run/bedplate/manifest";  ///< manifest and signature of a server
};

/// Volume labels of images begin so; what follows is the version.
inline constexpr std::string_view medium_label_prefix = "BEDPLATE_";

/// Find the image by its volume label, mount it read-only and check the manifest's signature. Where several
/// media carry the label, the first whose signature is good is taken; which one does not matter, since only
/// signed content is used. Waits for one to turn up as long as `places.patience`, and for one that cannot be
/// mounted as long as `places.settling`. Errors: medium.none, medium.mount, and those of open_medium for the
/// last one tried.
[[nodiscard]] Result<Medium> find_medium(Platform& platform, const MediumPlaces& places);

/// Check the manifest under `root` against `allowed_signers` and read it; the very bytes that were verified
/// are the ones that are parsed. Errors: manifest.unsigned, manifest.signature, and those of
/// manifest_from_json.
[[nodiscard]] Result<Medium> open_medium(Platform& platform, const std::filesystem::path& root,
                                         const std::filesystem::path& allowed_signers);

/// The tree that `bedplate image pxe` wrote, served at `url`: its manifest, verified like a medium's. Errors:
/// those of open_medium and fetch_document, medium.not-manifest (a web page).
[[nodiscard]] Result<Medium> open_server_medium(Platform& platform, const ServerTrust& trust,
                                                const std::string& url, const MediumPlaces& places);

/// The medium of this installation: the one that is mounted or turns up, or, where a server is given as well
/// and no medium is there at once, the server's. Errors: those of find_medium and open_server_medium.
[[nodiscard]] Result<Medium> find_medium_or_server(Platform& platform, const MediumPlaces& places,
                                                   const ServerTrust& trust,
                                                   const std::optional<std::string>& url);

/// Mount the medium again after it was lost, and make sure that it is the same one. Errors:
/// medium.other-build (refused), those of find_medium.
[[nodiscard]] Result<void> mount_again(Platform& platform, const MediumPlaces& places, const Medium& medium);

/// The payload from the medium and from the server, whichever there are; see PatientPayload.
[[nodiscard]] Result<std::unique_ptr<PayloadSource>> open_patient_payload(
    Platform& platform, const Medium& medium, const MediumPlaces& places, const ServerTrust& trust,
    const std::optional<std::string>& url, PatientPayload::Note note);

}  // namespace bedplate
