// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "inventory/run_record.hpp"

namespace bedplate {

struct SystemFacts {
    std::string manufacturer, product, serial, uuid, sku;
};

enum class FirmwareMode { uefi, bios };

struct FirmwareFacts {
    FirmwareMode mode = FirmwareMode::uefi;
    bool secure_boot = false;
    std::string version;
    std::string serial_console = {};  ///< "ttyS1": which line the installer was told to use; empty: not told
};

struct BmcFacts {
    bool present = false;
    std::string ip, mac;
};

struct CpuFacts {
    std::string vendor, model;
    std::uint32_t sockets = 0, cores = 0, threads = 0;
    std::vector<std::string> flags;
};

struct NumaNode {
    std::uint32_t id = 0;
    Bytes bytes;
    std::string cpus;  ///< as in sysfs: "0-11,24-35"
};

struct MemoryFacts {
    Bytes total;
    std::vector<NumaNode> numa_nodes;
};

enum class Transport { nvme, sas, sata, usb, virtio, raid, unknown };

struct PartitionFacts {
    std::uint32_t number = 0;
    Bytes start, size;
    std::string type, label, fstype, uuid;
};

/// Something that stands on a disk, on one of its partitions or on another holder: the trees of a disk show
/// what has to be taken apart, leaf first, before the disk is anybody's. Members of one array, group, map or
/// pool on several disks have the same kind and the same `uuid` (the same `name` where there is no UUID).
///
/// kind      name                     uuid              detail (every key may be absent)
/// lvm       volume group             of the group      device, pv_uuid, vg_uuid
/// md        md127, or array name     of the array      array, level, metadata, device
/// raid      ddf, isw, ...            of the set        firmware RAID: what DDF and IMSM leave
/// crypt     name of the open map     LUKS UUID
/// mpath     name of the map          WWID
/// bcache    bcache0, or cset UUID    of the cache set  role: backing, cache
/// zfs       pool                     guid of the pool
/// vmfs      label of the datastore   of the datastore
/// ceph_osd  number of the OSD        of the OSD        osd_fsid, cluster_fsid, encrypted,
///           (empty: unknown)                           type: block, db, wal, raw (no LVM around it),
///                                                      volume: logical volume that holds it,
///                                                      size_bytes: of that volume,
///                                                      offsets: where BlueStore labels were seen
struct Holder {
    enum class Kind { lvm, md, crypt, mpath, ceph_osd, raid, bcache, zfs, vmfs } kind = Kind::lvm;
    std::string name;
    Json detail = Json::object();
    std::optional<std::uint32_t> partition =
        {};  ///< on which it stands; absent: the whole disk, or its parent
    std::string uuid = {};
    std::string device = {};           ///< its own node ("/dev/md127", "/dev/mapper/x"); empty: none
    std::optional<bool> active = {};   ///< the kernel runs it now; absent: unknown, to be taken for yes
    std::vector<Holder> holders = {};  ///< what stands on it
};

/// Both name the same array, group, map or pool.
[[nodiscard]] bool same_thing(const Holder& one, const Holder& other);

/// What an earlier installation by this project left on the disk, read from its ESP and its partition table.
struct InstallationMark {
    enum class State { incomplete, finished } state = State::incomplete;
    std::string cluster, hostname;  ///< empty where the disk is incomplete
    std::uint64_t generation = 0;
    std::string disk_guid;  ///< of the partition table
};

struct Disk {
    std::string name;                ///< kernel name ("nvme0n1"); only for people, never for choosing
    std::string path;                ///< "/dev/nvme0n1"
    std::vector<std::string> by_id;  ///< names in /dev/disk/by-id, sorted
    std::string by_path;             ///< name in /dev/disk/by-path; empty where there is none
    std::string wwn, serial, model, vendor;
    Transport transport = Transport::unknown;
    std::optional<bool> rotational;  ///< absent where the source does not know
    bool removable = false, read_only = false;
    Bytes size;
    Bytes logical_block_size{512}, physical_block_size{512};
    std::string hctl, pci;
    std::optional<std::uint32_t> numa_node;
    std::string multipath_of;  ///< name of the disk of which this is another path
    bool bmc_virtual = false;
    bool installation_medium = false;  ///< the installer was started from it
    std::string partition_table;       ///< "gpt", "dos" or empty
    std::string partition_table_uuid;  ///< the GUID of a GPT; empty where it is not known
    std::vector<PartitionFacts> partitions;
    std::vector<std::string>
        signatures;               ///< what libblkid finds on the whole disk, and own scans ("ceph_bluestore")
    std::vector<Holder> holders;  ///< the roots of the trees
    std::optional<InstallationMark> installation;
    std::optional<RunRecord> interrupted;  ///< how far an installation had come that did not finish this disk
};

/// Every holder on the disk, each before what stands on it.
[[nodiscard]] std::vector<const Holder*> all_holders(const Disk& disk);

/// Why nothing may ever be installed on `disk`, whatever a selector says: "it is the installation medium",
/// "it is a virtual medium of the BMC", "there is no medium in it", "it is another path to sda", "it is
/// removable", "it is read-only". nullopt: it may be selected. This is the only place where that is decided.
[[nodiscard]] std::optional<std::string> never_a_candidate(const Disk& disk);

struct Lldp {
    std::string chassis, port;
    std::vector<std::uint16_t> vlans;
};

struct Nic {
    std::string name, mac, permanent_mac, driver, model, pci;
    std::optional<std::uint64_t> speed_mbps, max_speed_mbps;
    std::optional<bool> link;
    std::uint32_t mtu_max = 0;
    std::optional<std::uint32_t> numa_node;
    bool bmc_virtual = false;  ///< the BMC's own USB network card
    std::optional<Lldp> lldp;
};

/// What a machine is, as far as an installer cares (schema bedplate/inventory/v1).
struct Inventory {
    static constexpr std::string_view schema = "bedplate/inventory/v1";

