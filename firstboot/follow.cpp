// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/follow.hpp"

#include <algorithm>
#include <array>

#include "firstboot/access.hpp"
#include "firstboot/removal.hpp"
#include "firstboot/steps.hpp"
#include "registry/seed.hpp"

namespace bedplate::firstboot {

namespace {

/// Steps whose files are a function of the list of members.
constexpr std::array followed{"etcd.access", "time.members", "ceph.config", "virt.pool",
                              "monitoring.server-config"};

Result<void> render_again(Node& node) {
    for (const auto& step : all_steps(node)) {
        if (std::ranges::find(followed, step.id) != followed.end()) {
            BEDPLATE_TRY(carry_out(step.steps, step.id));
        }
    }
    return {};
}

}  // namespace

Result<void> read_if_due(WholeReads& reads, Registry& registry, Clock& clock,
                         const std::function<Result<void>()>& read) {
    // Before the rest is read: what changes meanwhile is another revision the next time.
    BEDPLATE_ASSIGN(const auto revision, registry.etcd().revision());
    const auto now = clock.steady();
    if (!reads.due(revision, now)) {
        return {};
    }
    reads.begun();
    BEDPLATE_TRY(read());
    reads.ended(revision, now);
    return {};
}

Result<void> Follower::once() {
    RegistryConnection connection(node_.platform);
    BEDPLATE_TRY(connection.open());
    return read_if_due(reads_, connection.registry(), node_.platform.clock,
                       [&] { return follow(connection.registry()); });
}

Result<void> Follower::follow(Registry& registry) {
    Platform& platform = node_.platform;
    BEDPLATE_ASSIGN(auto membership, read_membership(platform.files));
    BEDPLATE_ASSIGN(const auto members, registry.list_members());
    const auto self = std::ranges::find(members, node_.settings.hostname, &Member::hostname);
    if (self == members.end()) {
        return refuse("node.removed", "this node has been taken out of the cluster");
    }
    if (self->state == Member::State::leaving) {
        BEDPLATE_TRY(leave(node_));
        return refuse("node.removed", "this node has been taken out of the cluster");
    }
    if (members != membership.all) {
        due_ = true;
        membership.all = members;
        membership.self = *self;
        BEDPLATE_TRY(platform.files.write(members_path, to_text(membership)));
    }
    if (due_) {
        BEDPLATE_TRY(render_again(node_));
        due_ = false;
    }
    BEDPLATE_TRY(follow_corosync(platform, registry, SeedPlaces{}, node_.settings.hostname));
    return {};
}

std::jthread follow_membership(Platform& platform, std::string hostname, std::unique_ptr<Http> http) {
    return std::jthread(
        [&platform, hostname = std::move(hostname), http = std::move(http)](const std::stop_token& stop) {
            Platform own{.commands = platform.commands,
                         .files = platform.files,
                         .blocks = platform.blocks,
                         .clock = platform.clock,
                         .http = *http};
            WholeReads reads;
            while (!stop.stop_requested()) {
                RegistryConnection connection(own);
                if (own.files.exists(SeedPlaces{}.corosync_conf) && connection.open()) {
                    // A registry that does not answer now does so in two seconds, or the steps say why not.
                    auto& registry = connection.registry();
                    static_cast<void>(read_if_due(reads, registry, own.clock, [&]() -> Result<void> {
                        BEDPLATE_TRY(follow_corosync(own, registry, SeedPlaces{}, hostname));
                        return {};
                    }));
                }
                own.clock.sleep(std::chrono::seconds{2});
            }
        });
}

}  // namespace bedplate::firstboot
