// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "platform/platform.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// Where the documents of an installation are looked for in the installer environment.
struct DocumentPlaces {
    std::filesystem::path shipped_profiles = "/usr/share/bedplate/profiles";
    std::filesystem::path site_area = "/";  ///< the boot loader put the medium's site area under /bedplate
    std::filesystem::path kernel_command_line = "/proc/cmdline";
    std::filesystem::path labels = "/dev/disk/by-label";
    std::filesystem::path medium_area = "/run/bedplate/area";  ///< the site area, unpacked from the medium
    std::filesystem::path stick = "/run/bedplate/stick";       ///< copies of what a prepared stick holds
};

/// Every *.yaml of the directories, which may be absent; a later directory's profile replaces one of the same
/// name. Errors: document findings of all files together (exit 3), profile.none-found.
[[nodiscard]] Result<std::vector<Profile>> load_profiles(
    const FileSystem& files, const std::vector<std::filesystem::path>& directories);

/// A site document from a file or an http(s) URL. Errors: findings; file.*, http.*; site.not-yaml where a
/// server answers with a web page.
[[nodiscard]] Result<Site> load_site_from(Platform& platform, const std::string& file_or_url);

/// The value of `name=` on the kernel's command line (the last one counts).
[[nodiscard]] std::optional<std::string> kernel_argument(const FileSystem& files,
                                                         const DocumentPlaces& places, std::string_view name);

/// The site document of this installer, by precedence: `given`, `bedplate.site=` on the kernel's command
/// line, the medium's site area (its files are checked against its index first), a stick labelled BEDPLATE
/// (FAT or ext4) with site.yaml on it. A server is asked as site_from_server says, if `machine` is given.
/// Errors: site.none, site-area.damaged, and those of load_site_from and site_from_server.
[[nodiscard]] Result<Site> find_site(Platform& platform, const DocumentPlaces& places,
                                     const std::optional<std::string>& given,
                                     const Inventory* machine = nullptr);

/// The secrets of this installation, by precedence: `given`, the medium's site area, a stick; empty where
/// there are none. Errors: file.* for `given`, findings.
[[nodiscard]] Result<Secrets> find_secrets(const FileSystem& files, const DocumentPlaces& places,
                                           const std::optional<std::filesystem::path>& given);

/// Copy what a stick labelled BEDPLATE holds (site.yaml, secrets.yaml, profiles/, token, ticket) to
/// `places.stick`; false where there is no such stick or no site on it. The stick is not written to. Errors:
/// stick.mount.
[[nodiscard]] Result<bool> read_stick(Platform& platform, const DocumentPlaces& places);

/// Shipped profiles, then those of the site area (wherever it was unpacked), then those of the stick.
[[nodiscard]] std::vector<std::filesystem::path> profile_directories(const DocumentPlaces& places);

}  // namespace bedplate
