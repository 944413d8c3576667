// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/cluster.hpp"
#include "cluster/join.hpp"
#include "cluster/ticket.hpp"
#include "platform/clock.hpp"
#include "platform/file_system.hpp"
#include "registry/etcd.hpp"

namespace bedplate {

/// Where a member finds etcd and its own certificate.
inline constexpr std::string_view registry_access_path = "/etc/bedplate/registry.json";
inline constexpr std::string_view node_pki = "/etc/bedplate/pki";

struct RegistryAccess {
    std::vector<std::string> endpoints;  ///< "https://10.0.100.11:2379"
    std::string ca, certificate, key;    ///< PEM files
};
/// Errors: registry.none (this machine is not a member), and those of reading.
[[nodiscard]] Result<RegistryAccess> read_registry_access(const FileSystem& files,
                                                          const std::filesystem::path& path);

/// A lock that the whole cluster respects: a key under a lease, which goes by itself when its holder dies.
struct RegistryLock {
    std::int64_t lease = 0, created = 0;
};

/// What a join got from the registry.
struct Allotment {
    Member node;
    bool repeated = false;  ///< an earlier request of the same attempt got it
};

/// The processor that machines get so that every node can run them.
struct CpuBaseline {
    std::string of;   ///< digest of the processors that it was computed from (digest_of)
    std::string xml;  ///< libvirt's <cpu>
};

/// Of processors by host name.
[[nodiscard]] std::string digest_of(const std::map<std::string, std::string>& cpus);

/// The cluster's shared state. Keys below /bedplate/:
///   cluster            its identity
///   next               counters {id, nodes, control}: ids only ever grow
///   nodes/NAME         a Member; names, uuids/U, addresses/A point to it by host name
///   attempts/ID        host name that the attempt was granted to
///   tickets/ID         a TicketRecord; ticket-keys/FINGERPRINT its id
///   cpus/NAME          what a node's processor can do for machines; cpu-baseline: what all of them can
///   vms/NAME           a virtual machine; vm-hosts/NAME: what a node can offer them; vm-acks/NAME: whose
///                      files a node has (vms.hpp)
///   fencing/NAME/...   how the node is switched off, the proof of it, how often it was; fencing-acks/NAME:
///                      which of that the node has; ha-policy: the site's rules (fencing.hpp)
///   lock/join          who changes the membership at the moment
///   corosync           {version, nodes}: the membership that corosync shall have; corosync-acks/NAME:
///                      version
/// Each operation costs a fixed number of requests, however many nodes there are, except list_members().
class Registry {
public:
    Registry(Etcd& etcd, Clock& clock) : etcd_(etcd), clock_(clock) {}

    /// Write the cluster's identity and its first member; a second time with the same does nothing.
    /// Errors: registry.other-cluster.
    [[nodiscard]] Result<void> found(const ClusterIdentity& identity, const Member& first);
    /// Errors: registry.empty.
    [[nodiscard]] Result<ClusterIdentity> identity();
    [[nodiscard]] Result<std::optional<Member>> member(const std::string& hostname);
    /// Sorted by id.
    [[nodiscard]] Result<std::vector<Member>> list_members();
    [[nodiscard]] Result<void> set_state(const std::string& hostname, Member::State state);
    /// Take everything of a node out but its id, which is never used again.
    [[nodiscard]] Result<void> forget(const std::string& hostname);

    /// The SSH host key that a control node shows ("ssh-ed25519 AAAA..."): what tickets pin.
    [[nodiscard]] Result<void> publish_host_key(const std::string& hostname, const std::string& key);
    [[nodiscard]] Result<std::map<std::string, std::string>> host_keys();

    /// A node's processor as libvirt's <cpu> says it.
    [[nodiscard]] Result<void> publish_cpu(const std::string& hostname, const std::string& xml);
    [[nodiscard]] Result<std::map<std::string, std::string>> cpus();
    /// Nothing: not computed yet.
    [[nodiscard]] Result<std::optional<CpuBaseline>> cpu_baseline();
    [[nodiscard]] Result<void> store_cpu_baseline(const CpuBaseline& baseline);

    [[nodiscard]] Result<void> add_ticket(const TicketRecord& ticket);
    [[nodiscard]] Result<std::optional<TicketRecord>> ticket(const std::string& id);
    [[nodiscard]] Result<std::optional<TicketRecord>> ticket_by_fingerprint(const std::string& fingerprint);
    [[nodiscard]] Result<std::vector<TicketRecord>> list_tickets();
    /// Errors: ticket.unknown.
    [[nodiscard]] Result<void> revoke_ticket(const std::string& id);
    /// One more; the tenth revokes it.
    [[nodiscard]] Result<void> count_bad_try(const std::string& id);
    /// While a machine is being installed its ticket lasts, for an hour more and at most a day from its
    /// making.
    [[nodiscard]] Result<void> extend_ticket(const std::string& id);

    /// What judge() needs, as it is at one moment: one request.
    [[nodiscard]] Result<JoinView> view(const std::string& ticket, const JoinRequest& request);
    /// Judge and allot in one transaction, under the lock if one is given. Two that ask at the same time for
    /// the same thing: one of them is judged again, with what the other one got. Errors: those of judge(),
    /// join.contended, registry.lock-lost.
    [[nodiscard]] Result<Allotment> allot(const std::string& ticket, const JoinRequest& request, bool quorate,
                                          const RegistryLock* lock);

    /// Wait for the lock. Errors: registry.locked (who has it).
    [[nodiscard]] Result<RegistryLock> lock(const std::string& owner, std::chrono::seconds patience);
    /// Errors: registry.lock-lost.
    [[nodiscard]] Result<void> renew(const RegistryLock& lock);
    [[nodiscard]] Result<void> unlock(const RegistryLock& lock);

    [[nodiscard]] Etcd& etcd() { return etcd_; }
    [[nodiscard]] std::int64_t now() const;

private:
    /// The values below kind/NAME, by name.
    [[nodiscard]] Result<std::map<std::string, std::string>> by_node(const std::string& kind);
    [[nodiscard]] Result<bool> change_ticket(const std::string& id,
                                             const std::function<void(TicketRecord&)>& change);

    Etcd& etcd_;
    Clock& clock_;
};

}  // namespace bedplate
