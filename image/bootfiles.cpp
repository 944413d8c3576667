// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/bootfiles.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "image/files.hpp"

namespace bedplate::image {

namespace fs = std::filesystem;

namespace {

/// What the BIOS core image can do before it has found its modules.
constexpr const char* core_modules[] = {"biosdisk", "iso9660",        "part_msdos", "part_gpt", "fat",
                                        "search",   "search_fs_file", "configfile", "normal",   "linux",
                                        "serial",   "terminal",       "test",       "echo",     "ls",
                                        "cat",      "help",           "reboot",     "halt",     "chain",
                                        "boot",     "minicmd"};

Result<std::string> take(Tree& tree, const std::string& path) {
    const auto found = tree.find(path);
    if (found == tree.end()) {
        return fail("image.loader", std::format("the node's root lacks /{}", path), {},
                    "put the package that brings it into image/node.yaml");
    }
    return std::move(found->second.content);
}

/// BIOS: a core image that El Torito can load, made of the node's own GRUB files.
Result<std::string> bios_core(CommandRunner& runner, const fs::path& modules, const fs::path& scratch) {
    Command mkimage{.argv = {"grub-mkimage", "-O", "i386-pc", "-d", modules.string(), "-p", "/boot/grub",
                             "-o", (scratch / "core.img").string()}};
    mkimage.argv.insert(mkimage.argv.end(), std::begin(core_modules), std::end(core_modules));
    BEDPLATE_TRY(run_checked(runner, mkimage));
    BEDPLATE_ASSIGN(const auto boot, read_text(modules / "cdboot.img"));
    BEDPLATE_ASSIGN(const auto core, read_text(scratch / "core.img"));
    return boot + core;
}

}  // namespace

Result<void> check_shim_signatures(std::string_view listing) {
    for (const std::string_view authority :
         {"Microsoft Corporation UEFI CA 2011", "Microsoft UEFI CA 2023"}) {
        if (!listing.contains(authority)) {
            return refuse(
                "image.shim", std::format("the shim is not signed by '{}'", authority),
                "/usr/lib/shim/shimx64.efi.signed",
                "some firmware would not start the medium: use a shim-signed package of version 16.1 "
                "or later");
        }
    }
    return {};
}

Result<Tree> loader_files(CommandRunner& runner, const fs::path& archive, const fs::path& scratch) {
    Tree parts;
    BEDPLATE_TRY(read_tar(
        archive,
        [](std::string_view path) {
            return path.starts_with("usr/lib/shim/") || path.starts_with("usr/lib/grub/i386-pc") ||
                   path.starts_with("usr/lib/grub/x86_64-efi-signed/");
        },
        parts));
    BEDPLATE_TRY(fresh_directory(scratch));
    const std::string bios_prefix = "usr/lib/grub/i386-pc/";
    Tree files;
    BEDPLATE_TRY(fresh_directory(scratch / "i386-pc"));
    for (auto& [path, node] : parts) {
        if (!path.starts_with(bios_prefix)) {
            continue;
        }
        const std::string name = path.substr(bios_prefix.size());
        BEDPLATE_TRY(write_text(scratch / "i386-pc" / name, node.content));
        if (name.ends_with(".mod") || name.ends_with(".lst")) {
            put_file(files, "boot/grub/i386-pc/" + name, std::move(node.content));
        }
    }
    BEDPLATE_ASSIGN(auto core, bios_core(runner, scratch / "i386-pc", scratch));
    put_file(files, "boot/grub/i386-pc/eltorito.img", std::move(core));
    BEDPLATE_ASSIGN(auto hybrid, read_text(scratch / "i386-pc" / "boot_hybrid.img"));
    put_file(files, "boot_hybrid.img", std::move(hybrid));

    BEDPLATE_ASSIGN(auto shim, take(parts, "usr/lib/shim/shimx64.efi.signed"));
    BEDPLATE_TRY(write_text(scratch / "shim.efi", shim));
    BEDPLATE_ASSIGN(const auto listing,
                    run_checked(runner, {.argv = {"sbverify", "--list", (scratch / "shim.efi").string()}}));
    BEDPLATE_TRY(check_shim_signatures(listing));
    put_file(files, "EFI/BOOT/BOOTX64.EFI", std::move(shim));
    // gcdx64 looks for its configuration in /boot/grub of the medium, grubx64 in /EFI/debian of a disk's ESP.
    BEDPLATE_ASSIGN(auto grub, take(parts, "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"));
    put_file(files, "EFI/BOOT/grubx64.efi", std::move(grub));
    BEDPLATE_ASSIGN(auto manager, take(parts, "usr/lib/shim/mmx64.efi.signed"));
    put_file(files, "EFI/BOOT/mmx64.efi", std::move(manager));
    BEDPLATE_ASSIGN(auto net, take(parts, "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"));
    put_file(files, "pxe/grubx64.efi", std::move(net));
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
    return files;
}

Result<void> make_esp(CommandRunner& runner, const Tree& files, std::uint64_t epoch, const fs::path& scratch,
                      const fs::path& image) {
    BEDPLATE_TRY(fresh_directory(scratch));
    BEDPLATE_TRY(write_directory(files, scratch));
    std::uint64_t content = 0;
    for (const auto& [path, node] : files) {
        content += node.content.size() + 4096;
        // mcopy -m takes the time stamps over.
        std::error_code ignored;
        fs::last_write_time(
            scratch / path,
            fs::file_time_type::clock::from_sys(std::chrono::sys_seconds(std::chrono::seconds(epoch))),
            ignored);
    }
    const Bytes size = Bytes{content + mib(1).value}.ceil_to(mib(1));
    {
        BEDPLATE_ASSIGN(const auto file, File::open(image, File::Mode::create));
        BEDPLATE_TRY(file.write(size - Bytes{1}, std::string_view("\0", 1)));
    }
    BEDPLATE_TRY(
        run_checked(runner, {.argv = {"mkfs.vfat", "--invariant", "-n", "BEDPLATEESP", image.string()}}));
    Command copy{
        .argv = {"mcopy", "-s", "-m", "-i", image.string()},
        .environment = {
            {"MTOOLS_SKIP_CHECK", "1"}, {"TZ", "UTC"}, {"SOURCE_DATE_EPOCH", std::to_string(epoch)}}};
    for (const auto& [path, node] : files) {
        if (!path.contains('/')) {
            copy.argv.push_back((scratch / path).string());
        }
    }
    copy.argv.emplace_back("::/");
    BEDPLATE_TRY(run_checked(runner, copy));
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
    return {};
}

}  // namespace bedplate::image
