// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/identifiers.hpp"
#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/report.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "inventory/inventory.hpp"
#include "profile/ha.hpp"
#include "profile/load.hpp"
#include "profile/site_services.hpp"
#include "profile/tuning.hpp"

namespace bedplate {

/// Why a network port may never be used: it is the BMC's own USB network card. nullopt: it may.
[[nodiscard]] std::optional<std::string> never_a_candidate(const Nic& nic);

/// The networks a cluster node may have, in the order of their importance: what `network.roles` of a profile
/// and `networks` of a site may name. "management" is always there.
[[nodiscard]] const std::vector<std::string>& network_roles();

/// Which disks: every given property must match; an absent property of the disk never matches.
struct DiskSelector {
    std::optional<Transport> transport;
    std::optional<std::string> model, vendor;  ///< globs
    std::optional<Bytes> min_size, max_size;
    std::optional<bool> rotational;
    std::optional<std::string> by_path, wwn, serial;  ///< globs

    /// The first property of `disk` that does not match, as a clause ("transport is sata, wanted nvme");
    /// nullopt: all do.
    [[nodiscard]] std::optional<std::string> first_mismatch(const Disk& disk) const;
    /// Why the disk can not be chosen by this selector: it is never a candidate, it is a USB stick or SD
    /// module that the selector does not speak of, or the first property that does not match.
    [[nodiscard]] std::optional<std::string> why_not(const Disk& disk) const;
    /// "transport nvme, size at least 800 GB".
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] bool empty() const { return *this == DiskSelector{}; }
    bool operator==(const DiskSelector&) const = default;
};

/// Which network ports. Speeds are what the port can do; where that is unknown, what it does now.
struct NicSelector {
    std::optional<std::uint64_t> min_speed_mbps, max_speed_mbps;
    std::optional<std::string> driver, pci, mac;  ///< driver and pci are globs
    std::optional<bool> link;

    [[nodiscard]] std::optional<std::string> first_mismatch(const Nic& nic) const;
    /// "speed at least 25G, driver mlx5_core".
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] bool empty() const { return *this == NicSelector{}; }
    bool operator==(const NicSelector&) const = default;
};

struct Count {
    std::optional<std::uint32_t> exactly, at_least, at_most;

    [[nodiscard]] bool empty() const { return !exactly && !at_least && !at_most; }
    /// nullopt when `n` is fine, else "found 2, wanted exactly 1".
    [[nodiscard]] std::optional<std::string> mismatch(std::size_t n) const;
};

/// What unlocks an encrypted system: nothing is encrypted; the machine's own TPM 2.0; somebody who types a
/// passphrase at every start.
enum class Encryption { none, tpm2, passphrase };

struct DiskRole {
    DiskSelector select;
    Count count;
    bool mirror = false;                       ///< system only: md RAID1 over two devices
    Encryption encryption = Encryption::none;  ///< system only: LUKS2 below the physical volume
    std::string device_class = {};             ///< osd only: hdd, ssd, nvme; empty: by what the disk is
    std::optional<Bytes> min_size = {}, max_size = {};  ///< osd only: a disk outside of these is a refusal
    std::optional<double> weight = {};                  ///< osd only: CRUSH weight; absent: the size in TiB
    std::optional<Bytes> slot_size = {};      ///< osd_db only: size of one block.db; absent: by rule
    std::optional<std::uint32_t> slots = {};  ///< osd_db only: databases on one device, at most
    std::string volume_group = {};            ///< fast only
};

struct DiskMatchRule {
    DiskSelector select;
    std::optional<std::uint32_t> count, min_count;
};

struct MatchRules {
    std::map<std::string, std::string> system;  ///< manufacturer, product, sku -> glob
    std::optional<Bytes> memory_min, memory_max;
    std::vector<DiskMatchRule> disks;
    std::int64_t priority = 0;
};

struct Layout {
    Bytes esp = gib(1), boot = gib(2);
    std::string volume_group = "sys";
    Bytes root = gib(60), var = gib(40), log = gib(20), ceph{}, swap{};  ///< 0: no such volume
};

struct Bond {
    std::string name, mode, lacp_rate;
    NicSelector select;
    Count count;
    std::uint32_t mtu = 1500;
    bool arp_monitor = false;   ///< active-backup only: watch the gateways by ARP, not only the link
    std::string expect_switch;  ///< glob over the LLDP name of the switch; empty: not looked at
};

enum class BridgeKind { linux_vlan_aware, ovs };

struct NetworkProfile {
    std::vector<Bond> bonds;
    std::map<std::string, std::string> roles;  ///< role -> bond
    BridgeKind bridges = BridgeKind::linux_vlan_aware;
    bool pin_by_slot = false;  ///< names follow the PCI slot, not the card
};

struct KvmProfile {
    std::optional<Bytes> hugepage_size;
    std::uint32_t hugepages_reserved = 0;
    bool iommu = true, nested = false;
    double memory_overcommit = 1.0;
    std::uint32_t reserved_host_memory_percent = 10;
};

