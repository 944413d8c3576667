// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/actions.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/fencing.hpp"
#include "cluster/services.hpp"
#include "plan/action_list.hpp"
#include "plan/storage_actions.hpp"
#include "plan/teardown.hpp"

namespace bedplate {
namespace {

// Shares of the progress bar, of about a thousand: unpacking the system is three quarters of the time.
constexpr std::uint32_t weight_verify_payload = 80;
constexpr std::uint32_t weight_extract = 750;
constexpr std::uint32_t weight_initramfs = 30;
constexpr std::uint32_t weight_esp = 15;
constexpr std::uint32_t weight_bios_loader = 15;
constexpr std::uint32_t weight_verify_target = 40;
constexpr std::uint32_t weight_unmount = 10;

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
    explicit Builder(const NodeFacts& facts) : facts_(facts), actions_(identities(facts.storage)) {}

    Result<std::vector<Action>> build() {
        verified_ = actions_.add(Stage::preflight, "payload", action::VerifyPayload{}, {},
                                 "check the signature of the manifest and every chunk of the payload",
                                 weight_verify_payload);
        BEDPLATE_TRY(clear_disks());
        storage_ = add_storage_actions(facts_.storage, verified_, actions_);
        extract();
        configure();
        boot_loader();
        seal();
        return actions_.take();
    }

private:
    static std::vector<DiskIdentity> identities(const StoragePlan& storage) {
        std::vector<DiskIdentity> disks;
        for (const SystemDisk& disk : storage.system) {
            disks.push_back(disk.chosen->identity);
        }
        return disks;
    }

    Result<void> clear_disks() {
        std::vector<ErasedDisk> disks;
        for (const ChosenDisk& chosen : facts_.storage.disks) {
            if (chosen.verdict == Verdict::erase) {
                disks.push_back({.disk = chosen.disk, .identity = chosen.identity, .label = chosen.label});
            }
        }
        BEDPLATE_ASSIGN(std::vector<Action> teardown, tear_down(facts_.inventory, disks, verified_));
        actions_.append(std::move(teardown));
        return {};
    }

    void extract() {
        ActionIds after{verified_};
        for (const auto& [path, id] : storage_.mounts) {
            after.push_back(id);
        }
        extracted_ = actions_.add(Stage::extract, "payload", action::ExtractPayload{}, after,
                                  "unpack the node's system", weight_extract);
    }

    void configure() {
        for (action::WriteFile& file : node_files(facts_)) {
            write(Stage::configure, std::move(file));
        }
        const bool locked = !facts_.node.root_password_hash.has_value();
        configured_.push_back(actions_.add(
            Stage::configure, "root-password", action::SetRootPassword{.locked = locked}, {extracted_},
            locked ? "lock root's password" : "set root's password from the site's answers"));
        if (facts_.node.cluster == NodeEntry::ClusterAction::join) {
            const std::string path = "/etc/bedplate/join-ticket";
            configured_.push_back(actions_.add(Stage::configure, "join-ticket",
                                               action::HandOverTicket{.path = path}, {extracted_},
                                               "hand the join ticket over to the node, where there is one"));
        }
        if (facts_.profile.fencing && facts_.profile.fencing->via == "bmc") {
            hand_over("bmc", bmc_path, "hand over what opens the machine's BMC, where the secrets say it");
        }
        if (needs_secrets(facts_.node)) {
            hand_over("secrets", node_secrets_path,
                      "hand over what the node's services need of the secrets, where there is any");
        }
        if (facts_.storage.mirrored() || facts_.storage.encryption != Encryption::none) {
            // It takes up mdadm.conf, crypttab and fstab.
            configured_.push_back(actions_.add(Stage::configure, "initramfs", action::UpdateInitramfs{},
                                               configured_, "let the node make its initramfs for these disks",
                                               weight_initramfs));
        }
    }

    void hand_over(const std::string& id, std::string_view path, const std::string& summary) {
        configured_.push_back(actions_.add(
            Stage::configure, id, action::HandOverSecrets{.path = std::string(path)}, {extracted_}, summary));
    }

