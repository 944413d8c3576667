// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/inspect.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "image/compress.hpp"
#include "image/layout.hpp"
#include "image/masking.hpp"
#include "image/medium.hpp"
#include "image/personalize.hpp"
#include "image/signature.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

std::unexpected<Error> damaged(const OpenedImage& image, std::string message) {
    return fail("image.damaged", std::move(message), image.file.path().string(),
                "copy or write the image again; do not install from this one");
}

/// Everything the manifest names besides `all`, largest first, so that the threads finish together.
Result<std::vector<Stretch>> stretches(const OpenedImage& image, std::vector<Stretch> all) {
    for (const auto& file : image.manifest.files) {
        const auto extent = image.directory.find(file.path);
        if (!extent || extent->size != file.size) {
            return damaged(image, extent ? std::format("{} has {} bytes instead of {}", file.path,
                                                       extent->size.value, file.size.value)
                                         : std::format("{} is missing", file.path));
        }
        all.push_back({file.path, *extent, file.sha256});
    }
    const auto& payload = image.manifest.payload;
    // Whether it may be missing stands in the signed layout, which was checked before.
    const std::size_t chunks = has_payload(image) ? payload.chunks.size() : 0;
    if (chunks == 0) {
        std::ranges::stable_sort(all, std::greater{}, [](const Stretch& s) { return s.extent.size; });
        return all;
    }
    const auto extent = image.directory.find(payload.path);
    if (!extent || extent->size != payload.size) {
        return damaged(image, std::format("{} is missing or of the wrong size", payload.path));
    }
    for (std::size_t i = 0; i < payload.chunks.size(); ++i) {
        const auto& chunk = payload.chunks[i];
        all.push_back(
            {std::format("{}: chunk {} of {} (bytes {}..{})", payload.path, i + 1, payload.chunks.size(),
                         chunk.offset.value, chunk.offset.value + chunk.size.value - 1),
             {extent->offset + chunk.offset, chunk.size},
             chunk.sha256});
    }
    std::ranges::stable_sort(all, std::greater{}, [](const Stretch& s) { return s.extent.size; });
    return all;
}

}  // namespace

bool has_payload(const OpenedImage& image) {
    return image.directory.files().contains(image.manifest.payload.path);
}

Result<std::string> digest_of(const File& file, Extent extent) {
    Sha256 sha;
    std::vector<std::byte> buffer(std::min<std::uint64_t>(extent.size.value, mib(1).value));
    while (extent.size.value > 0) {
        const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), extent.size.value));
        BEDPLATE_TRY(file.read(extent.offset, part));
        sha.update(part);
        extent.offset.value += part.size();
        extent.size.value -= part.size();
    }
    return sha.finish();
}

Result<OpenedImage> open_image(const fs::path& path, File::Mode mode) {
    OpenedImage image;
    BEDPLATE_ASSIGN(image.file, File::open(path, mode));
    BEDPLATE_ASSIGN(image.directory, IsoDirectory::read(image.file));
    BEDPLATE_ASSIGN(image.manifest_text, image.directory.read_file(image.file, manifest_path));
    BEDPLATE_ASSIGN(const auto json, parse_json(image.manifest_text, manifest_path));
    BEDPLATE_ASSIGN(image.manifest, manifest_from_json(json, manifest_path));
    return image;
}

Result<void> verify_document(CommandRunner& runner, const OpenedImage& image, std::string_view text,
                             const std::string& signature_path, const fs::path& allowed) {
    const auto signature = image.directory.read_file(image.file, signature_path);
    if (!signature) {
        return refuse("manifest.unsigned", std::format("the image has no {}", signature_path),
                      image.file.path().string(), "install only from images that were signed");
    }
    if (!is_canonical_signature(*signature)) {
        return damaged(image, signature_path + " is damaged");
    }
    // ssh-keygen reads the signature from a file only.
    const fs::path file = fs::temp_directory_path() /
                          std::format("bedplate-{}-{}.sig", ::getpid(), sha256_hex(*signature).substr(0, 16));
    BEDPLATE_TRY(write_text(file, *signature, 0600));
    auto result = verify_signature(runner, text, file, allowed);
    std::error_code ignored;
    fs::remove(file, ignored);
    return result;
}

Result<void> verify_manifest(CommandRunner& runner, const OpenedImage& image, const fs::path& allowed) {
    return verify_document(runner, image, image.manifest_text, std::string(manifest_path) + ".sig", allowed);
}

Result<void> verify_image(CommandRunner& runner, const OpenedImage& image, const fs::path& allowed,
                          unsigned workers, const std::function<void(double)>& progress) {
    BEDPLATE_TRY(verify_manifest(runner, image, allowed));
    BEDPLATE_ASSIGN(auto layout, verified_layout(runner, image, allowed));
    BEDPLATE_TRY(check_personalisation(image));
    BEDPLATE_ASSIGN(const auto all, stretches(image, std::move(layout)));
    Bytes total;
    for (const auto& stretch : all) {
        total += stretch.extent.size;
    }
    std::atomic<std::uint64_t> finished{0};
    const auto check = [&](std::size_t index) -> Result<void> {
        const auto& stretch = all[index];
        BEDPLATE_ASSIGN(const auto digest, digest_of(image.file, stretch.extent));
        if (digest != stretch.sha256) {
            return damaged(image, stretch.name + " is damaged: its SHA-256 is not the manifest's");
        }
        finished += stretch.extent.size.value;
        if (progress && total.value > 0) {
            progress(static_cast<double>(finished) / static_cast<double>(total.value));
        }
        return {};
    };
    return for_each_parallel(all.size(), workers, check);
}

