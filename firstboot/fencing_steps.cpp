// SPDX-License-Identifier: GPL-3.0-or-later
// What a first boot does about fencing, and what machines may be placed on the node.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "firstboot/access.hpp"
#include "firstboot/capacity.hpp"
#include "firstboot/fencing.hpp"

namespace bedplate::firstboot {

namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

Result<Attributes> wanted_attributes(Node& node) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    BEDPLATE_ASSIGN(const auto machine, read_machine(node.platform, node.settings, membership.self.control));
    const auto capacity = node_capacity(machine, node.settings.capacity);
    return Attributes{{"cpu", std::to_string(capacity.cpu)},
                      {"hv_memory", std::to_string(capacity.hv_memory)}};
}

/// `crm_attribute` about a utilization attribute of this node.
std::vector<std::string> attribute_command(Node& node, const std::string& name,
                                           const std::vector<std::string>& rest) {
    std::vector<std::string> argv{"crm_attribute", "--node", node.settings.hostname,
                                  "--utilization", "--name", name};
    argv.insert(argv.end(), rest.begin(), rest.end());
    return argv;
}

Steps utilization(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto wanted, wanted_attributes(node));
                for (const auto& [name, value] : wanted) {
                    BEDPLATE_ASSIGN(const auto there,
                                    node.platform.commands.run(
                                        {.argv = attribute_command(node, name, {"--query", "--quiet"})}));
                    if (there.exit_status != 0 || trim(there.out) != value) {
                        return needed();
                    }
                }
                return satisfied();
            },
            .apply = [&node]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto wanted, wanted_attributes(node));
                for (const auto& [name, value] : wanted) {
                    BEDPLATE_TRY(run_checked(node.platform.commands,
                                             {.argv = attribute_command(node, name, {"--update", value})}));
                }
                return {};
            }};
}

/// A watchdog that is a piece of hardware, where the profile asks for one.
bool has_hardware_watchdog(Node& node) {
    if (!node.settings.fencing || !node.settings.fencing->watchdog) {
        return false;
    }
    const auto identity = node.platform.files.read("/sys/class/watchdog/watchdog0/identity");
    return identity && !trim(*identity).starts_with("Software Watchdog");
}

constexpr std::string_view sbd_settings = "/etc/default/sbd";
constexpr std::string_view sbd_used =
    "# Written by bedplate-firstboot: no shared disk, only the watchdog.\n"
    "SBD_PACEMAKER=yes\n"
    "SBD_STARTMODE=always\n"
    "SBD_DELAY_START=no\n"
    "SBD_WATCHDOG_DEV=/dev/watchdog0\n"
    "SBD_WATCHDOG_TIMEOUT=5\n";
constexpr std::string_view sbd_unused =
    "# Written by bedplate-firstboot: not used, since the cluster has fewer than three nodes.\n";

/// Of the list of members as it is now.
Result<bool> wants_sbd(Node& node) {
    BEDPLATE_ASSIGN(const auto membership, read_membership(node.platform.files));
    return watchdogs_serve(membership.all);
}

/// sbd begins with the next start of corosync: it cannot be started beside a corosync that runs, and would
/// end one that runs without Pacemaker. Neither can it be stopped there.
Steps watchdog(Node& node) {
    Platform& platform = node.platform;
    auto files = file_steps(
        platform,
        [&node]() -> Result<std::vector<ManagedFile>> {
            BEDPLATE_ASSIGN(const bool wanted, wants_sbd(node));
            return std::vector<ManagedFile>{
                {.path = std::string(sbd_settings), .text = std::string(wanted ? sbd_used : sbd_unused)}};
        },
        [&node]() -> Result<void> {
            BEDPLATE_ASSIGN(const bool wanted, wants_sbd(node));
            BEDPLATE_TRY(run_checked(node.platform.commands,
                                     systemctl({wanted ? "enable" : "disable"}, {"sbd.service"})));
            return {};
        });
    auto observe = files.observe;
    files.observe = [&node, observe]() -> Result<Observation> {
        if (!has_hardware_watchdog(node)) {
            return satisfied();
        }
        BEDPLATE_ASSIGN(const bool wanted, wants_sbd(node));
        const auto there = node.platform.files.read(sbd_settings);
        // Where it never was used the package's own file stays.
        const bool used = there && *there == sbd_used;
        return wanted || used ? observe() : Result<Observation>(satisfied());
    };
    return files;
}

Steps own_device_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto device, own_device(node));
                if (!device) {
                    return satisfied();
                }
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                FencingRegistry registry(connection.registry());
                BEDPLATE_ASSIGN(const auto own, registry.record(node.settings.hostname));
                return own.device == *device ? satisfied() : needed();
            },
            .apply = [&node]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto device, own_device(node));
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                FencingRegistry registry(connection.registry());
                return registry.publish(node.settings.hostname, *device);
            }};
}