    void write(Stage stage, action::WriteFile file) {
        const std::string path = file.path;
        const std::string summary = file.link_target.empty()
                                        ? std::format("write {}", path)
                                        : std::format("link {} to {}", path, file.link_target);
        configured_.push_back(actions_.add(stage, id_of_path(path), std::move(file), {extracted_}, summary));
    }

    bool uefi() const { return facts_.inventory.firmware.mode == FirmwareMode::uefi; }

    void boot_loader() {
        write(Stage::bootloader, grub_configuration(facts_));
        for (std::size_t i = 0; i < facts_.storage.system.size(); ++i) {
            const SystemDisk& disk = facts_.storage.system[i];
            const std::vector only{disk.chosen->identity};
            configured_.push_back(
                actions_.add_on(only, Stage::bootloader, "esp" + disk.chosen->label,
                                esp_contents(facts_, disk), {extracted_, storage_.tables[i]},
                                uefi() ? "write the EFI system partition except for its first block"
                                       : "write the EFI system partition",
                                weight_esp));
            if (!uefi()) {
                configured_.push_back(actions_.add_on(
                    only, Stage::bootloader, "grub-bios" + disk.chosen->label,
                    action::PrepareBiosLoader{.array = facts_.storage.mirrored()}, {extracted_},
                    "prepare GRUB for BIOS, without the boot sector", weight_bios_loader));
            }
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
    // the core image from /boot, so there the file systems are read-only while it works, and let go after it.
    void seal() {
        ActionIds complete = configured_;
        complete.insert(complete.end(), storage_.others.begin(), storage_.others.end());
        if (!storage_.swap.empty()) {
            complete.push_back(storage_.swap);
        }
        std::ranges::sort(complete);
        const std::string verified =
            actions_.add(Stage::seal, "verify", action::VerifyTarget{.files = files_to_verify()}, complete,
                         "write everything out, read the boot files back and compare", weight_verify_target);
        if (uefi()) {
            set_boot_entries(commit(unmount(verified)));
        } else {
            unmount(commit(protect(verified)));
        }
    }

    std::string protect(const std::string& after) {
        action::ProtectTarget protect;
        for (const auto& [path, id] : storage_.mounts) {
            protect.paths.push_back(path);
        }
        std::ranges::sort(protect.paths, std::greater{}, [](const std::string& path) { return path.size(); });
        return actions_.add(Stage::seal, "protect", std::move(protect), {after},
                            "make the node's file systems read-only");
    }

    std::string unmount(const std::string& after) {
        return actions_.add(Stage::seal, "unmount", action::UnmountTarget{}, {after},
                            "unmount the node's file systems", weight_unmount);
    }

    /// One disk after the other: when the power goes in between, the first boots the finished system. Returns
    /// the last.
    std::string commit(std::string last) {
        for (const SystemDisk& disk : facts_.storage.system) {
            const std::string esp = partition_device(disk.layout.partition(esp_number));
            last = actions_.add_on(
                {disk.chosen->identity}, Stage::seal, "commit" + disk.chosen->label,
                action::CommitBoot{.firmware = facts_.inventory.firmware.mode, .esp_device = esp}, {last},
                uefi() ? "write the first block of the EFI system partition: from here on the disk boots"
                       : "write GRUB's boot sector: from here on the disk boots");
        }
        return last;
    }

    /// A new entry goes to the front, so the first disk's is made last.
    void set_boot_entries(std::string last) {
        for (std::size_t i = facts_.storage.system.size(); i-- > 0;) {
            const ChosenDisk& disk = *facts_.storage.system[i].chosen;
            last =
                actions_.add_on({disk.identity}, Stage::seal, "boot-entry" + disk.label,
                                action::SetBootEntry{.label = boot_entry_label(i),
                                                     .loader = "\\EFI\\debian\\shimx64.efi",
                                                     .esp_number = esp_number,
                                                     .position = static_cast<std::uint32_t>(i)},
                                {last},
                                i == 0 ? "put the disk first in the firmware's boot order"
                                       : "put the other disk of the mirror into the firmware's boot order");
        }
    }

    const NodeFacts& facts_;
    ActionList actions_;
    std::string verified_, extracted_;
    StorageIds storage_;
    ActionIds configured_;
};

}  // namespace

Result<std::vector<Action>> build_actions(const NodeFacts& facts) {
    return Builder(facts).build();
}

}  // namespace bedplate
