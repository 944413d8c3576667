// SPDX-License-Identifier: GPL-3.0-or-later
// One time for all members, also where no time server answers: Ceph's monitors warn from 0.05 s on.
#include <algorithm>
#include <format>

#include "cluster/files.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view serving_file = "/etc/chrony/conf.d/bedplate.conf";

/// A control node gives the time to the management network. While no server answers, the control nodes agree
/// on whose clock counts (chrony.conf(5), local ... orphan).
Steps serving_steps(Node& node) {
    Platform& platform = node.platform;
    return on_control(
        platform,
        file_steps(
            platform,
            [&node]() -> Result<std::vector<ManagedFile>> {
                const auto subnet = node.settings.subnet("management");
                return std::vector<ManagedFile>{
                    {.path = std::string(serving_file),
                     .text = std::format("# Written by bedplate-firstboot.\nlocal stratum 10 orphan\n{}",
                                         subnet ? std::format("allow {}\n", subnet->to_text()) : "")}};
            },
            [&platform] { return run_all(platform, {{"systemctl", "restart", "chrony.service"}}); }));
}

/// Besides the site's servers everybody follows the control nodes.
Steps source_steps(Node& node) {
    Platform& platform = node.platform;
    return file_steps(
        platform,
        [&node]() -> Result<std::vector<ManagedFile>> {
            BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
            return std::vector<ManagedFile>{
                {.path = "/etc/chrony/sources.d/bedplate-members.sources",
                 .text = chrony_members(membership.self.hostname, membership.all)}};
        },
        [&platform] { return run_all(platform, {{"chronyc", "reload", "sources"}}); });
}

/// Before a monitor runs here, and before this node's own clock is offered: from then on it may be the one
/// that counts, of which chronyc does not say that it follows anything.
Steps agreed_steps(Node& node) {
    Platform& platform = node.platform;
    return {.observe = [&node, &platform]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto membership, read_membership(platform.files));
                const auto other = [&](const Member& member) {
                    return member.control && member.hostname != node.settings.hostname;
                };
                if (platform.files.exists(serving_file) || std::ranges::none_of(membership.all, other)) {
                    return satisfied();
                }
                BEDPLATE_ASSIGN(const bool in_step, succeeds(platform, wait_for_time(1)));
                return in_step ? satisfied() : needed();
            },
            .apply = [&platform]() -> Result<void> {
                BEDPLATE_ASSIGN(const bool in_step, succeeds(platform, wait_for_time(60)));
                return in_step ? Result<void>{}
                               : fail("time.members",
                                      "the clock is not within 0.05 s of the members' after two minutes", {},
                                      "see 'chronyc sources'; UDP port 123 of the control nodes has to be "
                                      "reached");
            }};
}

}  // namespace

Command wait_for_time(int tries) {
    // Arguments: tries, largest correction, largest skew, pause.
    return {.argv = {"chronyc", "waitsync", std::to_string(tries), "0.05", "0", "2"},
            .timeout = std::chrono::minutes{3}};
}

std::vector<Step> member_time_steps(Node& node) {
    const std::string stage = node.settings.create ? "create" : "join";
    return {{"time.members", stage, "follow the time of the other members", source_steps(node)},
            {"time.agreed", stage, "wait until the clock is theirs", agreed_steps(node)},
            {"time.serving", stage, "give the time to the other members", serving_steps(node)}};
}

}  // namespace bedplate::firstboot
