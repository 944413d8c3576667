// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/follow.hpp"

#include <algorithm>
#include <array>

#include "firstboot/access.hpp"
#include "firstboot/steps.hpp"
#include "registry/seed.hpp"

namespace bedplate::firstboot {

namespace {

/// Steps whose files are a function of the list of members.
constexpr std::array followed{"etcd.access", "ceph.config", "monitoring.server-config"};

Result<void> render_again(Node& node) {
    for (const auto& step : all_steps(node)) {
        if (std::ranges::find(followed, step.id) != followed.end()) {
            BEDPLATE_TRY(carry_out(step.steps, step.id));
        }
    }
    return {};
}

}  // namespace

Result<void> follow_once(Node& node) {
    Platform& platform = node.platform;
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(auto membership, read_membership(platform.files));
    BEDPLATE_ASSIGN(const auto members, connection.registry().list_members());
    const auto self = std::ranges::find(members, node.settings.hostname, &Member::hostname);
    if (self == members.end()) {
        return refuse("node.removed", "this node has been taken out of the cluster");
    }
    if (members != membership.all) {
        membership.all = members;
        membership.self = *self;
        BEDPLATE_TRY(platform.files.write(members_path, to_text(membership)));
        BEDPLATE_TRY(render_again(node));
    }
    const SeedPlaces places;
    BEDPLATE_TRY(follow_corosync(platform, connection.registry(), places, node.settings.hostname));
    return {};
}

}  // namespace bedplate::firstboot
