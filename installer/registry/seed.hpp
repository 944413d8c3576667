// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "cluster/join.hpp"
#include "cluster/services.hpp"
#include "platform/platform.hpp"
#include "registry/registry.hpp"

namespace bedplate {

/// Where a seed's own things are. The defaults are those of a node; tests have others.
struct SeedPlaces {
    std::filesystem::path registry_access = registry_access_path;
    std::filesystem::path ca_certificate = "/etc/bedplate/pki/ca.crt", ca_key = "/etc/bedplate/pki/ca.key";
    std::filesystem::path corosync_conf = "/etc/corosync/corosync.conf";
    std::filesystem::path work = "/run/bedplate";
    /// Name in the grant -> file on this node. Those of control nodes only come last.
    std::map<std::string, std::filesystem::path> secrets = {
        {"corosync", "/etc/corosync/authkey"},
        {"pacemaker", "/etc/pacemaker/authkey"},
        {"ceph_join", "/var/lib/bedplate/ceph/client.bedplate-join.keyring"},
        {"ceph_osd", "/var/lib/ceph/bootstrap-osd/ceph.keyring"},
        {"ceph_libvirt", "/var/lib/bedplate/ceph/client.libvirt.keyring"},
        {"ceph_crash", "/etc/ceph/ceph.client.crash.keyring"},
    };
    std::map<std::string, std::filesystem::path> control_secrets = {
        {"ca_key", "/etc/bedplate/pki/ca.key"},
        {"ceph_mon", "/var/lib/bedplate/ceph/mon.keyring"},
        {"ceph_admin", "/etc/ceph/ceph.client.admin.keyring"}};
    /// What the site's services need (cluster/services.hpp), for control nodes; not every site has such.
    std::filesystem::path service_secrets = node_secrets_path;
    std::string hostname = {};                                          ///< of the seed itself
    std::string command = "sudo -n /usr/lib/bedplate/bedplate-accept";  ///< how sshd starts us again
    std::filesystem::path tools = {};  ///< folder of corosync's tools; empty: found in PATH

    /// corosync-cfgtool or the like.
    [[nodiscard]] std::string tool(std::string_view name) const {
        return tools.empty() ? std::string(name) : (tools / name).string();
    }
};

inline constexpr std::string_view seed_places_path = "/etc/bedplate/seed.json";
/// The defaults with what the file says, if there is one. Errors: seed.places.
[[nodiscard]] Result<SeedPlaces> read_seed_places(const FileSystem& files, const std::filesystem::path& path);

/// The cluster's side of a join.
class SeedService {
public:
    SeedService(Platform& platform, Registry& registry, SeedPlaces places)
        : platform_(platform), registry_(registry), places_(std::move(places)) {}

    /// The authorized_keys line for the key with this fingerprint, or nothing: what sshd's
    /// AuthorizedKeysCommand prints. Unknown, revoked and expired tickets get nothing, so sshd refuses the
    /// key.
    [[nodiscard]] Result<std::string> authorized_keys(const std::string& fingerprint);

    /// Answer one request made with the ticket. Whatever goes wrong is in the answer, too.
    [[nodiscard]] JoinAnswer answer(const std::string& ticket, std::string_view request);

private:
    [[nodiscard]] Result<void> check(const std::string& ticket, const JoinRequest& request);
    [[nodiscard]] Result<JoinGrant> join(const std::string& ticket, const JoinRequest& request);
    [[nodiscard]] Result<JoinGrant> join_locked(const std::string& ticket, const JoinRequest& request,
                                                const RegistryLock& lock);
    [[nodiscard]] Result<std::string> certificate(const Member& node, const std::string& csr);
    [[nodiscard]] Result<bool> quorate();

    Platform& platform_;
    Registry& registry_;
    SeedPlaces places_;
};

/// Put a node into corosync's membership while it runs: the new list goes into the registry, every member
/// writes its file and says so, then one reload makes it count. Done already: nothing is changed. Returns the
/// config_version. Errors: corosync.too-few (one more would cost the cluster its quorum), corosync.not-ready
/// (who has not written its file), corosync.votes; after them the membership is what it was.
[[nodiscard]] Result<std::uint64_t> add_to_corosync(Platform& platform, Registry& registry,
                                                    const SeedPlaces& places, const Member& node,
                                                    const RegistryLock& lock);

/// The other way round: corosync does not run on that node any more. Done already: nothing is changed.
/// Errors: corosync.not-ready, corosync.votes; taken up by doing it again.
[[nodiscard]] Result<void> remove_from_corosync(Platform& platform, Registry& registry,
                                                const SeedPlaces& places, const std::string& hostname,
                                                const RegistryLock& lock);

/// What the registry says corosync's membership shall be; a cluster of one has none yet.
struct CorosyncPlan {
    std::uint64_t version = 1, applied = 1;
    std::vector<std::string> members;
    std::string qdevice = {};  ///< where corosync-qnetd runs; empty: no quorum device
};
[[nodiscard]] Result<CorosyncPlan> corosync_plan(Registry& registry);
/// Give corosync a quorum device, or take it away (`host` empty). Every node has to have the certificates and
/// run corosync-qdevice already or right after. Errors: qdevice.nodes, and those of add_to_corosync.
[[nodiscard]] Result<void> set_qdevice(Platform& platform, Registry& registry, const SeedPlaces& places,
                                       const std::string& host, const RegistryLock& lock);
/// Write this node's corosync.conf if it is older than the plan, and say so in the registry. What every
/// member does every two seconds. True: something was written.
[[nodiscard]] Result<bool> follow_corosync(Platform& platform, Registry& registry, const SeedPlaces& places,
                                           const std::string& hostname);

}  // namespace bedplate
