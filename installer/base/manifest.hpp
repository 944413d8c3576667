// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// One chunk of the payload: an independent zstd frame, verified before anything decodes it.
struct Chunk {
    Bytes offset;        ///< of the frame in the payload file
    Bytes size;          ///< of the frame
    Bytes tar_size;      ///< of what it decodes to; exactly this
    std::string sha256;  ///< of the frame, 64 hex digits
};

/// The node's root file system as one tar, cut into chunks; the frames stand one after another in one
/// .tar.zst.
struct Payload {
    std::string path;           ///< on the medium: "bedplate/payload/node.tar.zst"
    Bytes size, tar_size;       ///< of the file, of the tar
    std::uint64_t entries = 0;  ///< of the tar
    std::string sha256;         ///< of the whole file
    std::string kernel;         ///< kernel release in it ("6.12.117+deb13-amd64")
    std::vector<Chunk> chunks;
};

struct ManifestFile {
    std::string path;  ///< on the medium
    Bytes size;
    std::string sha256;
};

/// What an image holds (schema bedplate/manifest/v1): the document that is signed.
struct Manifest {
    static constexpr std::string_view schema = "bedplate/manifest/v1";
    std::string version;   ///< of the project
    std::string build_id;  ///< digest over everything in the image that is not personalised
    std::uint64_t source_date_epoch = 0;
    std::string suite;
    Payload payload;
    std::vector<ManifestFile> files;  ///< kernel, initramfs, profiles, boot loader files; sorted by path
    std::string site_area = "bedplate/site.area";  ///< reserved extent that personalisation fills; not hashed
    Bytes site_area_size = mib(1);
};

[[nodiscard]] Json to_json(const Manifest& manifest);
/// Errors: manifest.schema, manifest.field, manifest.chunks (gaps, overlaps, sizes that do not add up).
[[nodiscard]] Result<Manifest> manifest_from_json(const Json& json, std::string_view origin);

/// SSH signature namespace (ssh-keygen -Y sign -n ...) of the manifest.
inline constexpr std::string_view manifest_namespace = "bedplate-manifest";
/// Principal under which the signing key stands in the allowed-signers file.
inline constexpr std::string_view manifest_principal = "bedplate";

/// The site area is a cpio (newc) archive padded with zero bytes to its reserved size; an area of zero bytes
/// only is empty. The boot loader hands it to the kernel as a second initramfs, so its files appear in the
/// installer under /bedplate without anything being mounted. `index` in it lists size and SHA-256 of every
/// other file.
namespace site_area {
inline constexpr std::string_view index = "bedplate/area.json";
inline constexpr std::string_view site = "bedplate/site.yaml";
inline constexpr std::string_view secrets = "bedplate/secrets.yaml";
inline constexpr std::string_view profiles = "bedplate/profiles";
}  // namespace site_area

}  // namespace bedplate
