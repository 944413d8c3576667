// SPDX-License-Identifier: GPL-3.0-or-later
// The tools behind each kind of action. Every name of a device is one that udev derives from the plan's own
// identifiers, or the path the executor found by the disk's identity. LVM commands that create see the plan's
// physical volume only (--devices), so no volume group on another disk can get in their way or be hit.
#include <format>
#include <ranges>

#include "plan/layout.hpp"
#include "plan/plan.hpp"

namespace bedplate {
namespace {

using Argv = std::vector<std::string>;
using Commands = std::vector<Argv>;

Commands of(const action::VerifyPayload& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

// Only the labels are zeroed by the program itself. Volumes of an old OSD are off: nothing switches them on
// in the installer.
Commands of(const action::ZapBluestore& kind, const CommandContext& /*context*/) {
    if (kind.volume.empty()) {
        return {};
    }
    return {{"lvchange", "--yes", "--activate", "y", kind.volume}};
}

Commands of(const action::CloseCrypt& kind, const CommandContext& /*context*/) {
    return {{"cryptsetup", "close", kind.name}};
}

Commands of(const action::DeactivateVolumeGroup& kind, const CommandContext& /*context*/) {
    if (!kind.uuid.empty()) {
        return {{"vgchange", "--yes", "--activate", "n", "--select", "vg_uuid=" + kind.uuid}};
    }
    return {{"vgchange", "--yes", "--activate", "n", kind.name}};
}

Commands of(const action::StopArray& kind, const CommandContext& /*context*/) {
    return {{"mdadm", "--stop", kind.device}};
}

Commands of(const action::StopBcache& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

Commands of(const action::RemoveMultipathMap& kind, const CommandContext& /*context*/) {
    return {{"multipath", "-f", kind.name}};
}

// From the last partition to the first and the whole disk at the end: wipefs does not look for a file system
// on a disk while a partition table is on it. --force, since the kernel still holds the old partitions.
Commands of(const action::WipeDisk& kind, const CommandContext& context) {
    Commands result;
    for (const auto& partition : std::views::reverse(kind.partitions)) {
        result.push_back({"wipefs", "--all", "--force", partition_path(context.disk, partition.number)});
    }
    result.push_back({"wipefs", "--all", "--force", context.disk});
    return result;
}

Commands of(const action::WritePartitionTable& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

// Metadata 1.2 is at the start, so that no half ever looks like a file system of its own; GRUB reads it
// (mdraid1x). The name holds no host: the node's mdadm.conf names arrays by UUID. --run answers the question
// whether a member that looks used may be taken; the wipe before it is why none does.
Commands of(const action::CreateArray& kind, const CommandContext& /*context*/) {
    Commands result;
    for (const std::string& member : kind.members) {
        result.push_back({"wipefs", "--all", member});
    }
    Argv create{"mdadm",
                "--create",
                "/dev/md/" + kind.name,
                "--run",
                "--level=" + kind.level,
                std::format("--raid-devices={}", kind.members.size()),
                "--metadata=1.2",
                std::format("--data-offset={}K", array_data_offset.value >> 10U),
                "--bitmap=internal",
                "--homehost=any",
                "--name=" + kind.name,
                "--uuid=" + md_uuid_text(kind.uuid)};
    create.insert(create.end(), kind.members.begin(), kind.members.end());
    result.push_back(std::move(create));
    return result;
}

// The key comes on standard input.
Commands of(const action::CreateCrypt& kind, const CommandContext& /*context*/) {
    return {{"wipefs", "--all", kind.device},
            {"cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", "--uuid", kind.uuid.to_text(),
             "--label", kind.label, "--offset", std::to_string(crypt_data_offset.value / 512), "--key-file",
             "-", kind.device}};
}

Commands of(const action::OpenCrypt& kind, const CommandContext& /*context*/) {
    return {{"cryptsetup", "open", "--type", "luks2", "--allow-discards", "--key-file", "-", kind.device,
             kind.name}};
}

Commands of(const action::BindTpm2& kind, const CommandContext& /*context*/) {
    return {{"clevis", "luks", "bind", "-y", "-k", "-", "-d", kind.device, "tpm2",
             R"({"pcr_bank":"sha256","pcr_ids":"7"})"}};
}

// The alignment is given, so that the first extent is at 1 MiB whatever stripe size a RAID controller
// reports: the planner's sum of the volumes holds to the extent.
Commands of(const action::CreatePhysicalVolume& kind, const CommandContext& /*context*/) {
    return {{"wipefs", "--all", kind.device},
            {"pvcreate", "--devices", kind.device, "--yes", "--zero", "y", "--dataalignment", "1m",
             "--dataalignmentoffset", "0", kind.device}};
}

Commands of(const action::CreateVolumeGroup& kind, const CommandContext& /*context*/) {
    return {{"vgcreate", "--devices", kind.device, "--yes", "--physicalextentsize", "4m", kind.name,
             kind.device}};
}

// Sizes are whole extents, so MiB are exact.
Commands of(const action::CreateLogicalVolume& kind, const CommandContext& /*context*/) {
    return {{"lvcreate", "--devices", kind.device, "--yes", "--activate", "y", "--wipesignatures", "y",
             "--zero", "y", "--name", kind.name, "--size", std::format("{}m", kind.size.value >> 20U),
             kind.volume_group}};
}

// The hash seed is given, since mkfs draws a random one otherwise and no two runs would agree.
Commands of(const action::MakeFileSystem& kind, const CommandContext& /*context*/) {
    const std::string uuid = kind.uuid.to_text();
    return {{"wipefs", "--all", kind.device},
            {"mkfs." + kind.type, "-q", "-F", "-U", uuid, "-L", kind.label, "-E",
             "lazy_itable_init=1,lazy_journal_init=1,hash_seed=" + uuid, kind.device}};
}

Commands of(const action::MakeSwap& kind, const CommandContext& /*context*/) {
    return {{"wipefs", "--all", kind.device},
            {"mkswap", "--uuid", kind.uuid.to_text(), "--label", kind.label, kind.device}};
}

Commands of(const action::MountVolume& kind, const CommandContext& context) {
    const std::string where = kind.path == "/" ? context.target : context.target + kind.path;
    return {{"mount", "--mkdir", "--types", "ext4", "--options", "noatime", kind.device, where}};
}

Commands of(const action::ExtractPayload& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

Commands of(const action::WriteFile& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

Commands of(const action::SetRootPassword& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

Commands of(const action::HandOverTicket& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

Commands of(const action::HandOverSecrets& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

// mkinitramfs looks at the machine's devices, processes and kernel. umount --recursive at the end of the
// installation would take care of a mount that is left over.
// The hook of mdadm mounts efivarfs inside and leaves it there: hence --recursive, and private mounts, so
// that the installer's own /sys neither gets that mount nor loses one.
Commands of(const action::UpdateInitramfs& /*kind*/, const CommandContext& context) {
    const auto at = [&](std::string_view path) { return context.target + std::string(path); };
    return {{"mount", "--bind", "--make-private", "/dev", at("/dev")},
            {"mount", "--types", "proc", "proc", at("/proc")},
            {"mount", "--bind", "--make-private", "/sys", at("/sys")},
            {"chroot", context.target, "update-initramfs", "-u", "-k", "all"},
            {"umount", "--recursive", at("/sys")},
            {"umount", at("/proc")},
            {"umount", at("/dev")}};
}

// An md superblock at the end of the partition (metadata 1.0, the usual one under a mirrored ESP) is outside
// of what a new FAT overwrites.
Commands of(const action::WriteEsp& kind, const CommandContext& /*context*/) {
    return {{"wipefs", "--all", kind.device}};
}

// The modules come from the node's own tree, so that boot sector, core image and modules are one version.
Commands of(const action::PrepareBiosLoader& kind, const CommandContext& context) {
    return {{"grub-install", "--target=i386-pc", "--directory=" + context.target + "/usr/lib/grub/i386-pc",
             "--boot-directory=" + context.target + "/boot", "--no-bootsector",
             kind.array ? "--modules=part_gpt mdraid1x ext2" : "--modules=part_gpt ext2", context.disk}};
}

Commands of(const action::VerifyTarget& /*kind*/, const CommandContext& /*context*/) {
    return {};
}

Commands of(const action::ProtectTarget& kind, const CommandContext& context) {
    Commands result;
    for (const std::string& path : kind.paths) {
        result.push_back(
            {"mount", "--options", "remount,ro", path == "/" ? context.target : context.target + path});
    }
    return result;
}

Commands of(const action::UnmountTarget& /*kind*/, const CommandContext& context) {
    return {{"umount", "--recursive", context.target}};
}

Commands of(const action::CommitBoot& kind, const CommandContext& context) {
    if (kind.firmware == FirmwareMode::uefi) {
        return {};
    }
    // Debian keeps this tool beside the modules, outside of any search path.
    return {{context.target + "/usr/lib/grub/i386-pc/grub-bios-setup",
             "--directory=" + context.target + "/boot/grub/i386-pc", context.disk}};
}

// A new entry goes to the front of the boot order. Older ones of this label have numbers that only the
// firmware knows: the executor finds and deletes them.
Commands of(const action::SetBootEntry& kind, const CommandContext& context) {
    return {{"efibootmgr", "--quiet", "--create", "--disk", context.disk, "--part",
             std::to_string(kind.esp_number), "--label", kind.label, "--loader", kind.loader}};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string_view to_string(Stage stage) {
    switch (stage) {
        case Stage::preflight:
            return "preflight";
        case Stage::teardown:
            return "teardown";
        case Stage::partition:
            return "partition";
        case Stage::format:
            return "format";
        case Stage::extract:
            return "extract";
        case Stage::configure:
            return "configure";
        case Stage::bootloader:
            return "bootloader";
        case Stage::seal:
            return "seal";
    }
    return "unknown";
}

std::string_view kind_name(const ActionKind& kind) {
    return std::visit([](const auto& one) { return one.kind; }, kind);
}

std::string md_uuid_text(const Guid& uuid) {
    std::string text;
    for (const char c : uuid.to_text()) {
        if (c == '-') {
            continue;
        }
        if (text.size() % 9 == 8) {
            text += ':';
        }
        text += c;
    }
    return text;
}

std::string array_device(const Guid& uuid) {
    return "/dev/disk/by-id/md-uuid-" + md_uuid_text(uuid);
}

std::string_view to_string(PlannedOsd::State state) {
    return state == PlannedOsd::State::create ? "create" : "keep";
}

std::string partition_path(std::string_view disk, std::uint32_t number) {
    if (!disk.starts_with("/dev/") || disk.starts_with("/dev/disk/")) {
        return std::format("{}-part{}", disk, number);
    }
    const bool ends_in_digit = !disk.empty() && is_digit(disk.back());
    return std::format("{}{}{}", disk, ends_in_digit ? "p" : "", number);
}

std::vector<std::vector<std::string>> commands(const Action& action, const CommandContext& context) {
    return std::visit([&](const auto& kind) { return of(kind, context); }, action.kind);
}

}  // namespace bedplate
