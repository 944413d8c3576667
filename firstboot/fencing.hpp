// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cluster/cib.hpp"
#include "cluster/fencing.hpp"
#include "firstboot/runner.hpp"
#include "firstboot/tools.hpp"
#include "registry/fencing.hpp"

namespace bedplate::firstboot {

/// How the others switch this node off; nothing where its profile does not fence over the BMC. Errors
/// (refused): fence.no-address, fence.no-credentials.
[[nodiscard]] Result<std::optional<FenceDevice>> own_device(Node& node);

/// The kernel's own word for this run of the machine.
[[nodiscard]] Result<std::string> boot_id(const FileSystem& files);

/// The test that this node has to have passed: the policy's where it joined, the power status where it
/// created the cluster and ran before there was anybody to ask.
[[nodiscard]] FenceTest wanted_test(const NodeSettings& settings, const HaPolicy& policy);

/// Have a fence agent's program read before Pacemaker asks it what it can do. Pacemaker (3.0) waits 10 s for
/// that, and until it knows, "off and on" becomes "off" alone (fenced's get_agent_metadata, asked again after
/// 10 s and more): a Python program that comes from a cold disk is late. How it ends is no matter: one that
/// does not work is found by the proof.
void warm_up_agent(Platform& platform, const std::string& agent);

/// What a member keeps in files of how the others are switched off. Written by whoever follows the registry.
class FenceFiles {
public:
    FenceFiles(Platform& platform, std::string hostname)
        : platform_(platform), hostname_(std::move(hostname)) {}

    /// Bring the files in line with the registry's, have the agents warm, and say so there. Errors:
    /// file.write, registry.*.
    [[nodiscard]] Result<void> keep(FencingRegistry& registry,
                                    const std::map<std::string, FencingRecord>& records);

private:
    Platform& platform_;
    std::string hostname_, kept_;  ///< digest of the devices whose files are there
};

/// Ask a node's BMC through the agent, as Pacemaker would: whether its power is on. Errors: fence.agent, with
/// the agent's last words.
[[nodiscard]] Result<bool> power_is_on(Platform& platform, const FenceDevice& device,
                                       const std::string& hostname);

/// Take a node's request on, if nobody else has, and carry it out; the answer goes into the registry. Errors:
/// registry.*; what fails about the fencing itself is an answer.
[[nodiscard]] Result<void> answer_request(Node& node, FencingRegistry& registry, FenceFiles& files,
                                          const std::string& asking, const FencingRecord& record);

/// The gateway of the management network, if the site has one: what the uplink's watch asks for.
[[nodiscard]] std::optional<Ipv4> gateway_of(const NodeSettings& settings);

/// Put it into Pacemaker's configuration, where it is not there already. Errors: command.*.
[[nodiscard]] Result<void> configure_pacemaker(Platform& platform, const cib::Configuration& configuration);

/// What a member does about fencing for as long as it runs (docs/fencing.md): keep the files, publish its own
/// device, ask for its own proof, answer the others, keep Pacemaker's configuration and the list of fencings.
class FencingFollower {
public:
    explicit FencingFollower(Node& node) : node_(node), files_(node.platform, node.settings.hostname) {}

    [[nodiscard]] Result<void> once(Registry& registry, std::span<const Member> members);

private:
    [[nodiscard]] Result<void> publish_own(FencingRegistry& registry, FencingRecord& own);
    [[nodiscard]] Result<void> ask_for_own(FencingRegistry& registry, const FencingRecord& own,
                                           std::span<const Member> members, std::int64_t now);
    [[nodiscard]] Result<void> note_history(FencingRegistry& registry,
                                            const std::map<std::string, FencingRecord>& records);
    [[nodiscard]] Result<void> configure(std::span<const Member> members,
                                         const std::map<std::string, FencingRecord>& records,
                                         const HaPolicy& policy);
    [[nodiscard]] Result<void> let_in_again(const FencingRecord& own);
    [[nodiscard]] Result<void> connect_remotes(std::span<const Member> members,
                                               const std::map<std::string, FencingRecord>& records);

    Node& node_;
    FenceFiles files_;
    std::string configured_;           ///< digest of what Pacemaker was given last
    std::set<std::string> connected_;  ///< remote nodes that Pacemaker knows
    bool capacity_told_ = false;
    std::optional<std::chrono::steady_clock::time_point> history_due_, own_due_;
};

/// Before Pacemaker starts: a node that is fenced again and again stays out. False: do not start it. Where
/// the registry does not answer within 20 s, it is started: a rack that lost its power comes back by itself.
[[nodiscard]] bool may_start_pacemaker(Node& node);

/// Steps of the stage ha: what machines may be placed on this node, and its watchdog.
[[nodiscard]] std::vector<Step> capacity_steps(Node& node);
/// How it is switched off, and the proof: before a joining node may take machines.
[[nodiscard]] std::vector<Step> proof_steps(Node& node);

/// What holds of this node's fencing, for its report: ha.fence-proof where its profile fences over the BMC,
/// ha.fence-loop where it stays out.
[[nodiscard]] Result<std::vector<NodeCheck>> check_fence_proof(Platform& platform,
                                                               const NodeSettings& settings);

/// `bedplate node fencing`.
struct FencingOrder {
    std::string hostname;           ///< empty: all
    std::optional<FenceTest> test;  ///< have it proved anew
    bool release = false;           ///< forget that it was fenced, and let it in again
    bool commit = false;
};
/// Shows how each node is switched off, and does what is asked for with --commit. Errors: registry.*,
/// fence.unknown, fence.not-proved.
[[nodiscard]] Result<void> manage_fencing(Node& node, const FencingOrder& order);

}  // namespace bedplate::firstboot
