// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/identifiers.hpp"
#include "base/json.hpp"
#include "base/manifest.hpp"
#include "base/quantities.hpp"
#include "base/report.hpp"
#include "base/result.hpp"
#include "inventory/inventory.hpp"
#include "plan/network_model.hpp"
#include "profile/profile.hpp"

namespace bedplate {

/// In this order; an action never runs before all actions of earlier stages.
enum class Stage { preflight, teardown, partition, format, extract, configure, bootloader, seal };

[[nodiscard]] std::string_view to_string(Stage stage);

/// Stand in texts for what the plan cannot know; the executor puts the value there.
inline constexpr std::string_view kernel_release_mark = "@KERNEL_RELEASE@";
inline constexpr std::string_view plan_digest_mark = "@PLAN_DIGEST@";

// One struct per kind of action, with its name in the plan's JSON. Each says *what* shall be, never how;
// `commands()` says which tools are run for it. Devices are named by links that udev makes from the plan's
// own identifiers: /dev/disk/by-partuuid/<guid> for partitions, /dev/<vg>/<lv> for volumes; whole disks by
// DiskIdentity.
namespace action {

/// Check the signature of the manifest and the digest of every chunk before anything is written.
struct VerifyPayload {
    static constexpr std::string_view kind = "verify-payload";
};
/// Switch off what an earlier installation of this very node left active on the disk (volume group).
struct DeactivateVolumeGroup {
    static constexpr std::string_view kind = "deactivate-volume-group";
    std::string name;
};
/// Erase every signature: partitions from the last to the first, then the whole disk (first and last MiB
/// zeroed).
struct WipeDisk {
    static constexpr std::string_view kind = "wipe-disk";
    std::vector<PartitionFacts> partitions;  ///< as the inventory saw them
};
struct PlannedPartition {
    std::uint32_t number = 0;
    std::string name;  ///< GPT partition name
    Guid type, guid;
    Lba first, last;  ///< inclusive, in logical blocks of the disk
};
/// A new GPT, exactly as given.
struct WritePartitionTable {
    static constexpr std::string_view kind = "write-partition-table";
    Guid disk_guid;
    Bytes logical_block_size;
    std::vector<PlannedPartition> partitions;
};
struct CreatePhysicalVolume {
    static constexpr std::string_view kind = "create-physical-volume";
    std::string device;
};
struct CreateVolumeGroup {
    static constexpr std::string_view kind = "create-volume-group";
    std::string name, device;
};
struct CreateLogicalVolume {
    static constexpr std::string_view kind = "create-logical-volume";
    std::string volume_group, name, device;  ///< `device`: the physical volume
    Bytes size;
};
struct MakeFileSystem {
    static constexpr std::string_view kind = "make-file-system";
    std::string device;
    std::string type;  ///< "ext4"
    std::string label;
    Guid uuid;
};
struct MakeSwap {
    static constexpr std::string_view kind = "make-swap";
    std::string device, label;
    Guid uuid;
};
/// Mount on the target tree; `path` is as on the node ("/", "/boot").
struct MountVolume {
    static constexpr std::string_view kind = "mount-volume";
    std::string device, path;
};
/// Which payload: that of the medium whose manifest was verified (a plan is made without one).
struct ExtractPayload {
    static constexpr std::string_view kind = "extract-payload";
};
/// A file on the node, or a symbolic link when `link_target` is not empty (then `text` is). Owner is root;
/// missing parent directories get mode 0755 (0700 under /root/.ssh). Texts hold no secret.
struct WriteFile {
    static constexpr std::string_view kind = "write-file";
    std::string path, text;
    std::uint32_t mode = 0644;
    std::string link_target = {};
    bool needs_kernel_release = false;  ///< `text` holds kernel_release_mark, which only the manifest knows
    bool needs_plan_digest = false;     ///< `text` holds plan_digest_mark: a plan cannot hold its own digest
};
/// root's password hash (from the site or the secrets file) into the shadow file; locked where there is none.
struct SetRootPassword {
    static constexpr std::string_view kind = "set-root-password";
    bool locked = true;
};
/// Boot loader files: the ESP is put together in memory and written to its partition. Where the firmware is
/// UEFI, its first block is left out (`withhold_first_block`): CommitBoot writes that. The commands run
/// before the write. Texts may hold plan_digest_mark.
struct WriteEsp {
    static constexpr std::string_view kind = "write-esp";
    std::string device;
    std::uint32_t volume_id = 0;  ///< FAT serial number
    Bytes size, logical_block_size;
    std::map<std::string, std::string> copies;  ///< path on the ESP -> file on the target tree
    std::map<std::string, std::string> texts;   ///< path on the ESP -> text
    bool withhold_first_block = true;
};
/// GRUB's modules and core image for BIOS; the boot sector is left alone.
struct PrepareBiosLoader {
    static constexpr std::string_view kind = "prepare-bios-loader";
};
/// fsync everything, read the boot files back from the disk and compare.
struct VerifyTarget {
    static constexpr std::string_view kind = "verify-target";
    std::vector<std::string> files;  ///< on the target tree; names may hold kernel_release_mark
};
struct UnmountTarget {
    static constexpr std::string_view kind = "unmount-target";
};
/// UEFI: the first block of the ESP, after which firmware sees a loader. BIOS: GRUB's boot sector (its tool
/// writes the core image into the BIOS boot partition first and the sector last). Either way one sector
/// decides.
struct CommitBoot {
    static constexpr std::string_view kind = "commit-boot";
    FirmwareMode firmware = FirmwareMode::uefi;
    std::string esp_device;
};
/// A UEFI boot entry for the ESP, first in the boot order; other entries with this label go.
struct SetBootEntry {
    static constexpr std::string_view kind = "set-boot-entry";
    std::string label, loader;  ///< "\\EFI\\debian\\shimx64.efi"
    std::uint32_t esp_number = 0;
};

}  // namespace action

using ActionKind =
    std::variant<action::VerifyPayload, action::DeactivateVolumeGroup, action::WipeDisk,
                 action::WritePartitionTable, action::CreatePhysicalVolume, action::CreateVolumeGroup,
                 action::CreateLogicalVolume, action::MakeFileSystem, action::MakeSwap, action::MountVolume,
                 action::ExtractPayload, action::WriteFile, action::SetRootPassword, action::WriteEsp,
                 action::PrepareBiosLoader, action::VerifyTarget, action::UnmountTarget, action::CommitBoot,
                 action::SetBootEntry>;

struct Action {
    std::string id;  ///< "format.mkfs.root": stable, unique in the plan
    Stage stage = Stage::preflight;
    ActionKind kind;
    std::vector<std::string> after;      ///< ids
    std::optional<DiskIdentity> device;  ///< the disk it writes to
    bool destructive = false;            ///< erases data that may be somebody's
    std::string summary;                 ///< one line of English
    std::uint32_t weight = 1;            ///< share of the progress bar
};

/// "verify-payload", "make-file-system", ...: the `kind` field of the plan's JSON.
[[nodiscard]] std::string_view kind_name(const ActionKind& kind);

/// Where things are when commands are written down: in the installer /target and the disk's current path.
struct CommandContext {
    std::string target = "/target";
    std::string disk = "DISK";  ///< path of the action's disk
};

/// The tools that carry the action out, as argument vectors: what the plan shows is what the executor runs.
/// Empty for actions that the program does itself (libparted, libarchive, plain file writes). Kinds that do
/// both (WipeDisk, WriteEsp) run the commands first.
[[nodiscard]] std::vector<std::vector<std::string>> commands(const Action& action,
                                                             const CommandContext& context);

/// The path of partition `number` of the disk at `disk`: "-part2" after links in /dev/disk (and after names
/// outside of /dev), "p2" after a kernel name that ends in a digit, else "2".
[[nodiscard]] std::string partition_path(std::string_view disk, std::uint32_t number);

enum class PlannedRole { system, osd, osd_db, untouched };

[[nodiscard]] std::string_view to_string(PlannedRole role);

/// A bar of the before/after picture.
struct Segment {
    std::string label;  ///< "ESP", "LVM sys", "free"
    Bytes start, size;
    std::string content;  ///< "vfat", "ext4 'root'", ...
};

struct PlannedDisk {
    DiskIdentity identity;
    std::string path;  ///< most stable link there is: /dev/disk/by-id/...
    std::string description;
    Bytes size;
    PlannedRole role = PlannedRole::untouched;
    std::string contents;  ///< what lives there now: "a gpt partition table with 3 partitions, vfat, lvm pve"
    std::string fate;      ///< what becomes of it, and why: "protected: it is removable"
    std::vector<Segment> before, after;
};

struct Plan {
    static constexpr std::string_view schema = "bedplate/plan/v1";
    std::string profile_name, profile_digest, site_digest, inventory_digest;
    std::string hostname, cluster_name;
    std::string machine;  ///< "Dell Inc. PowerEdge R640, service tag 7NW9XF0"
    std::uint64_t generation = 1;
    FirmwareMode firmware = FirmwareMode::uefi;
    InstallSettings::After after = InstallSettings::After::reboot;
    std::vector<PlannedDisk> disks;                    ///< every disk of the machine, in inventory order
    std::vector<Action> actions;                       ///< in the order in which they run
    std::map<std::string, std::string> network_files;  ///< path on the node -> text
    NetworkLayout network;
    std::vector<std::string> first_boot;  ///< what is left for the node itself, in order
    Report findings;

