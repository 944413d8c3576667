// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/layout.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "image/files.hpp"
#include "image/medium.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view schema = "bedplate/layout/v1";

std::string signature_path() {
    return std::string(layout_path) + ".sig";
}

std::unexpected<Error> broken_layout(const OpenedImage& image, std::string message) {
    return fail("image.damaged", std::move(message), image.file.path().string(),
                "copy or write the image again; do not install from this one");
}

/// Extents that something else answers for: the manifest, personalisation, this document's own signature.
Result<std::vector<Extent>> answered_for(const OpenedImage& image) {
    std::vector<std::string> paths{image.manifest.site_area, site_config_path, layout_path, signature_path()};
    if (has_payload(image)) {
        paths.push_back(image.manifest.payload.path);
    }
    for (const auto& file : image.manifest.files) {
        paths.push_back(file.path);
    }
    std::vector<Extent> extents;
    for (const auto& path : paths) {
        BEDPLATE_ASSIGN(const auto extent, image.directory.find(path));
        extents.push_back(extent);
    }
    std::ranges::sort(extents, {}, &Extent::offset);
    return extents;
}

std::string to_text(const std::vector<Stretch>& stretches, const OpenedImage& image, Bytes size) {
    Json list = Json::array();
    for (const auto& stretch : stretches) {
        list.push_back({{"offset", stretch.extent.offset.value},
                        {"size", stretch.extent.size.value},
                        {"sha256", stretch.sha256}});
    }
    const Json json{{"schema", schema},
                    {"build_id", image.manifest.build_id},
                    {"size", size.value},
                    {"payload", has_payload(image)},
                    {"stretches", std::move(list)}};
    return json.dump(1) + "\n";
}

Result<void> fill(const OpenedImage& image, const std::string& path, std::string text) {
    BEDPLATE_ASSIGN(const auto extent, image.directory.find(path));
    if (text.size() > extent.size.value) {
        return fail("layout.too-large",
                    std::format("{} has {} bytes, {} are reserved", path, text.size(), extent.size.value),
                    path);
    }
    text.resize(extent.size.value, '\n');
    return image.file.write(extent.offset, text);
}

/// The Base64 of RFC 4648 has one form for a sequence of bytes; the unused bits of the last digit are zero.
bool is_canonical_base64(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto end = text.find('=');
    const auto body = text.substr(0, end);
    const std::size_t padding = end == std::string_view::npos ? 0 : text.size() - end;
    if (text.empty() || text.size() % 4 != 0 || padding > 2 ||
        (padding > 0 && text.substr(end) != std::string_view("==").substr(0, padding)) ||
        body.find_first_not_of(digits) != std::string_view::npos) {
        return false;
    }
    const auto last = digits.find(body.back());
    return padding == 0 || last % (padding == 1 ? 4 : 16) == 0;
}

}  // namespace

bool is_canonical_signature(std::string_view text) {
    constexpr std::string_view begin = "-----BEGIN SSH SIGNATURE-----\n";
    constexpr std::string_view end = "\n-----END SSH SIGNATURE-----\n";
    constexpr std::size_t line_length = 70;
    const auto end_at = text.find(end);
    if (!text.starts_with(begin) || end_at == std::string_view::npos || end_at < begin.size() ||
        text.substr(end_at + end.size()).find_first_not_of('\n') != std::string_view::npos) {
        return false;
    }
    std::string base64;
    const auto lines = split(text.substr(begin.size(), end_at - begin.size()), '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool last = i + 1 == lines.size();
        if (last ? lines[i].empty() || lines[i].size() > line_length : lines[i].size() != line_length) {
            return false;
        }
        base64 += lines[i];
    }
    return is_canonical_base64(base64);
}

Result<std::vector<Stretch>> uncovered_stretches(const OpenedImage& image, Bytes size) {
    BEDPLATE_ASSIGN(const auto extents, answered_for(image));
    std::vector<Stretch> gaps;
    Bytes at;
    const auto add_gap = [&](Bytes end) {
        if (end > at) {
            gaps.push_back({.name = std::format("the medium outside of its files (bytes {}..{})", at.value,
                                                end.value - 1),
                            .extent = {at, end - at},
                            .sha256 = {}});
        }
    };
    for (const auto& extent : extents) {
        if (extent.size.value == 0) {
            continue;
        }
        add_gap(extent.offset);
        at = std::max(at, extent.offset + extent.size);
    }
    add_gap(size);
    return gaps;
}

Result<void> seal_layout(CommandRunner& runner, const fs::path& iso, const SigningKey& key,
                         const fs::path& scratch) {
    BEDPLATE_ASSIGN(const auto image, open_image(iso, File::Mode::update));
    BEDPLATE_ASSIGN(const auto size, image.file.size());
    BEDPLATE_ASSIGN(auto stretches, uncovered_stretches(image, size));
    for (auto& stretch : stretches) {
        BEDPLATE_ASSIGN(stretch.sha256, digest_of(image.file, stretch.extent));
    }
    std::string text = to_text(stretches, image, size);
    BEDPLATE_TRY(fill(image, layout_path, text));
    // What is signed is the whole reserved file, so that its padding is covered as well.
    text.resize(std::max<std::size_t>(text.size(), layout_size.value), '\n');
    const fs::path file = scratch / "layout.json";
    BEDPLATE_TRY(write_text(file, text));
    BEDPLATE_TRY(sign(runner, key, file));
    BEDPLATE_ASSIGN(const auto signature, read_text(file.string() + ".sig"));
    BEDPLATE_TRY(fill(image, signature_path(), signature));
    return image.file.flush();
}

Result<std::vector<Stretch>> verified_layout(CommandRunner& runner, const OpenedImage& image,
                                             const fs::path& allowed) {
    BEDPLATE_ASSIGN(const auto text, image.directory.read_file(image.file, layout_path));
    BEDPLATE_TRY(verify_document(runner, image, text, signature_path(), allowed));
    BEDPLATE_ASSIGN(const auto json, parse_json(text, layout_path));
    std::vector<Stretch> stretches;
    try {
        if (json.at("schema") != schema || json.at("build_id") != image.manifest.build_id ||
            json.at("payload") != has_payload(image)) {
            return broken_layout(image, "the medium's layout is that of another image");
        }
        const Bytes size{json.at("size").get<std::uint64_t>()};
        BEDPLATE_ASSIGN(stretches, uncovered_stretches(image, size));
        const auto& list = json.at("stretches");
        for (std::size_t i = 0; i < std::max(list.size(), stretches.size()); ++i) {
            if (i >= list.size() || i >= stretches.size() ||
                list[i].at("offset") != stretches[i].extent.offset.value ||
                list[i].at("size") != stretches[i].extent.size.value) {
                return broken_layout(image, "the files of the medium do not lie where they were written");
            }
            stretches[i].sha256 = list[i].at("sha256").get<std::string>();
        }
    } catch (const Json::exception& error) {
        return broken_layout(image, std::format("the medium's layout cannot be read: {}", error.what()));
    }
    return stretches;
}

}  // namespace bedplate::image
