// SPDX-License-Identifier: GPL-3.0-or-later
// A node that joins: ask a seed with the ticket, take what it grants, become an etcd member.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/files.hpp"
#include "firstboot/access.hpp"
#include "firstboot/pki_file.hpp"
#include "firstboot/steps.hpp"
#include "registry/join_client.hpp"
#include "registry/pki.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view join_folder = "/var/lib/bedplate/join";

/// One attempt for the life of this installation: a repeated request is then known as such.
Result<std::string> attempt_id(Platform& platform) {
    const std::string path = std::format("{}/attempt", join_folder);
    if (!platform.files.exists(path)) {
        BEDPLATE_ASSIGN(const auto id, random_uuid(platform.files));
        BEDPLATE_TRY(platform.files.write(path, id + "\n", 0600));
    }
    BEDPLATE_ASSIGN(const auto text, platform.files.read(path));
    return std::string(trim(text));
}

/// The key never leaves the node; the request goes to the seed.
Result<std::string> certificate_request(Node& node) {
    const std::string path = std::format("{}/request.csr", join_folder);
    if (!node.platform.files.exists(path)) {
        BEDPLATE_ASSIGN(const auto made, make_key_request(node.platform, node.settings.hostname));
        BEDPLATE_TRY(node.platform.files.make_directories(node_pki, 0700));
        BEDPLATE_TRY(node.platform.files.write(pki_file("node.key"), made.key.reveal(), 0600));
        BEDPLATE_TRY(node.platform.files.write(path, made.csr));
    }
    return node.platform.files.read(path);
}

/// Where the grant's secrets go on this node.
std::vector<ManagedFile> secret_files(const JoinGrant& grant) {
    struct GrantedFile {
        std::string name, path;
        std::uint32_t mode;
        std::string owner;
    };
    const std::string own = "/var/lib/bedplate/ceph";
    const GrantedFile places[] = {
        {"corosync", "/etc/corosync/authkey", 0400, "root:root"},
        {"pacemaker", "/etc/pacemaker/authkey", 0640, "root:haclient"},
        {"ceph_join", own + "/client.bedplate-join.keyring", 0600, "root:root"},
        {"ceph_osd", "/var/lib/ceph/bootstrap-osd/ceph.keyring", 0600, "ceph:ceph"},
        {"ceph_libvirt", own + "/client.libvirt.keyring", 0600, "root:root"},
        {"ceph_crash", "/etc/ceph/ceph.client.crash.keyring", 0600, "ceph:ceph"},
        {"ca_key", std::format("{}/ca.key", node_pki), 0600, "root:root"},
        {"ceph_mon", own + "/mon.keyring", 0600, "root:root"},
        {"ceph_admin", "/etc/ceph/ceph.client.admin.keyring", 0600, "root:root"},
    };
    std::vector<ManagedFile> files;
    for (const auto& place : places) {
        if (const auto secret = grant.secrets.find(place.name); secret != grant.secrets.end()) {
            files.push_back({.path = place.path,
                             .text = secret->second.reveal(),
                             .mode = place.mode,
                             .owner = place.owner});
        }
    }
    return files;
}

Result<void> keep_grant(Node& node, const JoinGrant& grant) {
    Platform& platform = node.platform;
    for (const auto& file : secret_files(grant)) {
        BEDPLATE_TRY(put(platform, file));
    }
    // What the node was installed with is younger than what the cluster was.
    if (const auto services = grant.secrets.find("services");
        services != grant.secrets.end() && !platform.files.exists(node_secrets_path)) {
        BEDPLATE_TRY(platform.files.write(node_secrets_path, services->second.reveal(), 0600));
    }
    BEDPLATE_TRY(platform.files.write(pki_file("ca.crt"), grant.ca_certificate));
    BEDPLATE_TRY(platform.files.write(pki_file("node.crt"), grant.certificate));
    BEDPLATE_TRY(platform.files.write(identity_path, to_json(grant.identity).dump(2) + "\n"));
    // Last: it says that the grant is here as a whole.
    const Membership membership{
        .self = grant.node, .all = grant.members, .corosync_version = grant.corosync_version};
    BEDPLATE_TRY(platform.files.write(members_path, to_text(membership)));
    return platform.files.remove(join_ticket_path);
}

