// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/pxe.hpp"

#include <array>

#include "image/files.hpp"
#include "image/inspect.hpp"
#include "image/medium.hpp"
#include "profile/profile.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

Result<void> copy_out(const OpenedImage& image, const std::string& path, const fs::path& to) {
    BEDPLATE_ASSIGN(auto extent, image.directory.find(path));
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    BEDPLATE_ASSIGN(const auto file, File::open(to, File::Mode::create));
    std::vector<std::byte> buffer(std::min<std::uint64_t>(extent.size.value, mib(4).value));
    Bytes at;
    while (at < extent.size) {
        const auto part =
            std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), (extent.size - at).value));
        BEDPLATE_TRY(image.file.read(extent.offset + at, part));
        BEDPLATE_TRY(file.write(at, part));
        at.value += part.size();
    }
    return {};
}

Result<void> check(const PxeOptions& options) {
    if (!options.base_url.empty() && !options.base_url.starts_with("http://")) {
        return fail(
            "pxe.url", "boot loaders fetch over http:// only", options.base_url,
            "give http://; the site document may stand elsewhere (--kernel-arg bedplate.site=https://...)");
    }
    if (!options.site.empty()) {
        Report report;
        static_cast<void>(load_site(options.site, options.site_origin, report));
        if (report.has_errors()) {
            return std::unexpected(report.to_error());
        }
    }
    return {};
}

/// Debian's package ipxe; without it, BIOS machines need an iPXE of their own.
Result<void> copy_ipxe(const fs::path& directory) {
    for (const std::string name : {"undionly.kpxe", "snponly.efi"}) {
        const fs::path from = fs::path("/usr/lib/ipxe") / name;
        std::error_code error;
        if (fs::exists(from, error)) {
            BEDPLATE_ASSIGN(const auto program, read_text(from));
            BEDPLATE_TRY(write_text(directory / name, program));
        }
    }
    return {};
}

}  // namespace

Result<void> write_pxe_tree(const fs::path& iso, const PxeOptions& options, const fs::path& directory) {
    BEDPLATE_TRY(check(options));
    BEDPLATE_ASSIGN(const auto image, open_image(iso, File::Mode::read));
    const std::string payload = image.manifest.payload.path;
    const std::array<std::pair<std::string, std::string>, 8> files{{
        {"boot/vmlinuz", "boot/vmlinuz"},
        {initramfs_path, initramfs_path},
        {manifest_path, manifest_path},
        {std::string(manifest_path) + ".sig", std::string(manifest_path) + ".sig"},
        {payload, payload},
        {"EFI/BOOT/BOOTX64.EFI", "shimx64.efi"},
        {"EFI/BOOT/mmx64.efi", "mmx64.efi"},
        {network_grub_path, "grubx64.efi"},
    }};
    for (const auto& [from, to] : files) {
        BEDPLATE_TRY(copy_out(image, from, directory / to));
    }
    for (const auto& [path, text] : pxe_texts(options)) {
        BEDPLATE_TRY(write_text(directory / path, text));
    }
    return copy_ipxe(directory);
}

}  // namespace bedplate::image
