// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/medium.hpp"

#include "base/text.hpp"

namespace bedplate {

namespace {

constexpr std::string_view manifest_path = "bedplate/manifest.json";
constexpr std::string_view signature_path = "bedplate/manifest.json.sig";
constexpr std::string_view no_medium = "medium.none";
constexpr std::string_view not_mounted = "medium.mount";
constexpr std::string_view remake_hint =
    "write the medium again from an image that 'bedplate image verify' accepts";

bool is_mounted(const FileSystem& files, const std::filesystem::path& mount_point) {
    return files.exists(mount_point / manifest_path);
}

Result<void> unmount(Platform& platform, const std::filesystem::path& mount_point) {
    BEDPLATE_TRY(run_checked(platform.commands, {.argv = {"umount", mount_point.string()}}));
    return {};
}

/// One look at all volumes that carry our label; the error of the last that was tried.
Result<Medium> try_labels(Platform& platform, const MediumPlaces& places) {
    Result<Medium> last =
        fail(std::string(no_medium), "no installation medium was found (volume label BEDPLATE...)", {},
             "leave the medium that the installer was started from in its drive");
    const auto labels = platform.files.list(places.labels);
    if (!labels) {
        return last;
    }
    for (const auto& label : *labels) {
        if (!label.starts_with(medium_label_prefix)) {
            continue;
        }
        const auto device = (places.labels / label).string();
        auto mounted = run_checked(platform.commands, {.argv = {"mount", "-t", "iso9660", "-o", "ro", device,
                                                                places.mount_point.string()}});
        if (!mounted) {
            last = fail(std::string(not_mounted), mounted.error().message, device, std::string(remake_hint));
            continue;
        }
        last = open_medium(platform, places.mount_point, places.allowed_signers);
        if (last) {
            return last;
        }
        BEDPLATE_TRY(unmount(platform, places.mount_point));
    }
    return last;
}

/// How long after the first look it is worth to look again. A bad signature does not get better.
std::chrono::seconds may_get_better(const Error& error, const MediumPlaces& places) {
    if (error.code == no_medium) {
        return places.patience;
    }
    return error.code == not_mounted ? std::min(places.settling, places.patience) : std::chrono::seconds{0};
}

}  // namespace

Result<std::unique_ptr<PayloadSource>> Medium::open_payload() const {
    return open_payload_file(root / manifest.payload.path);
}

Result<Medium> open_medium(Platform& platform, const std::filesystem::path& root,
                           const std::filesystem::path& allowed_signers) {
    BEDPLATE_ASSIGN(const auto text, platform.files.read(root / manifest_path));
    if (!platform.files.exists(root / signature_path)) {
        return fail("manifest.unsigned", "the image's manifest has no signature",
                    (root / signature_path).string(), std::string(remake_hint));
    }
    const Command verify{.argv = {"ssh-keygen", "-Y", "verify", "-f", allowed_signers.string(), "-I",
                                  std::string(manifest_principal), "-n", std::string(manifest_namespace),
                                  "-s", (root / signature_path).string()},
                         .input = text};
    if (auto verified = run_checked(platform.commands, verify); !verified) {
        return fail("manifest.signature", "the signature of the image's manifest is not good",
                    (root / signature_path).string(), std::string(remake_hint));
    }
    BEDPLATE_ASSIGN(const auto json, parse_json(text, (root / manifest_path).string()));
    BEDPLATE_ASSIGN(auto manifest, manifest_from_json(json, (root / manifest_path).string()));
    return Medium{.root = root, .manifest = std::move(manifest), .manifest_text = text};
}

Result<Medium> find_medium(Platform& platform, const MediumPlaces& places) {
    if (is_mounted(platform.files, places.mount_point)) {
        return open_medium(platform, places.mount_point, places.allowed_signers);
    }
    BEDPLATE_TRY(platform.files.make_directories(places.mount_point));
    const auto began = platform.clock.steady();
    for (;;) {
        auto medium = try_labels(platform, places);
        if (medium || platform.clock.steady() >= began + may_get_better(medium.error(), places)) {
            return medium;
        }
        platform.clock.sleep(std::chrono::seconds{1});
    }
}

}  // namespace bedplate
