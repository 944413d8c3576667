// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/personalize.hpp"

#include <algorithm>
#include <format>

#include "base/digest.hpp"
#include "base/manifest.hpp"
#include "base/site_area_secrets.hpp"
#include "base/text.hpp"
#include "image/inspect.hpp"
#include "image/layout.hpp"
#include "image/medium.hpp"
#include "image/tree.hpp"
#include "profile/profile.hpp"

namespace bedplate::image {

namespace {

constexpr std::string_view arguments_begin = "set bedplate_args=\"";
constexpr std::string_view area_schema = "bedplate/site-area/v1";
constexpr std::string_view consoles[] = {"ttyS0", "ttyS1"};

void add_finding(Report& report, std::string code, std::string path, std::string message) {
    report.add({.severity = Severity::error,
                .code = std::move(code),
                .path = std::move(path),
                .where = {},
                .message = std::move(message),
                .hint = {}});
}

/// The bytes of an area that belongs to us: zeros, or an archive whose first file is one of ours.
bool is_ours(std::string_view area) {
    return std::ranges::all_of(area, [](char c) { return c == '\0'; }) ||
           (area.starts_with("070701") && area.substr(0, 256).contains("bedplate"));
}

std::string menu_text(const SiteFiles& files) {
    std::string text;
    const bool served = std::ranges::any_of(files.kernel_arguments, [](const std::string& argument) {
        return argument.starts_with("bedplate.site=");
    });
    if (!files.site.empty() || served) {
        text += "set bedplate_site=1\n";
    }
    if (!files.console.empty()) {
        text += "set bedplate_console=" + files.console + "\n";
    }
    if (!files.kernel_arguments.empty()) {
        text += std::string(arguments_begin) + join(files.kernel_arguments, " ") + "\"\n";
    }
    return text;
}

std::string padded_menu(const SiteFiles& files) {
    std::string text = menu_text(files);
    text.resize(site_config_size.value, '\n');
    return text;
}

Tree site_tree(const SiteFiles& files) {
    Tree tree;
    if (!files.site.empty()) {
        put_file(tree, std::string(site_area::site), files.site);
    }
    for (const auto& [name, text] : files.profiles) {
        put_file(tree, std::format("{}/{}", site_area::profiles, name), text);
    }
    if (!files.secrets.empty()) {
        put_file(tree, std::string(site_area::secrets), files.secrets.reveal(), 0600);
    }
    if (!files.token.empty()) {
        put_file(tree, std::string(site_area::token), files.token.reveal(), 0600);
    }
    if (!files.ticket.empty()) {
        put_file(tree, std::string(site_area::ticket), files.ticket.reveal(), 0600);
    }
    Json index{{"schema", area_schema}, {"menu", sha256_hex(padded_menu(files))}, {"files", Json::array()}};
    for (const auto& [path, node] : tree) {
        if (node.kind == TreeNode::Kind::file) {
            index["files"].push_back(
                {{"path", path}, {"size", node.content.size()}, {"sha256", sha256_hex(node.content)}});
        }
    }
    if (!index["files"].empty() || !menu_text(files).empty()) {
        put_file(tree, std::string(site_area::index), index.dump(1) + "\n");
    }
    return tree;
}

std::unexpected<Error> too_large(std::string_view what, std::size_t is, Bytes max) {
    return refuse("site-area.too-large",
                  std::format("{} has {} bytes, {} are reserved for it", what, is, max.value), {},
                  "leave out profiles that the image has already, or serve the site with bedplate.site=URL");
}

Result<void> check_image(const OpenedImage& image) {
    if (image.manifest.version != BEDPLATE_VERSION) {
        return refuse("image.version",
                      std::format("the image was made by version {}, this is version {}",
                                  image.manifest.version, BEDPLATE_VERSION),
                      image.file.path().string(), "use the bedplate command of the image's own version");
    }
    BEDPLATE_ASSIGN(const auto area, image.directory.find(image.manifest.site_area));
    BEDPLATE_ASSIGN(const auto menu, image.directory.find(site_config_path));
    BEDPLATE_ASSIGN(const auto old, image.directory.read_file(image.file, image.manifest.site_area));
    if (area.size != image.manifest.site_area_size || menu.size != site_config_size || !is_ours(old)) {
        return refuse("site-area.foreign", "the reserved area of the image is not as we left it",
                      image.file.path().string(), "take a fresh copy of the image");
    }
    return {};
}

}  // namespace

bool is_plain_kernel_argument(std::string_view argument) {
    return !argument.empty() && std::ranges::all_of(argument, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view(".,:=/_+@%-[]").contains(c);
    });
}