Result<SiteArea> read_site_area(const OpenedImage& image) {
    SiteArea area;
    BEDPLATE_ASSIGN(const auto menu, image.directory.read_file(image.file, site_config_path));
    area.kernel_arguments = masked_arguments(site_config_arguments(menu));
    area.console = site_config_console(menu);
    BEDPLATE_ASSIGN(const auto data, image.directory.read_file(image.file, image.manifest.site_area));
    if (std::ranges::all_of(data, [](char c) { return c == '\0'; })) {
        return area;
    }
    BEDPLATE_ASSIGN(const auto tree, read_cpio(data));
    const auto index = tree.find(std::string(site_area::index));
    if (index == tree.end()) {
        return fail("site-area.damaged", "the site area has no index", image.file.path().string(),
                    "personalize the image again");
    }
    BEDPLATE_ASSIGN(const auto json, parse_json(index->second.content, std::string(site_area::index)));
    try {
        for (const auto& item : json.at("files")) {
            SiteArea::Entry entry{.path = item.at("path").get<std::string>(),
                                  .size = Bytes{item.at("size").get<std::uint64_t>()}};
            const auto file = tree.find(entry.path);
            entry.intact = file != tree.end() && file->second.content.size() == entry.size.value &&
                           sha256_hex(file->second.content) == item.at("sha256").get<std::string>();
            entry.secret = is_secret_file(entry.path);
            if (entry.intact) {
                area.shown[entry.path] = masked(entry.path, file->second.content);
            }
            area.files.push_back(std::move(entry));
        }
    } catch (const Json::exception& error) {
        return fail("site-area.damaged", std::format("the site area's index is damaged: {}", error.what()),
                    image.file.path().string(), "personalize the image again");
    }
    return area;
}

Json to_json(const OpenedImage& image, const SiteArea& area) {
    const auto& manifest = image.manifest;
    Json profiles = Json::array();
    for (const auto& file : manifest.files) {
        if (file.path.starts_with("bedplate/profiles/")) {
            profiles.push_back(file.path.substr(file.path.rfind('/') + 1));
        }
    }
    Json files = Json::array();
    for (const auto& entry : area.files) {
        files.push_back({{"path", entry.path},
                         {"size", entry.size.value},
                         {"intact", entry.intact},
                         {"secret", entry.secret}});
    }
    return {{"schema", "bedplate/image/v1"},
            {"image", image.file.path().string()},
            {"volume", image.directory.volume()},
            {"version", manifest.version},
            {"build_id", manifest.build_id},
            {"suite", manifest.suite},
            {"source_date_epoch", manifest.source_date_epoch},
            {"kernel", manifest.payload.kernel},
            {"payload",
             {{"size", manifest.payload.size.value},
              {"tar_size", manifest.payload.tar_size.value},
              {"entries", manifest.payload.entries},
              {"chunks", manifest.payload.chunks.size()},
              {"sha256", manifest.payload.sha256}}},
            {"profiles", std::move(profiles)},
            {"signed", image.directory.files().contains(std::string(manifest_path) + ".sig")},
            {"site",
             {{"files", std::move(files)},
              {"kernel_arguments", area.kernel_arguments},
              {"console", area.console.empty() ? "ttyS0" : area.console},
              {"shown", area.shown}}}};
}

std::string to_text(const OpenedImage& image, const SiteArea& area) {
    const Json json = to_json(image, area);
    const auto& manifest = image.manifest;
    std::string text = std::format(
        "{}\n  version   {}, build {}\n  system    Debian {}, kernel {}\n"
        "  payload   {} in {} chunks, {} files, {} unpacked\n  signature {}\n  profiles  ",
        image.file.path().string(), manifest.version, manifest.build_id, manifest.suite,
        manifest.payload.kernel, to_label_text(manifest.payload.size), manifest.payload.chunks.size(),
        manifest.payload.entries, to_label_text(manifest.payload.tar_size),
        json["signed"].get<bool>() ? "there (`bedplate image verify` checks it)" : "MISSING");
    std::vector<std::string> names;
    for (const auto& name : json["profiles"]) {
        names.push_back(name.get<std::string>());
    }
    text += join(names, ", ") + "\n  site      ";
    if (area.empty()) {
        return text + "none: the image is not personalised\n";
    }
    for (const auto& entry : area.files) {
        text += std::format("{} ({} bytes{}{}) ", entry.path, entry.size.value,
                            entry.secret ? ", secret" : "", entry.intact ? "" : ", DAMAGED");
    }
    text += "\n";
    if (!area.kernel_arguments.empty()) {
        text += "  arguments " + area.kernel_arguments + "\n";
    }
    if (!area.console.empty()) {
        text += "  console   " + area.console + "\n";
    }
    for (const auto& [path, shown] : area.shown) {
        text += std::format("\n--- {}\n{}{}", path, shown, shown.ends_with('\n') ? "" : "\n");
    }
    return text;
}

}  // namespace bedplate::image