Error not_proved(const FenceDevice& device, const std::string& why) {
    return {.kind = ErrorKind::failed,
            .code = "fence.not-proved",
            .message =
                "the node stays in standby, since no other could prove that it can be switched off: " + why,
            .where = std::format("{} at {}", device.agent, device.address),
            .hint = std::format(
                "address and port stand in /etc/bedplate/node.json (fencing), user and password in "
                "{}; it is tried again by itself",
                bmc_path)};
}

bool under_way(const FencingRecord& record) {
    return record.request && record.proof && record.proof->request == record.request->id &&
           (record.proof->state == FenceProof::State::trying ||
            record.proof->state == FenceProof::State::ordered);
}

/// Ask, unless the machine has just come back from what was asked for, or its BMC may lose patience.
Result<std::string> ask(Node& node, FencingRegistry& registry, const FencingRecord& own, FenceTest test,
                        std::int64_t now) {
    BEDPLATE_ASSIGN(auto boot, boot_id(node.platform.files));
    FenceRequest request{.test = test, .boot_id = boot, .at = now};
    if (failed_lately(own, now)) {
        return own.proof->request;
    }
    if (under_way(own)) {
        request.id = own.request->id;
        request.test = own.request->test;
        if (own.request->boot_id == boot) {
            return request.id;
        }
    } else {
        BEDPLATE_ASSIGN(request.id, random_uuid(node.platform.files));
    }
    BEDPLATE_TRY(registry.ask(node.settings.hostname, request));
    return request.id;
}

/// Ask the peers and wait for the answer. A cycle ends this very program; the next start goes on from here.
Result<void> be_proved(Node& node, FencingRegistry& registry, FenceTest test, std::int64_t now) {
    const auto& hostname = node.settings.hostname;
    BEDPLATE_ASSIGN(const auto before, registry.record(hostname));
    BEDPLATE_ASSIGN(const auto id, ask(node, registry, before, test, now));
    FencingRecord own;
    const auto answered = [&]() -> Result<bool> {
        BEDPLATE_ASSIGN(own, registry.record(hostname));
        return own.proof && own.proof->request == id && !under_way(own);
    };
    // A cycle ends this program; the next one waits for the peer's last word. Why nobody answered is said
    // below.
    static_cast<void>(
        wait_until(node.platform, "an answer of a control node",
                   test == FenceTest::cycle ? std::chrono::minutes{10} : std::chrono::minutes{5}, answered,
                   std::chrono::seconds{2}));
    BEDPLATE_ASSIGN(const auto boot, boot_id(node.platform.files));
    const auto why = why_not_proved(own, test, boot);
    if (!why) {
        return {};
    }
    return std::unexpected(not_proved(own.device.value_or(FenceDevice{}), *why));
}

Result<HaPolicy> policy_of(Node& node, FencingRegistry& registry) {
    BEDPLATE_ASSIGN(const auto policy, registry.policy());
    return policy.value_or(node.settings.ha);
}

Steps proof(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                if (!node.settings.fencing || !node.settings.fencing->by_bmc()) {
                    return satisfied();
                }
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                FencingRegistry registry(connection.registry());
                BEDPLATE_ASSIGN(const auto policy, policy_of(node, registry));
                BEDPLATE_ASSIGN(const auto own, registry.record(node.settings.hostname));
                BEDPLATE_ASSIGN(const auto boot, boot_id(node.platform.files));
                return why_not_proved(own, wanted_test(node.settings, policy), boot) ? needed() : satisfied();
            },
            .apply = [&node]() -> Result<void> {
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                FencingRegistry registry(connection.registry());
                BEDPLATE_ASSIGN(const auto policy, policy_of(node, registry));
                return be_proved(node, registry, wanted_test(node.settings, policy),
                                 connection.registry().now());
            }};
}

}  // namespace

std::vector<Step> capacity_steps(Node& node) {
    return {{"ha.capacity", "ha", "say how much of this node machines may be placed on", utilization(node)}};
}

std::vector<Step> proof_steps(Node& node) {
    std::vector<Step> steps{
        {"ha.watchdog", "ready", "make the watchdog the second level of fencing", watchdog(node)}};
    if (!node.settings.create) {
        steps.push_back({"ha.fence-device", "ready", "tell the others how this node is switched off",
                         own_device_steps(node)});
        steps.push_back({"ha.fence-proof", "ready", "let another node prove that it can switch this one off",
                         proof(node)});
    }
    return steps;
}

}  // namespace bedplate::firstboot
