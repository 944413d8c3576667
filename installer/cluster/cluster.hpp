// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/identifiers.hpp"
#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "cluster/ha_policy.hpp"
#include "cluster/services.hpp"
#include "cluster/vm_spec.hpp"

namespace bedplate {

/// A disk that the plan gave to Ceph.
struct OsdDisk {
    std::string serial, wwn, path;
};

/// A network as one node has it.
struct NodeNetwork {
    std::optional<std::uint64_t> vlan, mtu;
    std::optional<Cidr> subnet;
    std::optional<Ipv4> gateway, address;
    std::string bridge;
    /// What the bridge passes on beside the network's own VLAN: first and last, both included.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> guest_vlans;
};

/// How this node's BMC is reached; what opens it stands in a file of its own.
struct FencingSettings {
    std::string agent, via, address;  ///< address: empty where nobody knows it
    std::optional<std::uint32_t> port, cipher;
    bool watchdog = false;  ///< use a hardware watchdog, where there is one

    /// The cluster switches this node off through its BMC.
    [[nodiscard]] bool by_bmc() const { return via == "bmc"; }
};

/// What the installer left about this node: /etc/bedplate/node.json and site.json.
struct NodeSettings {
    std::string hostname, cluster, domain, profile, plan_digest;
    bool create = false;            ///< this node begins the cluster; else it joins
    std::optional<Guid> ceph_fsid;  ///< that the plan knows the Ceph cluster by
    std::uint64_t generation = 1;
    std::vector<std::string> ntp;
    std::map<std::string, NodeNetwork> networks;
    std::vector<OsdDisk> osds, osd_dbs;
    Bytes osd_memory_target = gib(4);
    std::uint64_t retention_days = 30;        ///< of Prometheus
    std::vector<std::string> alert_webhooks;  ///< whom Alertmanager tells
    HaPolicy ha = {};                         ///< as this node's site says it; the registry's counts
    CapacityPolicy capacity = {};
    std::optional<FencingSettings> fencing = {};
    std::string heartbeat;    ///< who hears that alerts arrive; empty: nobody
    std::vector<VmSpec> vms;  ///< that the site wants
    LogPolicy logs = {};
    std::optional<EdgePolicy> edge = {};  ///< nothing: the site has none

    /// This node's address in the network, or in the one that stands in for it: the storage, migration and
    /// ring0 networks fall back to the management network, storage_cluster to storage_public. ring1 has no
    /// substitute but storage_public.
    [[nodiscard]] std::optional<Ipv4> address(std::string_view network) const;
    /// The subnet to that address.
    [[nodiscard]] std::optional<Cidr> subnet(std::string_view network) const;
    [[nodiscard]] std::string full_name() const;

private:
    [[nodiscard]] const NodeNetwork* network(std::string_view name) const;
};

/// Errors: node.file (with what is missing).
[[nodiscard]] Result<NodeSettings> node_settings_from_json(const Json& node, const Json& site);

/// What is the cluster's and never changes in its life. Made once, on the node that creates it.
struct ClusterIdentity {
    std::string name;
    Guid fsid;            ///< of the Ceph cluster, and the identity of the whole
    Guid libvirt_secret;  ///< UUID of the libvirt secret that holds client.libvirt's key, the same on all
                          ///< nodes
    std::string created;  ///< RFC 3339
};

[[nodiscard]] Json to_json(const ClusterIdentity& identity);
/// Errors: cluster.record.
[[nodiscard]] Result<ClusterIdentity> cluster_identity_from_json(const Json& json);

/// One node of the cluster as the registry knows it.
struct Member {
    enum class State { joining, standby, member, leaving } state = State::joining;
    std::uint32_t id = 0;  ///< corosync's nodeid; never used again in the cluster's life
    std::string hostname, domain, service_tag, product_uuid;
    bool control = false;  ///< runs mon, mgr and an etcd member
    bool remote = false;   ///< runs pacemaker_remote in the place of corosync and Pacemaker
    Ipv4 management, storage, migration, ring0;
    std::optional<Ipv4> ring1;
    std::string attempt, ticket;  ///< of its join; empty for the node that created the cluster
    bool operator==(const Member&) const = default;
};

[[nodiscard]] std::string_view to_string(Member::State state);
[[nodiscard]] Json to_json(const Member& member);
/// Errors: cluster.record.
[[nodiscard]] Result<Member> member_from_json(const Json& json);

/// This node as a member, with the addresses of its settings; id, tag, UUID and state are left to the caller.
[[nodiscard]] Member member_of(const NodeSettings& settings);

/// How many nodes run corosync; later ones are remote nodes (docs/decisions/0101).
inline constexpr std::size_t most_corosync_nodes = 16;

/// How many control nodes (monitor, manager, etcd member) a cluster of `nodes` wants: the first three, five
/// from the sixth on.
[[nodiscard]] std::size_t control_nodes_wanted(std::size_t nodes);

}  // namespace bedplate