Report validate(const SiteFiles& files) {
    Report report;
    if (!files.site.empty()) {
        static_cast<void>(load_site(files.site, files.site_origin, report));
    }
    for (const auto& [name, text] : files.profiles) {
        static_cast<void>(load_profile(text, name, report));
        if (name.contains('/') || !name.ends_with(".yaml")) {
            add_finding(report, "profile.name", name, "a profile's file name must end in .yaml");
        }
    }
    for (const auto& argument : files.kernel_arguments) {
        if (!is_plain_kernel_argument(argument)) {
            add_finding(report, "kernel.argument", "--kernel-arg",
                        "'" + argument + "' has characters that a boot menu would interpret");
        }
    }
    if (!files.console.empty() && std::ranges::find(consoles, files.console) == std::end(consoles)) {
        add_finding(report, "console", "--console",
                    "'" + files.console + "' is not a serial line that the boot menu knows: ttyS0 or ttyS1");
    }
    return report;
}

Result<std::string> make_site_area(const SiteFiles& files, Bytes size) {
    const Tree tree = site_tree(files);
    std::string area;
    if (!tree.empty()) {
        BEDPLATE_ASSIGN(area, to_cpio(tree, 0));
    }
    if (area.size() > size.value) {
        return too_large("the site area", area.size(), size);
    }
    area.resize(size.value, '\0');
    return area;
}

Result<std::string> make_site_config(const SiteFiles& files) {
    if (const auto size = menu_text(files).size(); size > site_config_size.value) {
        return too_large("the list of kernel arguments", size, site_config_size);
    }
    return padded_menu(files);
}

std::string site_config_arguments(std::string_view text) {
    const auto begin = text.find(arguments_begin);
    if (begin == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(begin + arguments_begin.size());
    return std::string(text.substr(0, text.find('"')));
}

std::string site_config_console(std::string_view text) {
    constexpr std::string_view begin = "set bedplate_console=";
    const auto at = text.find(begin);
    if (at == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(at + begin.size());
    return std::string(text.substr(0, text.find('\n')));
}

Result<void> personalize(const std::filesystem::path& path, const SiteFiles& files) {
    if (const auto report = validate(files); report.has_errors()) {
        return std::unexpected(report.to_error());
    }
    BEDPLATE_ASSIGN(const auto image, open_image(path, File::Mode::update));
    BEDPLATE_TRY(check_image(image));
    BEDPLATE_ASSIGN(const auto area, make_site_area(files, image.manifest.site_area_size));
    BEDPLATE_ASSIGN(const auto menu, make_site_config(files));
    BEDPLATE_ASSIGN(const auto area_at, image.directory.find(image.manifest.site_area));
    BEDPLATE_ASSIGN(const auto menu_at, image.directory.find(site_config_path));
    // The menu last: an interrupted run leaves an image that installs nothing by itself.
    BEDPLATE_TRY(image.file.write(menu_at.offset, std::string(site_config_size.value, '\n')));
    BEDPLATE_TRY(image.file.write(area_at.offset, area));
    BEDPLATE_TRY(image.file.flush());
    BEDPLATE_TRY(image.file.write(menu_at.offset, menu));
    return image.file.flush();
}

/// Everything in the area follows from the files in it, so writing it anew must give the same bytes.
Result<void> check_personalisation(const OpenedImage& image) {
    const auto broken = [&](const std::string& what) -> Result<void> {
        return fail("site-area.damaged", what, image.file.path().string(), "personalize the image again");
    };
    BEDPLATE_ASSIGN(const auto area, image.directory.read_file(image.file, image.manifest.site_area));
    BEDPLATE_ASSIGN(const auto menu, image.directory.read_file(image.file, site_config_path));
    if (std::ranges::all_of(area, [](char c) { return c == '\0'; })) {
        const bool empty = std::ranges::all_of(menu, [](char c) { return c == '\n'; });
        return empty ? Result<void>() : broken("the boot menu's site.cfg is damaged");
    }
    BEDPLATE_ASSIGN(const auto tree, read_cpio(area));
    BEDPLATE_ASSIGN(auto again, to_cpio(tree, 0));
    again.resize(std::max(again.size(), area.size()), '\0');
    const auto index = tree.find(std::string(site_area::index));
    if (again != area || index == tree.end()) {
        return broken("the site area is damaged");
    }
    BEDPLATE_ASSIGN(const auto json, parse_json(index->second.content, std::string(site_area::index)));
    if (json.dump(1) + "\n" != index->second.content || json.value("schema", "") != area_schema ||
        json.value("menu", "") != sha256_hex(menu)) {
        return broken("the site area's index or the boot menu's site.cfg is damaged");
    }
    BEDPLATE_ASSIGN(const auto parsed, read_site_area(image));
    std::size_t files = 0;
    for (const auto& [path, node] : tree) {
        files += node.kind == TreeNode::Kind::file ? 1U : 0U;
    }
    const bool intact = std::ranges::all_of(parsed.files, &SiteArea::Entry::intact);
    return intact && files == parsed.files.size() + 1 ? Result<void>()
                                                      : broken("a file of the site area is damaged");
}

}  // namespace bedplate::image
