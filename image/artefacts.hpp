// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/manifest.hpp"
#include "image/config.hpp"
#include "image/tree.hpp"
#include "platform/command_runner.hpp"

// What the steps of the build leave for one another: files in an artefact's directory, named here once.
namespace bedplate::image {

/// A stretch of the payload: frames in one file and what is known about them in another.
struct PayloadPart {
    std::vector<Chunk> chunks;  ///< offsets from the start of this part
    std::uint64_t entries = 0;  ///< of the tar
    std::string kernel;         ///< kernel release, where this part has one
};

inline constexpr const char* part_frames = "part.zst";
inline constexpr const char* part_facts = "part.json";
/// Files of the node's root that other steps need: kernel, modules, firmware, boot loaders, dpkg's database.
inline constexpr const char* node_parts = "parts.tar";
inline constexpr const char* packages_file = "packages";

[[nodiscard]] Result<PayloadPart> read_part(const std::filesystem::path& artefact);

/// Cut root.tar in `output` into the payload's base part, put the files others need into parts.tar, and
/// remove it.
[[nodiscard]] Result<void> split_node_root(const ImageConfig& config, const std::filesystem::path& output,
                                           unsigned workers, const std::function<void(double)>& progress);

/// The payload's second part: what installing `debs` changes on the node. dpkg itself does it, on a scratch
/// root with the node's package database, so that the node knows these packages. Errors: image.deb, those of
/// dpkg.
[[nodiscard]] Result<void> build_node_overlay(CommandRunner& runner, const ImageConfig& config,
                                              const std::vector<std::filesystem::path>& debs,
                                              const std::filesystem::path& node,
                                              const std::filesystem::path& output,
                                              const std::filesystem::path& log);

/// The installer environment's second archive, overlay.cpio.zst: our packages' files, the profiles, and the
/// key that manifests are verified with.
[[nodiscard]] Result<void> build_installer_overlay(CommandRunner& runner, const ImageConfig& config,
                                                   const std::vector<std::filesystem::path>& debs,
                                                   const Tree& profiles, const std::string& allowed_signers,
                                                   const std::filesystem::path& output);

}  // namespace bedplate::image