    /// SHA-256 over the canonical JSON without the digest itself: what consent names.
    [[nodiscard]] std::string digest() const;
};

struct PlanInput {
    const Inventory& inventory;
    const Profile& profile;
    const NodeSpec& node;
};

/// The whole plan, or the first reason why there is none. Pure: the same input gives the same plan, byte for
/// byte. Errors, all of kind refused: layout.mirror-unsupported, layout.missing, layout.esp-too-small;
/// disk.none, disk.several, disk.count, disk.two-roles, disk.no-identity, disk.too-small, disk.block-size,
/// disk.not-blank, disk.foreign, disk.ceph-osd, disk.held, disk.shared-volume-group; install.generation (a
/// finished node of this site); lvm.name-taken; boot.bios-4kn; those of plan_network().
[[nodiscard]] Result<Plan> make_plan(const PlanInput& input);

/// The fields of DESIGN.md section 6, and no secret.
[[nodiscard]] Json to_json(const Plan& plan);

/// The plan as an operator reads it at 80 columns: disks before and after as bars, every action with its
/// commands, network files, what stays untouched.
[[nodiscard]] std::string to_text(const Plan& plan);
/// Only the commands, one a line, with the action ids as comments.
[[nodiscard]] std::string to_commands_text(const Plan& plan);

}  // namespace bedplate
