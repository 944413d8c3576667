// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/guest_image.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "image/bootfiles.hpp"
#include "image/environment.hpp"
#include "image/inspect.hpp"
#include "image/medium.hpp"

namespace bedplate::lab {

namespace {

namespace fs = std::filesystem;
using image::Tree;
using pulse::RingLayout;

/// A virtual machine's disk and network, on either bus of libvirt's, and its power button.
const std::vector<std::string>& wanted_modules() {
    static const std::vector<std::string> globs{"drivers/virtio/virtio_pci", "drivers/block/virtio_blk",
                                                "drivers/net/virtio_net",    "drivers/scsi/virtio_scsi",
                                                "drivers/scsi/sd_mod",       "drivers/acpi/button",
                                                "drivers/input/evdev"};
    return globs;
}

/// GRUB finds the image's own file system by this file.
constexpr std::string_view own_file = ".disk/bedplate-pulse";
constexpr std::string_view modules_root = "usr/lib/modules/";

std::string find_menu() {
    return std::format(
        "search --no-floppy --set=root --file /{}\nset prefix=($root)/boot/grub\nconfigfile "
        "$prefix/grub.cfg\n",
        own_file);
}

/// The kernel's modules in the installer's initramfs, and depmod's files, by their paths below the folder of
/// the kernel's release.
Result<std::map<std::string, std::string>> read_modules(const image::OpenedImage& medium) {
    BEDPLATE_ASSIGN(const auto extent, medium.directory.find(image::initramfs_path));
    BEDPLATE_ASSIGN(const auto mapped, image::MappedFile::open(medium.file.path()));
    BEDPLATE_ASSIGN(
        const auto tree,
        image::read_initramfs(mapped.text().substr(extent.offset.value, extent.size.value),
                              [](std::string_view path) { return path.starts_with(modules_root); }));
    std::map<std::string, std::string> files;
    for (const auto& [path, node] : tree) {
        if (const auto slash = path.find('/', modules_root.size()); slash != std::string::npos) {
            files.emplace(path.substr(slash + 1), node.content);
        }
    }
    return files;
}

Result<std::string> make_initramfs(const image::OpenedImage& medium, const std::string& program) {
    BEDPLATE_ASSIGN(auto files, read_modules(medium));
    const auto selected =
        image::select_modules(files["modules.dep"], files["modules.softdep"], wanted_modules());
    Tree tree;
    image::put_file(tree, "init", program, 0755);
    unsigned number = 0;
    for (const auto& path : load_order(files["modules.dep"], selected)) {
        BEDPLATE_ASSIGN(auto module, image::uncompressed(files[path], path));
        const auto name = path.substr(path.rfind('/') + 1);
        image::put_file(tree, std::format("modules/{:02}-{}.ko", number++, name.substr(0, name.find(".ko"))),
                        std::move(module));
    }
    return image::to_cpio(tree, medium.manifest.source_date_epoch);
}

/// What the image's file systems hold: its own, and the EFI system partition's.
Result<std::pair<Tree, Tree>> make_trees(const GuestParts& parts, const image::OpenedImage& medium) {
    BEDPLATE_ASSIGN(const auto program, image::read_text(parts.program));
    BEDPLATE_ASSIGN(auto initramfs, make_initramfs(medium, program));
    Tree own, esp;
    for (const auto* path : {"boot/vmlinuz", "boot/grub/i386-pc/eltorito.img"}) {
        BEDPLATE_ASSIGN(auto content, medium.directory.read_file(medium.file, path));
        image::put_file(own, path, std::move(content));
    }
    for (const auto* path : {"EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/grubx64.efi"}) {
        BEDPLATE_ASSIGN(auto content, medium.directory.read_file(medium.file, path));
        image::put_file(esp, path, std::move(content));
    }
    image::put_file(own, "boot/pulse.cpio", std::move(initramfs));
    image::put_file(own, "boot/grub/grub.cfg", guest_menu(parts.settings));
    image::put_file(own, std::string(own_file), "pulse\n");
    for (const auto* path : {"boot/grub/grub.cfg", "EFI/debian/grub.cfg"}) {
        image::put_file(esp, path, find_menu());
    }
    return std::pair(std::move(own), std::move(esp));
}

/// Room for the rings behind the file systems, and the mark by which the pulse knows its disk.
Result<void> add_rings(const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (error || size > RingLayout::mark_offset) {
        return fail("guest.size",
                    std::format("kernel, modules and loaders need {} bytes, there is room for {}", size,
                                RingLayout::mark_offset),
                    file.string());
    }
    fs::resize_file(file, RingLayout::image_size, error);
    if (error) {
        return fail("file.write", error.message(), file.string());
    }
    BEDPLATE_ASSIGN(const auto opened, image::File::open(file, image::File::Mode::update));
    return opened.write(Bytes{RingLayout::mark_offset}, RingLayout::mark);
}

}  // namespace

Result<void> make_guest(CommandRunner& commands, const GuestParts& parts, const fs::path& output) {
    BEDPLATE_ASSIGN(const auto medium, image::open_image(parts.medium, image::File::Mode::read));
    BEDPLATE_ASSIGN(const auto trees, make_trees(parts, medium));
    const auto stage = parts.scratch / "stage", esp = parts.scratch / "esp.img",
               mbr = parts.scratch / "mbr.img";
    BEDPLATE_TRY(image::fresh_directory(parts.scratch));
    BEDPLATE_TRY(image::fresh_directory(stage));
    BEDPLATE_TRY(image::write_directory(trees.first, stage));
    const auto epoch = medium.manifest.source_date_epoch;
    BEDPLATE_TRY(image::make_esp(commands, trees.second, epoch, parts.scratch / "esp", esp));
    // The medium's own boot sector is the one that starts its loader from a disk.
    std::string sector(512, '\0');
    BEDPLATE_TRY(medium.file.read(Bytes{0}, std::as_writable_bytes(std::span(sector))));
    BEDPLATE_TRY(image::write_text(mbr, sector));
    std::error_code error;
    fs::remove(output, error);
    BEDPLATE_TRY(run_checked(commands, image::iso_command(stage, esp, mbr, output, "pulse", epoch)));
    fs::remove_all(parts.scratch, error);
    return add_rings(output);
}

Result<fs::path> pulse_program() {
    std::error_code error;
    const auto path = fs::read_symlink("/proc/self/exe", error).parent_path() / "bedplate-pulse";
    if (!fs::exists(path, error)) {
        return fail("guest.program", "the program of the machine that drills watch is not there",
                    path.string(), "it is in the package bedplate-lab, and made by a build");
    }
    return path;
}

std::vector<std::string> load_order(std::string_view modules_dep, const std::set<std::string>& modules) {
    std::map<std::string, std::size_t> needs;
    for (const auto& line : split(modules_dep, '\n')) {
        needs[line.substr(0, line.find(':'))] = static_cast<std::size_t>(std::ranges::count(line, ' '));
    }
    std::vector<std::string> order(modules.begin(), modules.end());
    std::ranges::stable_sort(order, {}, [&](const std::string& path) { return needs[path]; });
    return order;
}

std::string guest_menu(const pulse::Settings& settings) {
    // It runs emulated inside of what is emulated: whatever is not needed is left out.
    return std::format(
        "linux /boot/vmlinuz console=ttyS0,115200n8 quiet loglevel=4 panic=5 mitigations=off "
        "nokaslr audit=0 cryptomgr.notests random.trust_cpu=on {}\ninitrd /boot/pulse.cpio\nboot\n",
        pulse::to_command_line(settings));
}

}  // namespace bedplate::lab
