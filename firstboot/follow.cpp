// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/follow.hpp"

#include <algorithm>
#include <array>

#include "firstboot/cluster_rules.hpp"
#include "firstboot/metrics.hpp"
#include "firstboot/removal.hpp"
#include "firstboot/steps.hpp"
#include "registry/seed.hpp"
#include "registry/vms.hpp"

namespace bedplate::firstboot {

namespace {

/// Steps whose files are a function of the list of members.
constexpr std::array followed{"etcd.access",
                              "time.members",
                              "ceph.config",
                              "virt.pool",
                              "virt.machines",
                              "logs.config",
                              "edge.config",
                              "edge.proxies",
                              "edge.address-config",
                              "edge.address",
                              "ha.watchdog",
                              "monitoring.targets",
                              "monitoring.server-config",
                              "monitoring.alertmanager-config"};

Result<void> render_again(Node& node) {
    for (const auto& step : all_steps(node)) {
        if (std::ranges::find(followed, step.id) != followed.end()) {
            BEDPLATE_TRY(carry_out(step.steps, step.id));
        }
    }
    return {};
}

/// Every half a minute: the report that the steps write.
void tell_progress(Platform& platform, NodeMetrics& metrics, unsigned round) {
    constexpr unsigned rounds = 15;
    if (round % rounds != 0) {
        return;
    }
    if (const auto report = read_node_report(platform.files, node_report_path)) {
        metrics.look(*report);
        static_cast<void>(metrics.tell());  // what is not told now is in half a minute
    }
}

/// Files of HA machines. Where Pacemaker looked for one before it came, it takes the node for one on which
/// the machine is not installed: it is asked to look again.
Result<void> write_machines(Platform& platform, Registry& registry, const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto missed, follow_vms(platform, registry, hostname));
    for (const auto& name : missed) {
        static_cast<void>(platform.commands.run(
            {.argv = {"crm_resource", "--refresh", "--resource", vm_resource(name), "--node", hostname}}));
    }
    return {};
}

/// What others wait for while this node's first boot goes on.
Result<void> keep_up(Platform& platform, Registry& registry, FenceFiles& fencing,
                     const std::string& hostname) {
    const bool member = platform.files.exists(SeedPlaces{}.corosync_conf);
    if (member) {
        BEDPLATE_TRY(follow_corosync(platform, registry, SeedPlaces{}, hostname));
        BEDPLATE_TRY(follow_vms(platform, registry, hostname));
    }
    FencingRegistry records(registry);
    BEDPLATE_ASSIGN(const auto list, records.list());
    BEDPLATE_TRY(fencing.keep(records, list));
    // Without the list of members nothing was looked at that others wait for: again in two seconds.
    return member ? Result<void>() : fail("node.not-yet", "this node has no list of members yet");
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
    if (!self->remote) {
        BEDPLATE_ASSIGN(const bool written,
                        follow_corosync(platform, registry, SeedPlaces{}, node_.settings.hostname));
        qdevice_due_ = qdevice_due_ || written;
        if (qdevice_due_) {
            BEDPLATE_TRY(follow_qdevice(platform, registry));
            qdevice_due_ = false;
        }
    }
    BEDPLATE_TRY(write_machines(platform, registry, node_.settings.hostname));
    return fencing_.once(registry, members);
}

std::jthread follow_membership(Platform& platform, std::string hostname, std::unique_ptr<Http> http) {
    return std::jthread(
        [&platform, hostname = std::move(hostname), http = std::move(http)](const std::stop_token& stop) {
            Platform own{.commands = platform.commands,
                         .files = platform.files,
                         .blocks = platform.blocks,
                         .clock = platform.clock,
                         .http = *http};
            FenceFiles fencing(own, hostname);
            NodeMetrics metrics(own);
            WholeReads reads;
            for (unsigned round = 0; !stop.stop_requested(); ++round) {
                tell_progress(own, metrics, round);
                RegistryConnection connection(own);
                // A registry that does not answer now does so in two seconds, or the steps say why not.
                if (connection.open()) {
                    auto& registry = connection.registry();
                    static_cast<void>(read_if_due(reads, registry, own.clock,
                                                  [&] { return keep_up(own, registry, fencing, hostname); }));
                }
                own.clock.sleep(std::chrono::seconds{2});
            }
        });
}

}  // namespace bedplate::firstboot
