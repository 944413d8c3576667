// SPDX-License-Identifier: GPL-3.0-or-later
// A stick that somebody prepared with a site document on it.
#include "base/manifest.hpp"
#include "base/site_area_secrets.hpp"
#include "engine/documents.hpp"

namespace bedplate {

namespace {

constexpr std::string_view stick_label = "BEDPLATE";

/// Read-only in earnest: ext4 would otherwise replay its journal onto the stick.
Result<void> mount_stick(Platform& platform, const std::string& device, const std::string& mount_point) {
    Result<void> last;
    for (const auto& [type, options] :
         {std::pair{"vfat", "ro,nosuid,nodev,noexec"}, std::pair{"ext4", "ro,noload,nosuid,nodev,noexec"}}) {
        const auto mounted = run_checked(platform.commands,
                                         {.argv = {"mount", "-t", type, "-o", options, device, mount_point}});
        if (mounted) {
            return {};
        }
        last = fail("stick.mount", "a stick labelled BEDPLATE cannot be mounted: " + mounted.error().message,
                    device, "format it with FAT or ext4");
    }
    return last;
}

Result<void> copy_file(FileSystem& files, const std::filesystem::path& from,
                       const std::filesystem::path& to) {
    if (!files.exists(from)) {
        return {};
    }
    BEDPLATE_ASSIGN(const auto text, files.read(from, kib(256)));
    return files.write(to, text, 0600);
}

Result<void> copy_stick(FileSystem& files, const std::filesystem::path& from,
                        const std::filesystem::path& to) {
    BEDPLATE_TRY(copy_file(files, from / "site.yaml", to / site_area::site));
    BEDPLATE_TRY(copy_file(files, from / "secrets.yaml", to / site_area::secrets));
    BEDPLATE_TRY(copy_file(files, from / "token", to / site_area::token));
    BEDPLATE_TRY(copy_file(files, from / "ticket", to / site_area::ticket));
    if (const auto names = files.list(from / "profiles")) {
        for (const auto& name : *names) {
            if (name.ends_with(".yaml")) {
                BEDPLATE_TRY(copy_file(files, from / "profiles" / name, to / site_area::profiles / name));
            }
        }
    }
    return {};
}

}  // namespace

Result<bool> read_stick(Platform& platform, const DocumentPlaces& places) {
    if (platform.files.exists(places.stick / site_area::site)) {
        return true;
    }
    const auto device = places.labels / stick_label;
    if (!platform.files.exists(device)) {
        return false;
    }
    const std::filesystem::path mount_point = places.stick / "mnt";
    BEDPLATE_TRY(platform.files.make_directories(mount_point));
    BEDPLATE_TRY(mount_stick(platform, device.string(), mount_point.string()));
    const auto copied = copy_stick(platform.files, mount_point, places.stick);
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"umount", mount_point.string()}}));
    BEDPLATE_TRY(copied);
    return platform.files.exists(places.stick / site_area::site);
}

}  // namespace bedplate
