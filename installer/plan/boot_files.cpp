// SPDX-License-Identifier: GPL-3.0-or-later
// What the boot chain reads: shim -> GRUB (signed, prefix /EFI/debian) -> /boot/grub/grub.cfg -> kernel; on
// BIOS boot sector -> core image -> the same grub.cfg.
#include <format>

#include "base/text.hpp"
#include "plan/node_files.hpp"

namespace bedplate {
namespace {

/// In the device mapper's names a hyphen separates group and volume, so one inside a name is doubled.
std::string mapper_name(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        escaped += c;
        if (c == '-') {
            escaped += '-';
        }
    }
    return escaped;
}

std::string menu_entry(std::string_view title, std::string_view arguments) {
    return std::format(
        "menuentry \"{0} ({2})\" {{\n"
        "    linux /vmlinuz-{2} {1}\n"
        "    initrd /initrd.img-{2}\n"
        "}}\n",
        title, arguments, kernel_release_mark);
}

/// The signed GRUB can load no modules under Secure Boot: only commands that are built into it stand here.
std::string grub_cfg(const NodeFacts& facts) {
    const std::string root = std::format(
        "root=/dev/mapper/{}-{} ro", mapper_name(facts.storage.layout().volume_group), mapper_name("root"));
    const std::string arguments =
        std::format("{} {}", root, join(kernel_arguments(facts.profile, facts.inventory), " "));
    std::string text = std::format(
        "# Written by bedplate for the first boots; update-grub writes it anew with the next kernel.\n"
        "set default=0\n"
        "set timeout=5\n"
        "if serial --unit={} --speed=115200 --word=8 --parity=no --stop=1; then\n"
        "    terminal_input console serial\n"
        "    terminal_output console serial\n"
        "fi\n"
        "search --no-floppy --set=root --fs-uuid {}\n",
        serial_line(facts.inventory), facts.storage.ids().file_system("boot").to_text());
    text += menu_entry(facts.node.hostname, arguments);
    text += menu_entry(facts.node.hostname + " rescue", arguments + " systemd.unit=rescue.target");
    return text;
}

/// Handed from the ESP to /boot, which is a file system of its own: hence ($root)/grub.
std::string esp_stub(const NodeFacts& facts) {
    return std::format("search.fs_uuid {} root\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\n",
                       facts.storage.ids().file_system("boot").to_text());
}

std::string mark(const NodeFacts& facts) {
    const Json document{{"schema", "bedplate/mark/v1"},
                        {"state", "finished"},
                        {"cluster", facts.node.cluster_name},
                        {"hostname", facts.node.hostname},
                        {"generation", facts.node.install.generation},
                        {"firmware", to_string(facts.inventory.firmware.mode)},
                        {"plan_digest", plan_digest_mark}};
    return document.dump(2) + "\n";
}

}  // namespace

action::WriteFile grub_configuration(const NodeFacts& facts) {
    action::WriteFile result;
    result.path = "/boot/grub/grub.cfg";
    result.text = grub_cfg(facts);
    result.needs_kernel_release = true;
    return result;
}

action::WriteEsp esp_contents(const NodeFacts& facts, const SystemDisk& disk) {
    const action::PlannedPartition& partition = disk.layout.partition(esp_number);
    const std::string shim = "/usr/lib/shim/shimx64.efi.signed";
    const std::string manager = "/usr/lib/shim/mmx64.efi.signed";
    const std::string grub = "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed";
    action::WriteEsp esp;
    esp.device = partition_device(partition);
    esp.volume_id = disk.ids.esp_volume_id();
    esp.size = disk.layout.size_of(partition);
    esp.logical_block_size = disk.layout.logical_block_size;
    esp.copies = {{"EFI/debian/shimx64.efi", shim},  {"EFI/BOOT/BOOTX64.EFI", shim},
                  {"EFI/debian/mmx64.efi", manager}, {"EFI/BOOT/mmx64.efi", manager},
                  {"EFI/debian/grubx64.efi", grub},  {"EFI/BOOT/grubx64.efi", grub}};
    esp.texts = {{"EFI/debian/grub.cfg", esp_stub(facts)},
                 {"EFI/BOOT/grub.cfg", esp_stub(facts)},
                 {"bedplate/node.json", mark(facts)},
                 // By its name, a boot loader without a JSON parser sees what is installed here.
                 {std::format("bedplate/generation-{}", facts.node.install.generation),
                  std::format("{}\n", facts.node.install.generation)}};
    esp.withhold_first_block = facts.inventory.firmware.mode == FirmwareMode::uefi;
    return esp;
}

}  // namespace bedplate
