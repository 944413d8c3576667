// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/manifest.hpp"
#include "image/config.hpp"
#include "image/packages.hpp"
#include "image/signature.hpp"
#include "image/tree.hpp"
#include "platform/command_runner.hpp"

namespace bedplate::image {

/// Size of the reserved file boot/grub/site.cfg, which tells the boot menu about a site.
inline constexpr Bytes site_config_size = kib(4);
inline constexpr const char* site_config_path = "boot/grub/site.cfg";
inline constexpr const char* manifest_path = "bedplate/manifest.json";
inline constexpr const char* payload_path = "bedplate/payload/node.tar.zst";
inline constexpr const char* initramfs_path = "boot/installer.cpio.zst";

/// Artefacts that a medium is put together from.
struct MediumParts {
    std::filesystem::path node, node_overlay, installer, installer_overlay;
    std::string content;  ///< digest over all of them
    Tree loader;          ///< see bootfiles.hpp
    Tree profiles;        ///< file names -> content
};

struct MediumOptions {
    std::string version;
    std::filesystem::path work;  ///< stays between builds: what has not changed is not written again
    std::filesystem::path out;
    SigningKey key;
    bool net = false;                                                ///< without the payload
    std::filesystem::path secure_boot_key, secure_boot_certificate;  ///< empty: Debian's signed chain
};

/// "bedplate-0.1.0-amd64.iso"; with "-net" and "-ownkeys" before the ending.
[[nodiscard]] std::string iso_name(const MediumOptions& options);

struct BuiltMedium {
    std::filesystem::path iso;
    Manifest manifest;
    Bytes size;
};

/// Write out/bedplate-VERSION-amd64.iso, out/pxe/, out/manifest.json and its signature.
[[nodiscard]] Result<BuiltMedium> make_medium(CommandRunner& runner, const ImageConfig& config,
                                              const MediumParts& parts, const MediumOptions& options);

/// The ukify command that makes and signs one EFI program out of kernel, initramfs and command line.
[[nodiscard]] Command unified_image_command(const std::filesystem::path& kernel,
                                            const std::filesystem::path& initramfs,
                                            const std::string& release, const MediumOptions& options,
                                            const std::filesystem::path& program);

/// The xorriso command that makes the hybrid image (BIOS and UEFI, CD and disk) out of a directory.
[[nodiscard]] Command iso_command(const std::filesystem::path& stage, const std::filesystem::path& esp,
                                  const std::filesystem::path& mbr, const std::filesystem::path& iso,
                                  std::string_view version, std::uint64_t epoch);

}  // namespace bedplate::image
