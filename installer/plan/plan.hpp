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
// own identifiers: /dev/disk/by-partuuid/<guid> for partitions, /dev/disk/by-id/md-uuid-<uuid> for arrays,
// /dev/mapper/<name> for encrypted devices, /dev/<vg>/<lv> for volumes; whole disks by DiskIdentity.
namespace action {

/// Check the signature of the manifest and the digest of every chunk before anything is written.
struct VerifyPayload {
    static constexpr std::string_view kind = "verify-payload";
};
/// Zero the labels of a Ceph OSD that wipefs does not know: BlueStore keeps copies at up to five places. On
/// the action's whole disk; on one of its partitions; or, where `volume` is given, inside that logical
/// volume, which is switched on for it (a new volume at the same place would bring the label back).
struct ZapBluestore {
    static constexpr std::string_view kind = "zap-bluestore";
    std::optional<std::uint32_t> partition;
    std::string volume;          ///< "group/volume"; empty: none
    std::vector<Bytes> offsets;  ///< 4 KiB at each; those beyond the end are left out
};
/// Close an open LUKS or plain dm-crypt map.
struct CloseCrypt {
    static constexpr std::string_view kind = "close-crypt";
    std::string name;  ///< of the map, as in /dev/mapper
};
/// Switch off a volume group, with all its volumes.
struct DeactivateVolumeGroup {
    static constexpr std::string_view kind = "deactivate-volume-group";
    std::string name;
    std::string uuid = {};  ///< where it is known: two groups may have one name
};
/// Stop an md array, that of firmware RAID (DDF, IMSM) as well. Its superblocks go with WipeDisk.
struct StopArray {
    static constexpr std::string_view kind = "stop-array";
    std::string name;    ///< as it was seen ("md127", "node1:boot"); for people
    std::string device;  ///< "/dev/disk/by-id/md-uuid-...", or "/dev/md127" where no UUID is known
};
/// Stop a bcache device and its cache set, by writing to their `stop` files in sysfs.
struct StopBcache {
    static constexpr std::string_view kind = "stop-bcache";
    std::string name;  ///< "bcache0"; empty where only the cache set is registered
    std::string uuid;  ///< of the cache set; empty where it is unknown
};
/// Remove a multipath map, so that the disk is a plain one again.
struct RemoveMultipathMap {
    static constexpr std::string_view kind = "remove-multipath-map";
    std::string name;
};
/// Erase every signature: partitions from the last to the first, then the whole disk. First and last MiB of
/// every partition and of the disk are zeroed: the backup GPT, md 0.90 and 1.0, DDF, IMSM and two of the four
/// labels of ZFS are at the end.
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
/// A new GPT, exactly as given. What an earlier owner left at the places where the new partitions begin and
/// end is overwritten first: a partition that gets no file system of its own would bring it back.
struct WritePartitionTable {
    static constexpr std::string_view kind = "write-partition-table";
    /// How much of each partition is overwritten with zeros, at most: superblocks are found up to 2 MiB into
    /// a partition (VMFS), and in the last MiB (md, DDF, ZFS).
    static constexpr Bytes cleared_start = mib(4), cleared_end = mib(1);
    Guid disk_guid;
    Bytes logical_block_size;
    std::vector<PlannedPartition> partitions;
};
/// A new md array over partitions of the action's disk and of those in `Action::also`, in this order. Known
/// by its UUID wherever it is mentioned.
struct CreateArray {
    static constexpr std::string_view kind = "create-array";
    std::string name;  ///< in the superblock and under /dev/md: "bedplate-boot"
    Guid uuid;
    std::string level;  ///< "raid1", "raid10"
    std::vector<std::string> members;
};
/// A LUKS2 header. The key is not in the plan: a passphrase comes from the secrets document or the screen;
/// for tpm2 the executor draws a random one and keeps it in memory until BindTpm2.
struct CreateCrypt {
    static constexpr std::string_view kind = "create-crypt";
    std::string device, label;
    Guid uuid;
    Encryption unlock = Encryption::passphrase;  ///< never `none`
};
/// Open it as /dev/mapper/<name>.
struct OpenCrypt {
    static constexpr std::string_view kind = "open-crypt";
    std::string device, name;
    Guid uuid;
};
/// A second key slot that this machine's TPM 2.0 opens while its Secure Boot state (PCR 7) is what it is now.
struct BindTpm2 {
    static constexpr std::string_view kind = "bind-tpm2";
    std::string device;
    Guid uuid;
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
/// The join ticket that the installer was given, if it was, to where first boot looks for it. It is a secret,
/// so the plan only says where it goes.
struct HandOverTicket {
    static constexpr std::string_view kind = "hand-over-ticket";
    std::string path;
};
/// A file for root alone with what the node needs of the secrets document, where that holds it: what opens
/// its BMC (bmc_path), what its services need (node_secrets_path). As above, the plan only says where.
struct HandOverSecrets {
    static constexpr std::string_view kind = "hand-over-secrets";
    std::string path;
};
/// The node's own tools make its initramfs anew, with mdadm.conf and crypttab in it. Runs in the target tree.
struct UpdateInitramfs {
    static constexpr std::string_view kind = "update-initramfs";
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
    bool array = false;  ///< /boot is on an md array
};
/// fsync everything, read the boot files back from the disk and compare.
struct VerifyTarget {
    static constexpr std::string_view kind = "verify-target";
    std::vector<std::string> files;  ///< on the target tree; names may hold kernel_release_mark
};
/// Nothing is written to the node's file systems any more, and each is as if it were unmounted: what GRUB's
/// tool for BIOS reads from, while it makes the disk bootable.
struct ProtectTarget {
    static constexpr std::string_view kind = "protect-target";
    std::vector<std::string> paths;  ///< mount points on the node, the deepest first
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
    /// Where in the boot order, 0 = first. With two disks the entry for the second is made first, at 0 as
    /// well at that time, and has this place when the other one is made.
    std::uint32_t position = 0;
};

}  // namespace action

using ActionKind =
    std::variant<action::VerifyPayload, action::ZapBluestore, action::CloseCrypt,
                 action::DeactivateVolumeGroup, action::StopArray, action::StopBcache,
                 action::RemoveMultipathMap, action::WipeDisk, action::WritePartitionTable,
                 action::CreateArray, action::CreateCrypt, action::OpenCrypt, action::BindTpm2,
                 action::CreatePhysicalVolume, action::CreateVolumeGroup, action::CreateLogicalVolume,
                 action::MakeFileSystem, action::MakeSwap, action::MountVolume, action::ExtractPayload,
                 action::WriteFile, action::SetRootPassword, action::HandOverTicket, action::HandOverSecrets,
                 action::UpdateInitramfs, action::WriteEsp, action::PrepareBiosLoader, action::VerifyTarget,
                 action::ProtectTarget, action::UnmountTarget, action::CommitBoot, action::SetBootEntry>;

struct Action {
    std::string id;  ///< "format.mkfs.root": stable, unique in the plan
    Stage stage = Stage::preflight;
    ActionKind kind;
    std::vector<std::string> after;      ///< ids
    std::optional<DiskIdentity> device;  ///< the disk it writes to
    std::vector<DiskIdentity> also;      ///< further disks it writes to: the other halves of an array
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

/// The UUID of an md array as mdadm writes it: "3aaa0122:29827cfa:5331ad66:ca767371".
[[nodiscard]] std::string md_uuid_text(const Guid& uuid);
/// udev's link to the running array: "/dev/disk/by-id/md-uuid-3aaa0122:...".
[[nodiscard]] std::string array_device(const Guid& uuid);

enum class PlannedRole { system, osd, osd_db, fast, untouched };

[[nodiscard]] std::string_view to_string(PlannedRole role);

/// A bar of the before/after picture.
struct Segment {
    std::string label;  ///< "ESP", "LVM sys", "free"
    Bytes start, size;
    std::string content;  ///< "vfat", "ext4 'root'", ...
    bool operator==(const Segment&) const = default;
};

/// One thing that lives on a disk now, and what becomes of it.
struct Dweller {
    std::uint32_t depth = 0;  ///< it stands on the nearest one above with a smaller depth
    std::string what;         ///< "md array md127 (raid1), also on sdb"
    std::string fate;         ///< "stays as it is", "stopped, then erased"
};

struct PlannedDisk {
    DiskIdentity identity;
    std::string path;  ///< most stable link there is: /dev/disk/by-id/...
    std::string description;
    Bytes size, logical_block_size;
    PlannedRole role = PlannedRole::untouched;
    bool written = false;  ///< some action of this plan writes to it; else not one byte of it changes
    std::string contents;  ///< what lives there now: "a gpt partition table with 3 partitions, vfat, lvm pve"
    std::string fate;      ///< what becomes of it, and why: "protected: it is removable"
    std::vector<Dweller> dwellers;
    std::vector<Segment> before, after;
};

/// An OSD that the node has after its first boot. The installer writes nothing for it but a wipe of
/// leftovers.
struct PlannedOsd {
    enum class State { create, keep } state = State::create;
    DiskIdentity data;
    std::string data_path;  ///< most stable link there is
    Bytes data_size;
    std::optional<DiskIdentity> db;  ///< where block.db is; absent: on the data disk
    std::string db_path;
    Bytes db_size;               ///< of this OSD's slot; 0 without a db, or where it is kept and unknown
    std::uint32_t db_slots = 0;  ///< how many slots the db disk is divided into
    std::string device_class;    ///< "hdd", "ssd", "nvme"; as the cluster has it where it is kept: empty
    bool dmcrypt = false;
    std::string weight;  ///< CRUSH weight with five decimals: "1.74660"; empty where it is kept
    std::string fsid;    ///< of the OSD: derived for a new one, as found for one that is kept
    std::string id;      ///< only for one that is kept
};

[[nodiscard]] std::string_view to_string(PlannedOsd::State state);

/// A value that the node's kernel shall have (docs/tuning.md); tuning_items() knows by which means, and why.
struct TuningValue {
    std::string name;  ///< "vm.swappiness"
    std::string wanted;
    bool required = false;  ///< without it the node is not ready; else a deviation is only told
    bool operator==(const TuningValue&) const = default;
};

struct Plan {
    static constexpr std::string_view schema = "bedplate/plan/v1";
    std::string profile_name, profile_digest, site_digest, inventory_digest;
    std::string hostname, cluster_name;
    std::string machine;  ///< "Dell Inc. PowerEdge R640, service tag 7NW9XF0"
    std::uint64_t generation = 1;
    FirmwareMode firmware = FirmwareMode::uefi;
    InstallSettings::After after = InstallSettings::After::reboot;
    std::string ceph_fsid;                             ///< of the cluster that the node belongs to
    std::vector<PlannedDisk> disks;                    ///< every disk of the machine, in inventory order
    std::vector<PlannedOsd> osds;                      ///< by data disk
    std::vector<Action> actions;                       ///< in the order in which they run
    std::map<std::string, std::string> network_files;  ///< path on the node -> text
    NetworkLayout network;
    std::vector<TuningValue> tuning;      ///< in the order of tuning_items()
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
/// byte. Errors, all of kind refused: layout.missing, layout.esp-too-small; disk.none, disk.several,
/// disk.count, disk.two-roles, disk.no-identity, disk.too-small, disk.block-size, disk.mirror-blocks,
/// disk.fast-mixed, disk.not-blank, disk.foreign, disk.ceph-osd, disk.ours, disk.shared; osd.size,
/// osd.device-class, osd.db-too-small; install.generation (a finished node of this site); lvm.name-taken;
/// boot.bios-4kn; tuning.hugepages; those of plan_network().
[[nodiscard]] Result<Plan> make_plan(const PlanInput& input);

/// Every disk that has a role in the plan is still in this machine, with the same model, bay, size, block
/// size and content. Errors (refused): disk.gone, disk.ambiguous, disk.changed, which says what is different.
[[nodiscard]] Result<void> check_unchanged(const Plan& plan, const Inventory& now);

/// The fields of DESIGN.md section 6, and no secret.
[[nodiscard]] Json to_json(const Plan& plan);

/// The plan as an operator reads it at 80 columns: disks before and after as bars, every action with its
/// commands, network files, what stays untouched.
[[nodiscard]] std::string to_text(const Plan& plan);
/// Only the commands, one a line, with the action ids as comments.
[[nodiscard]] std::string to_commands_text(const Plan& plan);

}  // namespace bedplate
