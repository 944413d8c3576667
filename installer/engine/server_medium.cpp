// SPDX-License-Identifier: GPL-3.0-or-later
// Media that come and go, and trees on servers.
#include <format>
#include <utility>

#include "engine/medium.hpp"
#include "platform/time_scale.hpp"

namespace bedplate {

namespace {

constexpr std::string_view server_manifest = "bedplate/manifest.json";
constexpr std::string_view not_manifest = "medium.not-manifest";

/// The payload itself is covered by the signed manifest; a token is for what is not.
ServerTrust for_payload(ServerTrust trust, const std::string& url) {
    if (!url.starts_with("https://")) {
        trust.token = {};
    }
    return trust;
}

/// What the kernel still has of a lost medium must not be taken for the medium itself.
Result<void> detach(Platform& platform, const MediumPlaces& places) {
    const auto result = platform.commands.run({.argv = {"umount", "--lazy", places.mount_point.string()}});
    return result ? Result<void>() : std::unexpected(result.error());  // "not mounted" is what is wanted
}

PayloadPlace medium_place(Platform& platform, const Medium& medium, const MediumPlaces& places) {
    auto first = std::make_shared<bool>(true);
    return {.name = "the installation medium",
            .open = [&platform, medium, places, first]() -> Result<std::unique_ptr<PayloadSource>> {
                if (!std::exchange(*first, false)) {
                    BEDPLATE_TRY(mount_again(platform, places, medium));
                }
                return medium.open_payload();
            }};
}

PayloadPlace server_place(Platform& platform, const Medium& medium, const MediumPlaces& places,
                          const ServerTrust& trust, const std::string& url) {
    auto checked = std::make_shared<bool>(medium.url == url);
    return {.name = url, .open = [=, &platform]() -> Result<std::unique_ptr<PayloadSource>> {
                if (!*checked) {
                    BEDPLATE_ASSIGN(const auto other, open_server_medium(platform, trust, url, places));
                    if (other.manifest_text != medium.manifest_text) {
                        return refuse("medium.other-build",
                                      std::format("it has build {} instead of {}", other.manifest.build_id,
                                                  medium.manifest.build_id),
                                      url);
                    }
                    *checked = true;
                }
                return std::make_unique<HttpPayload>(platform, for_payload(trust, url),
                                                     url + "/" + medium.manifest.payload.path);
            }};
}

}  // namespace

Result<Medium> open_server_medium(Platform& platform, const ServerTrust& trust, const std::string& url,
                                  const MediumPlaces& places) {
    const auto believed = for_payload(trust, url);
    for (const std::string_view suffix : {"", ".sig"}) {
        const auto path = std::format("{}{}", server_manifest, suffix);
        BEDPLATE_ASSIGN(
            const auto text,
            fetch_document(platform, believed, {.url = std::format("{}/{}", url, path), .max_body = mib(16)},
                           not_manifest));
        BEDPLATE_TRY(platform.files.write(places.downloads / path, text));
    }
    BEDPLATE_ASSIGN(auto medium, open_medium(platform, places.downloads, places.allowed_signers));
    medium.url = url;
    return medium;
}

Result<Medium> find_medium_or_server(Platform& platform, const MediumPlaces& places, const ServerTrust& trust,
                                     const std::optional<std::string>& url) {
    if (!url) {
        return find_medium(platform, places);
    }
    MediumPlaces at_once = places;
    at_once.patience = std::chrono::seconds{0};
    if (auto medium = find_medium(platform, at_once)) {
        return medium;
    }
    return open_server_medium(platform, trust, *url, places);
}

Result<void> mount_again(Platform& platform, const MediumPlaces& places, const Medium& medium) {
    BEDPLATE_TRY(detach(platform, places));
    MediumPlaces at_once = places;
    at_once.patience = std::chrono::seconds{0};
    BEDPLATE_ASSIGN(const auto found, find_medium(platform, at_once));
    if (found.manifest_text == medium.manifest_text) {
        return {};
    }
    BEDPLATE_TRY(detach(platform, places));
    return refuse("medium.other-build",
                  std::format("the medium in the drive is build {}, this installation is of build {}",
                              found.manifest.build_id, medium.manifest.build_id),
                  {}, "put the medium back that the installation was started from");
}

Result<std::unique_ptr<PayloadSource>> open_patient_payload(Platform& platform, const Medium& medium,
                                                            const MediumPlaces& places,
                                                            const ServerTrust& trust,
                                                            const std::optional<std::string>& url,
                                                            PatientPayload::Note note) {
    std::vector<PayloadPlace> all;
    if (medium.url.empty()) {
        all.push_back(medium_place(platform, medium, places));
    }
    if (url) {
        all.push_back(server_place(platform, medium, places, trust, *url));
    }
    if (medium.url.empty() && !url && !platform.files.exists(medium.root / medium.manifest.payload.path)) {
        return fail("payload.none", "this medium is the small variant, which has no payload on it", {},
                    "give bedplate.payload=URL of a server with the tree that `bedplate image pxe` writes");
    }
    BEDPLATE_ASSIGN(auto payload, PatientPayload::open(std::move(all), platform.clock, std::move(note), {}));
    return payload;
}

}  // namespace bedplate
