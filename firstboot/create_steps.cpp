// SPDX-License-Identifier: GPL-3.0-or-later
// The first node of a cluster: who the cluster is, its certificates, its registry.
#include <format>

#include "cluster/files.hpp"
#include "firstboot/access.hpp"
#include "firstboot/pki_file.hpp"
#include "firstboot/steps.hpp"
#include "registry/pki.hpp"

namespace bedplate::firstboot {

namespace {

/// Made once: whatever is there stays.
Steps made_once(Platform& platform, std::string path, std::function<Result<void>()> make) {
    return {.observe = [&platform, path]() -> Result<Observation> {
                return platform.files.exists(path) ? satisfied() : needed();
            },
            .apply = std::move(make)};
}

Result<void> make_identity_file(Node& node) {
    if (!node.settings.ceph_fsid) {
        return fail("node.file", "the installer left no fsid for the Ceph cluster",
                    "/etc/bedplate/node.json");
    }
    BEDPLATE_ASSIGN(const auto secret, random_uuid(node.platform.files));
    // The plan's: OSDs are told ours from others by it, before and after a reinstallation.
    ClusterIdentity identity{.name = node.settings.cluster,
                             .fsid = *node.settings.ceph_fsid,
                             .created = to_rfc3339(node.platform.clock.now())};
    BEDPLATE_ASSIGN(identity.libvirt_secret, Guid::parse(secret));
    return node.platform.files.write(identity_path, to_json(identity).dump(2) + "\n");
}

Result<void> make_membership_file(Node& node) {
    Membership membership{.self = member_of(node.settings)};
    BEDPLATE_ASSIGN(const auto machine, machine_identity(node.platform.files));
    membership.self.id = 1;
    membership.self.control = true;
    membership.self.state = Member::State::member;
    membership.self.service_tag = machine.first;
    membership.self.product_uuid = machine.second;
    membership.all = {membership.self};
    return node.platform.files.write(members_path, to_text(membership));
}

Result<void> make_ca_files(Node& node) {
    BEDPLATE_ASSIGN(const auto ca, make_ca(node.platform, node.settings.cluster));
    BEDPLATE_TRY(node.platform.files.make_directories(node_pki, 0700));
    BEDPLATE_TRY(node.platform.files.write(pki_file("ca.crt"), ca.certificate));
    // The key last: it is what says that both are there.
    return node.platform.files.write(pki_file("ca.key"), ca.key.reveal(), 0600);
}

Result<void> make_node_certificate(Node& node) {
    BEDPLATE_ASSIGN(const auto request, make_key_request(node.platform, node.settings.hostname));
    const Member self = member_of(node.settings);
    BEDPLATE_ASSIGN(const auto certificate,
                    sign(node.platform, pki_file("ca.crt"), pki_file("ca.key"), request.csr, self.hostname,
                         certificate_names(self), certificate_addresses(self), "/run/bedplate"));
    BEDPLATE_TRY(node.platform.files.write(pki_file("node.key"), request.key.reveal(), 0600));
    return node.platform.files.write(pki_file("node.crt"), certificate);
}

Steps registry_steps(Node& node) {
    // Nothing but the registry itself can say whether it is founded; asking costs one request.
    return {
        .observe = [&node]() -> Result<Observation> {
            BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
            RegistryConnection connection(node.platform);
            BEDPLATE_TRY(connection.open());
            const auto there = connection.registry().identity();
            if (!there) {
                return there.error().code == "registry.empty" ? Result<Observation>(needed())
                                                              : std::unexpected(there.error());
            }
            return there->fsid == identity.fsid
                       ? satisfied()
                       : conflict(std::format("etcd on this node holds another cluster, {}", there->name));
        },
        .apply = [&node]() -> Result<void> {
            BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
            BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
            RegistryConnection connection(node.platform);
            BEDPLATE_TRY(connection.open());
            return connection.registry().found(identity, membership.self);
        }};
}

}  // namespace

std::vector<Step> create_steps(Node& node) {
    Platform& platform = node.platform;
    std::vector<Step> steps{
        {"create.identity", "create", "give the cluster its identity",
         made_once(platform, std::string(identity_path), [&node] { return make_identity_file(node); })},
        {"create.member", "create", "enter this node as the first member",
         made_once(platform, std::string(members_path), [&node] { return make_membership_file(node); })},
        {"create.ca", "create", "make the cluster's certificate authority",
         made_once(platform, pki_file("ca.key"), [&node] { return make_ca_files(node); })},
        {"create.certificate", "create", "make this node's certificate",
         made_once(platform, pki_file("node.crt"), [&node] { return make_node_certificate(node); })},
    };
    for (auto& step : certificate_steps(node)) {
        steps.push_back(std::move(step));
    }
    for (auto& step : etcd_steps(node)) {
        steps.push_back(std::move(step));
    }
    steps.push_back(
        {"create.registry", "create", "enter cluster and node into the registry", registry_steps(node)});
    for (auto& step : seed_steps(node)) {
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace bedplate::firstboot