    SystemFacts system;
    FirmwareFacts firmware;
    BmcFacts bmc;
    CpuFacts cpu;
    MemoryFacts memory;
    std::vector<Disk> disks;
    std::vector<Nic> nics;
    Json recorded_with = Json::object();  ///< tool versions, source of a converted fixture

    /// SHA-256 of the canonical JSON without `recorded_with`.
    [[nodiscard]] std::string digest() const;
};

[[nodiscard]] Json to_json(const Inventory& inventory);
/// Strict: unknown and missing fields are errors (inventory.schema, inventory.field) that name the field's
/// path.
[[nodiscard]] Result<Inventory> inventory_from_json(const Json& json, std::string_view origin);

[[nodiscard]] std::string_view to_string(Transport transport);
[[nodiscard]] std::string_view to_string(FirmwareMode mode);
[[nodiscard]] std::string_view to_string(Holder::Kind kind);
[[nodiscard]] std::string_view to_string(InstallationMark::State state);

/// How a disk is named in a plan: what is unique to it on this machine.
struct DiskIdentity {
    std::string wwn, serial, model, by_path;
    bool operator==(const DiskIdentity&) const = default;
    /// "serial S6CSNA0WHSM96B" / "wwn 0x5000..." / "bay pci-0000:05:00.0-ata-1": for messages.
    [[nodiscard]] std::string to_text() const;
};

/// The identity of `disk`, proved unique in `inventory`: WWN where it is there and unique, else model +
/// serial, else by-path. Errors: disk.no-identity (nothing unique), listing the disks that look the same.
[[nodiscard]] Result<DiskIdentity> identify(const Disk& disk, const Inventory& inventory);

/// The one disk of `inventory` with this identity. Errors: disk.gone, disk.ambiguous.
[[nodiscard]] Result<const Disk*> find_disk(const DiskIdentity& identity, const Inventory& inventory);

/// A line for people: "sda  DELLBOSS VD  240 GB  serial ..., bay ..., holds: gpt, LVM sys".
[[nodiscard]] std::string describe(const Disk& disk);

}  // namespace bedplate