struct CephProfile {
    Bytes osd_memory_target = gib(4);
    bool dmcrypt = false;
};

/// A kind of hardware and how it is used (schema bedplate/profile/v1).
struct Profile {
    static constexpr std::string_view schema = "bedplate/profile/v1";
    std::string name, description;
    MatchRules match;
    DiskRole system;
    std::optional<DiskRole> osd, osd_db;
    std::optional<DiskRole> fast;  ///< RAID10 for virtual machines that stay on this node
    Layout layout;
    NetworkProfile network;
    KvmProfile kvm;
    TuningProfile tuning;
    CephProfile ceph;
    std::optional<FencingProfile> fencing;
    std::string origin;  ///< file it was read from
    std::string digest;  ///< SHA-256 of the document's text
};

/// VLANs `first` to `last`, both included.
struct VlanRange {
    VlanId first, last;
    auto operator<=>(const VlanRange&) const = default;
};

/// A VXLAN overlay between the nodes: to a multicast group, or to each of `peers`.
struct VxlanSpec {
    std::uint32_t vni = 0;
    std::string over;  ///< the network that carries it
    std::optional<Ipv4> group;
    std::vector<Ipv4> peers;  ///< neither group nor peers: every other node of the site
};

struct NetworkSpec {
    std::optional<VlanId> vlan;
    std::optional<Cidr> subnet;
    std::optional<Ipv4> gateway;
    std::optional<std::uint32_t> mtu;
    std::string bridge;
    std::vector<VlanRange> guest_vlans;  ///< what else the bridge passes on
    std::optional<VxlanSpec> vxlan;
};

enum class WipePolicy { blank_only, listed, not_ours };

struct InstallSettings {
    bool unattended = false;
    WipePolicy wipe = WipePolicy::blank_only;
    std::uint64_t generation = 1;
    enum class After { reboot, poweroff } after = After::reboot;
};

/// What may be erased on a node: disks by serial number; and for data of others that a policy alone never
/// gives up, the fsid of the Ceph cluster or the name of the cluster whose node it is.
struct WipeList {
    std::vector<std::string> serials, fsids, clusters;
};

struct NodeEntry {
    std::optional<std::string> match_service_tag, match_uuid, match_mac;
    std::string hostname;
    std::map<std::string, std::uint64_t> address;  ///< network -> host part; "*" for all
    enum class ClusterAction { create, join } cluster = ClusterAction::join;
    std::optional<std::string> profile;
    WipeList wipe;
    BmcSpec bmc;
};

struct MonitoringSettings {
    std::chrono::seconds retention = std::chrono::days(30);
    std::vector<std::string> alert_webhooks;
    std::string heartbeat;  ///< webhook that hears regularly that alerts arrive; empty: none
};

/// A network port of a virtual machine: a network of the site, or one of its guest VLANs.
struct VmPort {
    std::string network;
    std::optional<VlanId> vlan;
};

/// A virtual machine that the cluster shall have.
struct VmEntry {
    std::string name;
    std::uint32_t cpus = 1;
    Bytes memory = gib(1);
    std::optional<Bytes> disk;  ///< absent: as large as the image
    std::string image, iso;     ///< files on the node that makes it
    std::vector<VmPort> networks;
    bool ha = false;
    std::uint32_t priority = 0;
    bool pin = false, hugepages = false, watchdog = true, uefi = false;
};

struct Site {
    static constexpr std::string_view schema = "bedplate/site/v1";
    std::string cluster_name, domain, timezone = "UTC";
    std::optional<Guid> fsid;  ///< of the Ceph cluster, where the site gives one
    std::vector<std::string> ntp, dns;
    std::map<std::string, NetworkSpec> networks;
    std::vector<std::string> ssh_authorized_keys;
    std::optional<Secret> root_password_hash;
    InstallSettings install;
    std::vector<NodeEntry> nodes;
    MonitoringSettings monitoring;
    std::optional<Load> load;  ///< what the cluster shall carry; for `bedplate size` only
    HaSettings ha;
    std::vector<VmEntry> vms;
    LogSettings logs;
    std::optional<EdgeSpec> edge;
    std::string origin, digest;
    std::string text;  ///< the document itself, for a front end that edits it
};

/// What stands in no other document: `bedplate install --secrets`, or personalised into a medium on purpose.
struct Secrets {
    static constexpr std::string_view schema = "bedplate/secrets/v1";
    std::optional<Secret> disk_passphrase;  ///< opens the node's system where the profile says `passphrase`
    BmcSecrets bmc = {};
    std::optional<ElasticsearchLogin> elasticsearch = {};  ///< where the site forwards its logs to one
    std::map<std::string, Secret> edge_certificates = {};  ///< name -> certificates and key, PEM
    std::string origin, digest;
};

