// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/actions.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"

namespace bedplate {
namespace {

using Ids = std::vector<std::string>;

// Shares of the progress bar, of about a thousand: unpacking the system is three quarters of the time.
constexpr std::uint32_t weight_verify_payload = 80;
constexpr std::uint32_t weight_extract = 750;
constexpr std::uint32_t weight_wipe = 5;
constexpr std::uint32_t weight_table = 10;
constexpr std::uint32_t weight_mkfs = 10;
constexpr std::uint32_t weight_esp = 15;
constexpr std::uint32_t weight_bios_loader = 15;
constexpr std::uint32_t weight_verify_target = 40;
constexpr std::uint32_t weight_unmount = 10;

constexpr std::string_view boot_entry_label = "bedplate";

/// "/etc/default/grub" -> "etc-default-grub", "/etc/systemd/network/10-nic0.link" -> "network.10-nic0.link"
std::string id_of_path(std::string_view path) {
    constexpr std::string_view network = "/etc/systemd/network/";
    if (path.starts_with(network)) {
        return std::format("network.{}", path.substr(network.size()));
    }
    std::string id(path.substr(path.starts_with('/') ? 1 : 0));
    std::ranges::replace(id, '/', '-');
    return id;
}

class Builder {
public:
    Builder(const NodeFacts& facts, const Disk& disk, DiskIdentity identity)
        : facts_(facts), disk_(disk), identity_(std::move(identity)) {}

    std::vector<Action> build(bool teardown) {
        preflight();
        const Ids blank = teardown ? tear_down() : Ids{verified_};
        partition(blank);
        make_volumes();
        make_file_systems();
        mount_all();
        extract();
        configure();
        boot_loader();
        seal();
        return std::move(actions_);
    }

private:
    /// Adds an action called `<stage>.<name>` and returns that id.
    std::string add(Stage stage, std::string_view name, ActionKind kind, Ids after, std::string summary,
                    std::uint32_t weight = 1) {
        Action action;
        action.id = std::format("{}.{}", to_string(stage), name);
        action.stage = stage;
        action.kind = std::move(kind);
        action.after = std::move(after);
        if (stage != Stage::preflight) {
            action.device = identity_;
        }
        action.summary = std::move(summary);
        action.weight = weight;
        actions_.push_back(std::move(action));
        return actions_.back().id;
    }

    void preflight() {
        verified_ =
            add(Stage::preflight, "payload", action::VerifyPayload{}, {},
                "check the signature of the manifest and every chunk of the payload", weight_verify_payload);
    }

    /// Returns what has to be done before the disk counts as blank.
    Ids tear_down() {
        Ids quiet{verified_};
        for (const Holder& holder : disk_.holders) {
            const std::string id = "teardown.vg." + holder.name;
            if (holder.kind == Holder::Kind::lvm && !holder.name.empty() &&
                std::ranges::find(actions_, id, &Action::id) == actions_.end()) {
                quiet.push_back(add(Stage::teardown, "vg." + holder.name,
                                    action::DeactivateVolumeGroup{.name = holder.name}, {verified_},
                                    std::format("switch off volume group {}", holder.name)));
            }
        }
        std::ranges::sort(quiet);
        const std::string wiped =
            add(Stage::teardown, "wipe", action::WipeDisk{.partitions = disk_.partitions}, quiet,
                std::format("erase every signature on {}", identity_.to_text()), weight_wipe);
        actions_.back().destructive = true;
        return {wiped};
    }

    void partition(const Ids& blank) {
        table_ =
            add(Stage::partition, "table",
                action::WritePartitionTable{.disk_guid = facts_.ids.disk(),
                                            .logical_block_size = facts_.layout.logical_block_size,
                                            .partitions = facts_.layout.partitions},
                blank, std::format("write a new partition table to {}", identity_.to_text()), weight_table);
        actions_.back().destructive = true;
    }

    /// One volume after the other, so that they lie on the disk in this order.
    void make_volumes() {
        const std::string device = partition_device(facts_.layout.partition(lvm_number));
        const std::string& group = facts_.layout.volume_group;
        std::string last = add(Stage::format, "pv", action::CreatePhysicalVolume{.device = device}, {table_},
                               "make the LVM partition a physical volume");
        last = add(Stage::format, "vg", action::CreateVolumeGroup{.name = group, .device = device}, {last},
                   std::format("create volume group {}", group));
        for (const PlannedVolume& volume : facts_.layout.volumes) {
            last =
                add(Stage::format, "lv." + volume.name,
                    action::CreateLogicalVolume{
                        .volume_group = group, .name = volume.name, .device = device, .size = volume.size},
                    {last}, std::format("create volume {} of {}", volume.name, to_binary_text(volume.size)));
        }
    }

    std::string make_ext4(const std::string& role, const std::string& device, const std::string& path,
                          const std::string& after) {
        return add(Stage::format, "mkfs." + role,
                   action::MakeFileSystem{.device = device,
                                          .type = "ext4",
                                          .label = "bedplate-" + role,
                                          .uuid = facts_.ids.file_system(role)},
                   {after}, std::format("make the ext4 file system for {}", path), weight_mkfs);
    }

    void make_file_systems() {
        make_ext4("boot", partition_device(facts_.layout.partition(boot_number)), "/boot", table_);
        for (const PlannedVolume& volume : facts_.layout.volumes) {
            const std::string device = volume_device(facts_.layout.volume_group, volume.name);
            const std::string created = "format.lv." + volume.name;
            if (!volume.mount_path.empty()) {
                make_ext4(volume.name, device, volume.mount_path, created);
                continue;
            }
            swap_ = add(Stage::format, "mkswap." + volume.name,
                        action::MakeSwap{.device = device,
                                         .label = "bedplate-" + volume.name,
                                         .uuid = facts_.ids.file_system(volume.name)},
                        {created}, "make the swap area");
        }
    }