Result<void> ask_for_grant(Node& node) {
    Platform& platform = node.platform;
    const auto text = platform.files.read(join_ticket_path);
    if (!text) {
        return refuse(
            "join.no-ticket", "this node shall join a cluster and has no ticket",
            std::string(join_ticket_path),
            std::format("make one on a member (bedplate ticket create) and put its line into {} here",
                        join_ticket_path));
    }
    BEDPLATE_ASSIGN(const auto ticket, parse_ticket(*text));
    BEDPLATE_ASSIGN(const auto machine, machine_identity(platform.files));
    JoinRequest request{
        .verb = JoinRequest::Verb::join, .version = BEDPLATE_VERSION, .node = member_of(node.settings)};
    request.node.service_tag = machine.first;
    request.node.product_uuid = machine.second;
    BEDPLATE_ASSIGN(request.attempt, attempt_id(platform));
    BEDPLATE_ASSIGN(request.csr, certificate_request(node));
    request.time =
        std::chrono::duration_cast<std::chrono::seconds>(platform.clock.now().time_since_epoch()).count();
    BEDPLATE_ASSIGN(const auto answer, JoinClient{}.ask(platform, ticket, request));
    if (!answer.grant) {
        return fail("join.answer", "the seed answered without a grant");
    }
    return keep_grant(node, *answer.grant);
}

/// A member of etcd begins as a learner, which does not count for quorum: a node that dies half-way costs
/// nothing.
Steps etcd_member_steps(Node& node, bool promoted) {
    const auto find = [&node](RegistryConnection& connection) -> Result<std::optional<EtcdMember>> {
        BEDPLATE_TRY(connection.open());
        BEDPLATE_ASSIGN(const auto members, connection.registry().etcd().members());
        const auto found =
            std::ranges::find(members, etcd_peer_url(member_of(node.settings)), &EtcdMember::peer_url);
        return found == members.end() ? std::nullopt : std::optional(*found);
    };
    return {.observe = [&node, find, promoted]() -> Result<Observation> {
                RegistryConnection connection(node.platform);
                BEDPLATE_ASSIGN(const auto member, find(connection));
                return member && (!promoted || !member->learner) ? satisfied() : needed();
            },
            .apply = [&node, find, promoted]() -> Result<void> {
                RegistryConnection connection(node.platform);
                BEDPLATE_ASSIGN(const auto member, find(connection));
                if (promoted) {
                    return member ? connection.registry().etcd().promote(member->id)
                                  : fail("etcd.no-member", "etcd does not know this node");
                }
                return connection.registry().etcd().add_learner(etcd_peer_url(member_of(node.settings)));
            }};
}

}  // namespace

std::vector<Step> join_steps(Node& node) {
    Platform& platform = node.platform;
    std::vector<Step> steps{{"join.grant",
                             "join",
                             "ask a seed to be a member",
                             {.observe = [&platform]() -> Result<Observation> {
                                  return platform.files.exists(members_path) ? satisfied() : needed();
                              },
                              .apply = [&node] { return ask_for_grant(node); }}}};
    for (auto& step : certificate_steps(node)) {
        steps.push_back(std::move(step));
    }
    auto etcd = etcd_steps(node);
    steps.push_back(std::move(etcd[0]));
    for (auto& step : corosync_steps(node)) {
        steps.push_back(std::move(step));
    }
    steps.push_back({"etcd.learner", "join", "enter this node into etcd",
                     on_control(platform, etcd_member_steps(node, false))});
    steps.push_back(std::move(etcd[1]));
    steps.push_back(std::move(etcd[2]));
    steps.push_back({"etcd.member", "join", "make this node a full member of etcd",
                     on_control(platform, etcd_member_steps(node, true))});
    for (auto& step : seed_steps(node)) {
        step.steps = on_control(platform, std::move(step.steps));
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace bedplate::firstboot
