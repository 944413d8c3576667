// SPDX-License-Identifier: GPL-3.0-or-later
// A peer's part: to prove that another node can be switched off.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "firstboot/fencing.hpp"
#include "firstboot/pacemaker.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::firstboot {

namespace {

/// Members that run Pacemaker and do not have the files of the devices yet: it might try one there.
Result<std::vector<std::string>> without_files(Platform& platform, FencingRegistry& registry,
                                               FenceFiles& files) {
    BEDPLATE_ASSIGN(const auto records, registry.list());
    // This member's own: others may have published theirs since this one began to wait.
    BEDPLATE_TRY(files.keep(registry, records));
    BEDPLATE_ASSIGN(const auto acknowledged, registry.acknowledged());
    BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
    const auto digest = devices_digest(records);
    std::vector<std::string> late;
    for (const auto& member : membership.all) {
        const auto found = acknowledged.find(member.hostname);
        if (found != acknowledged.end() && found->second == digest) {
            continue;
        }
        BEDPLATE_ASSIGN(const auto node, pacemaker_node(platform, member.hostname));
        if (node.contains(pacemaker_online)) {
            late.push_back(member.hostname);
        }
    }
    return late;
}

/// Who does not have them after two minutes. That is no reason to leave a node without fencing: those who
/// have them do it.
std::vector<std::string> wait_for_files(Platform& platform, FencingRegistry& registry, FenceFiles& files) {
    std::vector<std::string> late;
    static_cast<void>(wait_until(platform, "the members to have its password", std::chrono::minutes{2},
                                 [&]() -> Result<bool> {
                                     BEDPLATE_ASSIGN(late, without_files(platform, registry, files));
                                     return late.empty();
                                 }));
    return late;
}

std::int64_t seconds_now(const Node& node) {
    return std::chrono::duration_cast<std::chrono::seconds>(node.platform.clock.now().time_since_epoch())
        .count();
}

/// Off and on again by Pacemaker itself, as it would be if the node were lost.
Result<void> cycle(Platform& platform, const std::string& hostname) {
    const auto patience = scaled(std::chrono::seconds{180});
    const auto result = platform.commands.run(
        {.argv = {"stonith_admin", "--reboot", hostname, "--timeout",
                  std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count())},
         .timeout = patience + std::chrono::seconds{30}});
    if (!result) {
        return std::unexpected(result.error());
    }
    constexpr std::size_t longest = 200;
    return result->exit_status == 0
               ? Result<void>()
               : fail("fence.cycle", "Pacemaker could not switch it off and on: " +
                                         elide(trim(result->err + " " + result->out), longest));
}

Result<void> give_to_pacemaker(Node& node, const std::string& hostname, const FencingRecord& record) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    const std::vector proved{hostname};
    return configure_pacemaker(node.platform, cib::fencing(membership.all, {{hostname, record}}, proved));
}

/// A peer's hands: the node it runs on, the registry, and the files that agents read.
struct Peer {
    Node& node;
    FencingRegistry& registry;
    FenceFiles& files;
};

/// Everything that has to hold, in its order; `proof` is told to the registry as it goes on.
Result<void> prove(const Peer& peer, const std::string& asking, const FencingRecord& record, FenceAnswer what,
                   FenceProof& proof) {
    Platform& platform = peer.node.platform;
    BEDPLATE_ASSIGN(const bool on, power_is_on(platform, *record.device, asking));
    if (!on) {
        return fail("fence.off",
                    std::format("the BMC at {} says that the power is off, and the node asks: it is "
                                "another machine's",
                                record.device->address));
    }
    const auto late = wait_for_files(platform, peer.registry, peer.files);
    BEDPLATE_TRY(give_to_pacemaker(peer.node, asking, record));
    if (what == FenceAnswer::cycle) {
        proof.state = FenceProof::State::ordered;
        proof.at = seconds_now(peer.node);
        BEDPLATE_TRY(peer.registry.answer(asking, proof));
        peer.node.say(std::format("{} asked for it: it is switched off and on", asking));
        BEDPLATE_TRY(cycle(platform, asking));
    }
    proof.detail = std::format(
        "{} through the BMC at {}{}",
        what == FenceAnswer::cycle ? "switched off and on" : "its power status was read",
        record.device->address, late.empty() ? "" : "; without its password so far: " + join(late, ", "));
    return {};
}

}  // namespace

std::optional<Ipv4> gateway_of(const NodeSettings& settings) {
    const auto management = settings.networks.find("management");
    return management != settings.networks.end() ? management->second.gateway : std::nullopt;
}

Result<void> configure_pacemaker(Platform& platform, const cib::Configuration& configuration) {
    BEDPLATE_ASSIGN(const auto there, run_checked(platform.commands, {.argv = {"cibadmin", "--query"}}));
    if (cib::holds(there, configuration)) {
        return {};
    }
    BEDPLATE_TRY(
        run_checked(platform.commands, {.argv = {"cibadmin", "--modify", "--allow-create", "--xml-pipe"},
                                        .input = cib::to_xml(configuration)}));
    return {};
}

Result<void> answer_request(Node& node, FencingRegistry& registry, FenceFiles& files,
                            const std::string& asking, const FencingRecord& record) {
    const FenceAnswer what = answer_for(record);
    FenceProof proof{.state = FenceProof::State::trying,
                     .request = record.request->id,
                     .test = record.request->test,
                     .by = node.settings.hostname,
                     .at = seconds_now(node),
                     .device = record.device->digest(),
                     .boot_id = record.request->boot_id,
                     .detail = ""};
    if (what == FenceAnswer::confirm) {
        // It restarted after the peer that is gone had ordered it: what counts is the run that it ended.
        proof.boot_id = record.proof->boot_id;
    }
    BEDPLATE_ASSIGN(const bool mine, registry.take_on(asking, proof));
    if (!mine) {
        return {};
    }
    const auto done =
        prove({.node = node, .registry = registry, .files = files}, asking, record, what, proof);
    proof.state = done ? FenceProof::State::done : FenceProof::State::failed;
    proof.at = seconds_now(node);
    if (!done) {
        proof.detail = done.error().message;
    }
    // With two members the registry had no majority while one of them was off.
    return wait_until(node.platform, "the registry to take the answer", std::chrono::minutes{10},
                      [&]() -> Result<bool> {
                          BEDPLATE_TRY(registry.answer(asking, proof));
                          return true;
                      });
}

}  // namespace bedplate::firstboot
