// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/documents.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/manifest.hpp"
#include "base/text.hpp"
#include "engine/install_sources.hpp"

namespace bedplate {

namespace {

Result<Site> parse_site(std::string_view text, const std::string& origin) {
    Report report;
    auto site = load_site(text, origin, report);
    if (!site) {
        return std::unexpected(report.to_error());
    }
    return *std::move(site);
}

/// Every file named in the site area's index must be there with the size and digest it had when it was
/// written.
Result<void> check_site_area(const FileSystem& files, const std::filesystem::path& root) {
    const auto index_path = root / site_area::index;
    BEDPLATE_ASSIGN(const auto text, files.read(index_path));
    BEDPLATE_ASSIGN(const auto index, parse_json(text, index_path.string()));
    try {
        for (const auto& entry : index.at("files")) {
            const auto path = root / entry.at("path").get<std::string>();
            BEDPLATE_ASSIGN(const auto content, files.read(path));
            if (sha256_hex(content) != entry.at("sha256").get<std::string>()) {
                return fail("site-area.damaged", "a file of the medium's site area is damaged", path.string(),
                            "write the site document into the image again (bedplate image personalize)");
            }
        }
    } catch (const nlohmann::json::exception& e) {
        return fail("site-area.damaged", std::format("the site area's index cannot be read: {}", e.what()),
                    index_path.string());
    }
    return {};
}

}  // namespace

Result<std::vector<Profile>> load_profiles(const FileSystem& files,
                                           const std::vector<std::filesystem::path>& directories) {
    std::vector<Profile> profiles;
    Report report;
    for (const auto& directory : directories) {
        if (!files.exists(directory)) {
            continue;
        }
        BEDPLATE_ASSIGN(const auto names, files.list(directory));
        for (const auto& name : names) {
            if (!name.ends_with(".yaml")) {
                continue;
            }
            const auto path = directory / name;
            BEDPLATE_ASSIGN(const auto text, files.read(path));
            auto profile = load_profile(text, path.string(), report);
            if (!profile) {
                continue;
            }
            std::erase_if(profiles, [&](const Profile& other) { return other.name == profile->name; });
            profiles.push_back(*std::move(profile));
        }
    }
    if (report.has_errors()) {
        return std::unexpected(report.to_error());
    }
    if (profiles.empty()) {
        std::vector<std::string> places;
        std::ranges::transform(directories, std::back_inserter(places),
                               [](const auto& d) { return d.string(); });
        return fail("profile.none-found", "there is no hardware profile (*.yaml)", join(places, ", "),
                    "name the directory with --profiles");
    }
    std::ranges::sort(profiles, {}, &Profile::name);
    return profiles;
}

Result<Site> load_site_from(Platform& platform, const std::string& file_or_url) {
    if (is_url(file_or_url)) {
        BEDPLATE_ASSIGN(
            const auto text,
            fetch_document(platform, {}, {.url = file_or_url, .patience = std::chrono::seconds{10}},
                           "site.not-yaml"));
        return parse_site(text, file_or_url);
    }
    BEDPLATE_ASSIGN(const auto text, platform.files.read(file_or_url));
    return parse_site(text, file_or_url);
}

std::optional<std::string> kernel_argument(const FileSystem& files, const DocumentPlaces& places,
                                           std::string_view name) {
    const auto line = files.read(places.kernel_command_line);
    if (!line) {
        return std::nullopt;
    }
    std::optional<std::string> value;
    for (const auto& word : split(trim(*line), ' ')) {
        if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
            value = word.substr(name.size() + 1);
        }
    }
    return value;
}

Result<Secrets> find_secrets(const FileSystem& files, const DocumentPlaces& places,
                             const std::optional<std::filesystem::path>& given) {
    auto path = given;
    for (const auto& area : {places.site_area, places.medium_area, places.stick}) {
        if (!path && files.exists(area / site_area::secrets)) {
            path = area / site_area::secrets;
        }
    }
    if (!path) {
        return Secrets{};
    }
    BEDPLATE_ASSIGN(const auto text, files.read(*path));
    Report report;
    auto secrets = load_secrets(text, path->string(), report);
    if (!secrets) {
        return std::unexpected(report.to_error());
    }
    return *std::move(secrets);
}

Result<Site> find_site(Platform& platform, const DocumentPlaces& places,
                       const std::optional<std::string>& given, const Inventory* machine) {
    BEDPLATE_ASSIGN(const auto sources, install_sources(platform.files, places, given));
    if (sources.site && is_url(*sources.site) && machine != nullptr) {
        return site_from_server(platform, sources.trust, *sources.site, *machine);
    }
    if (sources.site) {
        return load_site_from(platform, *sources.site);
    }
    if (platform.files.exists(places.site_area / site_area::site)) {
        BEDPLATE_TRY(check_site_area(platform.files, places.site_area));
        return load_site_from(platform, (places.site_area / site_area::site).string());
    }
    BEDPLATE_ASSIGN(const bool stick, read_stick(platform, places));
    if (!stick) {
        return refuse(
            "site.none",
            "there is no site document: none on the command line, none in the medium, no stick with one", {},
            "write one into the image with 'bedplate image personalize', give bedplate.site=URL, or plug in "
            "a "
            "stick labelled BEDPLATE (FAT or ext4) with a file site.yaml");
    }
    return load_site_from(platform, (places.stick / site_area::site).string());
}

std::vector<std::filesystem::path> profile_directories(const DocumentPlaces& places) {
    return {places.shipped_profiles, places.site_area / site_area::profiles,
            places.medium_area / site_area::profiles, places.stick / site_area::profiles};
}

}  // namespace bedplate