    /// Each after the mounted file system that holds its mount point.
    std::string mount(const std::string& role, const std::string& device, const std::string& path) {
        Ids after{"format.mkfs." + role};
        std::string holder;
        for (const auto& [mounted, id] : mounts_) {
            if (path.starts_with(mounted) && mounted.size() > holder.size()) {
                holder = mounted;
                after.resize(1);
                after.push_back(id);
            }
        }
        return add(Stage::format, "mount." + role, action::MountVolume{.device = device, .path = path}, after,
                   std::format("mount the file system for {}", path));
    }

    void mount_all() {
        for (const PlannedVolume& volume : facts_.layout.volumes) {
            if (!volume.mount_path.empty()) {
                const std::string device = volume_device(facts_.layout.volume_group, volume.name);
                mounts_.emplace_back(volume.mount_path, mount(volume.name, device, volume.mount_path));
            }
            if (volume.mount_path == "/") {
                const std::string device = partition_device(facts_.layout.partition(boot_number));
                mounts_.emplace_back("/boot", mount("boot", device, "/boot"));
            }
        }
    }

    void extract() {
        Ids after{verified_};
        for (const auto& [path, id] : mounts_) {
            after.push_back(id);
        }
        extracted_ = add(Stage::extract, "payload", action::ExtractPayload{}, after,
                         "unpack the node's system", weight_extract);
    }

    void configure() {
        for (action::WriteFile& file : node_files(facts_)) {
            write(Stage::configure, std::move(file));
        }
        const bool locked = !facts_.node.root_password_hash.has_value();
        configured_.push_back(
            add(Stage::configure, "root-password", action::SetRootPassword{.locked = locked}, {extracted_},
                locked ? "lock root's password" : "set root's password from the site's answers"));
    }

    void write(Stage stage, action::WriteFile file) {
        const std::string path = file.path;
        const std::string summary = file.link_target.empty()
                                        ? std::format("write {}", path)
                                        : std::format("link {} to {}", path, file.link_target);
        configured_.push_back(add(stage, id_of_path(path), std::move(file), {extracted_}, summary));
    }

    bool uefi() const { return facts_.inventory.firmware.mode == FirmwareMode::uefi; }

    void boot_loader() {
        write(Stage::bootloader, grub_configuration(facts_));
        configured_.push_back(add(Stage::bootloader, "esp", esp_contents(facts_), {extracted_, table_},
                                  uefi() ? "write the EFI system partition except for its first block"
                                         : "write the EFI system partition",
                                  weight_esp));
        if (!uefi()) {
            configured_.push_back(add(Stage::bootloader, "grub-bios", action::PrepareBiosLoader{},
                                      {extracted_}, "prepare GRUB for BIOS, without the boot sector",
                                      weight_bios_loader));
        }
    }

    std::vector<std::string> files_to_verify() const {
        const std::string release(kernel_release_mark);
        std::vector<std::string> files{"/boot/vmlinuz-" + release, "/boot/initrd.img-" + release,
                                       "/boot/grub/grub.cfg", "/etc/fstab", "/etc/hostname"};
        if (!uefi()) {
            files.insert(files.end(), {"/boot/grub/i386-pc/boot.img", "/boot/grub/i386-pc/core.img",
                                       "/boot/grub/i386-pc/normal.mod"});
        }
        return files;
    }

    // The sector that makes the disk bootable is the last that is written to it. GRUB's tool for BIOS reads
    // the core image from /boot, so there the file systems, already written out and verified, are let go
    // after it.
    void seal() {
        Ids complete = configured_;
        if (!swap_.empty()) {
            complete.push_back(swap_);
        }
        std::ranges::sort(complete);
        const std::string verified =
            add(Stage::seal, "verify", action::VerifyTarget{.files = files_to_verify()}, complete,
                "write everything out, read the boot files back and compare", weight_verify_target);
        const std::string esp = partition_device(facts_.layout.partition(esp_number));
        const action::CommitBoot commit{.firmware = facts_.inventory.firmware.mode, .esp_device = esp};
        if (!uefi()) {
            const std::string done = add(Stage::seal, "commit", commit, {verified},
                                         "write GRUB's boot sector: from here on the disk boots");
            add(Stage::seal, "unmount", action::UnmountTarget{}, {done}, "unmount the node's file systems",
                weight_unmount);
            return;
        }
        const std::string unmounted = add(Stage::seal, "unmount", action::UnmountTarget{}, {verified},
                                          "unmount the node's file systems", weight_unmount);
        const std::string done =
            add(Stage::seal, "commit", commit, {unmounted},
                "write the first block of the EFI system partition: from here on the disk boots");
        add(Stage::seal, "boot-entry",
            action::SetBootEntry{.label = std::string(boot_entry_label),
                                 .loader = "\\EFI\\debian\\shimx64.efi",
                                 .esp_number = esp_number},
            {done}, "put the disk first in the firmware's boot order");
    }

    const NodeFacts& facts_;
    const Disk& disk_;
    DiskIdentity identity_;
    std::vector<Action> actions_;
    std::string verified_, table_, swap_, extracted_;
    std::vector<std::pair<std::string, std::string>> mounts_;  ///< path, id
    Ids configured_;
};

}  // namespace

std::vector<Action> build_actions(const NodeFacts& facts, const Disk& disk, const DiskIdentity& identity,
                                  bool teardown) {
    return Builder(facts, disk, identity).build(teardown);
}

}  // namespace bedplate
