// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/cluster.hpp"

namespace bedplate {

// The configuration files of a cluster's programs, each a pure function of what the cluster agrees on.
// Nothing secret stands in any of them.

// --- high availability -------------------------------------------------------------------------------------

/// /etc/corosync/corosync.conf (corosync.conf(5)): knet with one link, or two where every member has a second
/// ring; AES-256 and SHA-256; two_node exactly for two members without a quorum device. `config_version` has
/// to grow with every change. Members come out in the order of their ids. `qdevice_host`: where
/// corosync-qnetd runs; empty: nowhere.
[[nodiscard]] std::string corosync_conf(std::string_view cluster, std::uint64_t config_version,
                                        std::span<const Member> members, std::string_view qdevice_host = {});

/// The config_version of such a text; 0 where there is none.
[[nodiscard]] std::uint64_t corosync_config_version(std::string_view text);

/// Sources for chrony: every control member but `self`, asked often enough to be followed within half a
/// minute.
[[nodiscard]] std::string chrony_members(std::string_view self, std::span<const Member> members);

// --- storage -----------------------------------------------------------------------------------------------

/// /etc/ceph/ceph.conf: only what a daemon needs to find its monitors; everything else is in the monitors'
/// own database. Control members are the monitors.
[[nodiscard]] std::string ceph_conf(const ClusterIdentity& identity, const NodeSettings& node,
                                    std::span<const Member> members);

/// Options for `ceph config set`, as {who, name, value}: msgr2 in secure mode, replication, recovery.
struct CephOption {
    std::string who, name, value;
};
[[nodiscard]] std::vector<CephOption> ceph_options();
/// The same as a configuration file for `ceph config assimilate-conf`.
[[nodiscard]] std::string ceph_options_conf(std::span<const CephOption> options);

/// How often the pool of the virtual machines keeps each object. With one host the copies lie on its disks,
/// with two on both, and only from three on does the loss of a host leave two copies and service.
struct PoolPolicy {
    std::size_t size = 3, min_size = 2;
    bool across_hosts = true;
    bool operator==(const PoolPolicy&) const = default;
};
[[nodiscard]] PoolPolicy pool_policy(std::size_t hosts, std::size_t osds);

/// The module that Ceph's manager imports as `bcrypt`: Debian's python3-bcrypt cannot be loaded twice in one
/// process (PyO3), which the manager's sub-interpreters do. The same three functions over libcrypt.
[[nodiscard]] std::string bcrypt_shim();

/// `sitecustomize` of Ceph's manager: what its module mgr_module lacks. Ceph 18 asks each module's class for
/// NOTIFY_TYPES, leaves the error of a missing one pending, and so fails in its next import, which it reports
/// as a crash of the module (RECENT_MGR_MODULE_CRASH) at every start.
[[nodiscard]] std::string manager_customization();

// --- registry ----------------------------------------------------------------------------------------------

/// Where a member's etcd is for the others: what etcd knows it by.
[[nodiscard]] std::string etcd_peer_url(const Member& member);

/// etcd's configuration file (JSON, which its YAML reader takes): TLS with client certificates on both ports,
/// and measurements for Prometheus on a third that gives nothing else.
/// `initial` are the members of etcd at its first start, this node among them; `fresh` begins a new cluster.
[[nodiscard]] std::string etcd_conf(const ClusterIdentity& identity, const Member& node,
                                    std::span<const Member> initial, bool fresh);

inline constexpr std::string_view etcd_conf_path = "/etc/etcd/bedplate.json";
inline constexpr std::string_view etcd_pki = "/etc/etcd/pki";

// --- virtual machines --------------------------------------------------------------------------------------

[[nodiscard]] std::string libvirt_secret_xml(const ClusterIdentity& identity);
/// The pool `vms` on the RBD pool of that name. Its UUID never changes: libvirt takes another one of the same
/// name for another pool, and refuses it, when a monitor is added.
[[nodiscard]] std::string libvirt_pool_xml(const ClusterIdentity& identity, std::span<const Member> members);
/// A libvirt network on a bridge that the node has.
[[nodiscard]] std::string libvirt_bridge_xml(std::string_view name, std::string_view bridge,
                                             std::optional<std::uint64_t> vlan);
/// The lines of /etc/libvirt/qemu.conf that differ from the shipped ones.
[[nodiscard]] std::string qemu_conf(const Member& node);
/// /etc/libvirt/libvirtd.conf: who may look (everybody on the node) and who may change something (root,
/// polkit, and the other nodes by TLS). The socket's mode is in its unit's drop-in
/// (firstboot/virt_steps.cpp).
[[nodiscard]] std::string libvirtd_conf();

// --- names and monitoring ----------------------------------------------------------------------------------

/// /etc/hosts: every member by name, and NAME-mig on the migration network.
[[nodiscard]] std::string hosts_file(std::span<const Member> members);

/// What tells Prometheus something, each at its port of the management network.
enum class Exporter { node, libvirt, hacluster, ceph, etcd, prometheus, alertmanager, haproxy };
[[nodiscard]] std::uint16_t port_of(Exporter exporter);

[[nodiscard]] std::string prometheus_conf(std::string_view cluster, std::string_view hostname);
/// Alert rules (cluster/alert_rules.hpp). Each names its page below `runbook_folder` in the annotation
/// `runbook`.
[[nodiscard]] std::string prometheus_rules();
/// Where the pages about the alerts (docs/runbooks) are on a node.
inline constexpr std::string_view runbook_folder = "/usr/share/bedplate/runbooks";
/// What Prometheus serves below /user/: the page with the state of the cluster.
inline constexpr std::string_view dashboard_folder = "/usr/share/bedplate/dashboard";
/// Text of a file of targets: one address, with the node's name as label.
[[nodiscard]] std::string prometheus_target(const Member& member, std::uint16_t port);
/// All files that belong into /etc/prometheus/targets, by name: "JOB-NODE.json". A node that leaves has none.
[[nodiscard]] std::map<std::string, std::string> prometheus_targets(
    std::span<const Member> members, const std::optional<EdgePolicy>& edge = {});
/// Arguments of Prometheus on a control node, which keeps measurements for as long as the site says, in so
/// much `room` at most.
[[nodiscard]] std::string prometheus_arguments(const Member& self, const NodeSettings& settings, Bytes room);
/// Arguments of Alertmanager: those of all control nodes know of one another, so that each alert is told
/// once.
[[nodiscard]] std::string alertmanager_arguments(const Member& self, std::span<const Member> members);
/// Whom to tell what, and when again. `heartbeat` hears every five minutes that alerts arrive; empty: nobody
/// does.
[[nodiscard]] std::string alertmanager_conf(std::span<const std::string> webhooks,
                                            const std::string& heartbeat);

}  // namespace bedplate