/// What a passphrase for a disk has to be.
inline constexpr std::string_view passphrase_wanted = "a passphrase of 8 to 512 printable ASCII characters";
/// A passphrase as it is typed or stands in a document. Errors: yaml.value, which never repeats it.
[[nodiscard]] Result<Secret> parse_passphrase(std::string_view value);

/// Read a profile / site document. Every finding there is goes to `report`; nullopt when one of them is an
/// error. `origin` is the file name that stands in the findings.
[[nodiscard]] std::optional<Profile> load_profile(std::string_view text, const std::string& origin,
                                                  Report& report);
[[nodiscard]] std::optional<Site> load_site(std::string_view text, const std::string& origin, Report& report);
/// The same for secrets; no finding shows a value.
[[nodiscard]] std::optional<Secrets> load_secrets(std::string_view text, const std::string& origin,
                                                  Report& report);

/// Which of the four documents a text is, by its `schema` field; findings as above.
/// Validates any of them (inventories too); what `bedplate validate` does.
[[nodiscard]] Report validate_document(std::string_view text, const std::string& origin);

/// What the loader of `schema` (a profile's or a site's) knows: keys, types, allowed words, as JSON. For the
/// test that holds the published JSON Schemas against it; null for other schemas.
[[nodiscard]] Json document_shape(std::string_view schema);

/// Why a profile does or does not fit a machine.
struct ProfileVerdict {
    std::string profile;
    bool matches = false;
    std::int64_t priority = 0;
    std::size_t clauses = 0;     ///< how many clauses matched: among equals in priority, more is better
    std::string first_mismatch;  ///< empty where it matches
};

struct MatchResult {
    std::optional<std::string> chosen;
    std::vector<ProfileVerdict> verdicts;  ///< sorted by name
};

/// Judge every profile. Pure; never fails: nothing chosen is a result.
[[nodiscard]] MatchResult match(const Inventory& inventory, const std::vector<Profile>& profiles);

/// The chosen profile. Errors (refused): profile.none (lists every profile with its first mismatch),
/// profile.ambiguous (lists those that fit equally well).
[[nodiscard]] Result<const Profile*> choose_profile(const Inventory& inventory,
                                                    const std::vector<Profile>& profiles);
[[nodiscard]] Json to_json(const MatchResult& result);

/// What one node is to become: the site's answers for it, whether they came from a file or from a screen.
struct NodeSpec {
    std::string hostname;
    std::string cluster_name, domain, timezone;
    Guid fsid;  ///< of the Ceph cluster: the site's, or derived from its name (ceph_fsid)
    std::vector<std::string> ntp, dns;
    std::map<std::string, NetworkSpec> networks;
    std::map<std::string, Ipv4> addresses;           ///< network -> this node's address
    std::map<std::string, std::vector<Ipv4>> peers;  ///< network -> the other nodes' addresses, sorted
    bool skip_network_proof = false;                 ///< asked for on the command line, never by a document
    NodeEntry::ClusterAction cluster = NodeEntry::ClusterAction::join;
    std::vector<std::string> ssh_authorized_keys;
    std::optional<Secret> root_password_hash;
    InstallSettings install;
    MonitoringSettings monitoring = {};
    LogSettings logs = {};
    std::optional<NodeEdge> edge = {};
    std::vector<VmEntry> vms = {};
    WipeList wipe;
    HaSettings ha = {};
    BmcSpec bmc = {};
    std::string site_digest;
};

/// The fsid of a site's Ceph cluster: what `cluster.fsid` says, else derived from cluster name and domain, so
/// that every node of the site and every later installation knows it without asking anybody.
[[nodiscard]] Guid ceph_fsid(const Site& site);

/// The site's node entry for this machine (or the one named `hostname`), with the site's common answers.
/// Errors (refused): site.no-node (lists the entries and why each does not fit), site.ambiguous-node,
/// site.address.
[[nodiscard]] Result<NodeSpec> compose(const Site& site, const Inventory& inventory,
                                       const std::optional<std::string>& hostname);
/// What does not fit between a node's networks and a profile: profile.network-mtu (a network wants larger
/// packets than its bond carries), and as a warning profile.network-without-bond (the node has a network that
/// the profile gives no bond). Places are in the profile's file, without a line.
[[nodiscard]] Report check_networks(const NodeSpec& node, const Profile& profile);
/// What this node needs of the secrets after its installation, as the JSON document that its first boot reads
/// (/etc/bedplate/secrets.json); nullopt: nothing.
[[nodiscard]] std::optional<Secret> node_secrets(const Secrets& secrets, const NodeSpec& node);
/// A node of this kind needs some, whether or not they are given.
[[nodiscard]] bool needs_secrets(const NodeSpec& node);

/// The profile a node entry asks for by name, if it does.
[[nodiscard]] std::optional<std::string> requested_profile(const Site& site, const NodeSpec& spec);

}  // namespace bedplate
