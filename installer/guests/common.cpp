// SPDX-License-Identifier: GPL-3.0-or-later
// What the verbs have in common.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "guests/guests.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::guests {

Result<void> carry_out(Guests& guests, const std::vector<Step>& steps, bool commit) {
    for (const auto& step : steps) {
        guests.say(step.summary);
        if (commit) {
            BEDPLATE_TRY(bedplate::carry_out(step.steps, step.id));
        }
    }
    return {};
}

Result<void> wait_until(Guests& guests, const std::string& what, std::chrono::seconds patience,
                        const std::function<Result<bool>()>& holds) {
    constexpr std::chrono::milliseconds first_pause{1000}, longest_pause{10'000};
    auto& clock = guests.platform.clock;
    const auto deadline = clock.steady() + scaled(patience);
    for (auto pause = first_pause;; pause = std::min(pause * 3 / 2, longest_pause)) {
        const auto done = holds();
        if (done && *done) {
            return {};
        }
        if (clock.steady() >= deadline) {
            return fail("vm.timeout", std::format("waited {} s in vain for {}{}", patience.count(), what,
                                                  done ? "" : ": " + done.error().message));
        }
        clock.sleep(pause);
    }
}

Result<std::vector<std::string>> standing_members(Registry& registry) {
    BEDPLATE_ASSIGN(const auto members, registry.list_members());
    std::vector<std::string> names;
    for (const auto& member : members) {
        if (member.state != Member::State::joining && member.state != Member::State::leaving) {
            names.push_back(member.hostname);
        }
    }
    return names;
}

Result<std::unique_ptr<Hypervisor>> libvirt_on(Guests& guests, const std::string& node) {
    return guests.connect(node == guests.settings.hostname ? std::string(own_libvirt) : libvirt_of(node));
}

Result<std::vector<VmNode>> nodes_now(Guests& guests, const ClusterState& state, const VmHosts& hosts) {
    std::vector<VmNode> nodes;
    for (const auto& [name, host] : hosts) {
        // Without a capacity in Pacemaker's terms: what the policy's default leaves to machines.
        const auto capacity = state.capacities.find(name);
        VmNode node{.name = name,
                    .online = std::ranges::contains(state.online, name),
                    .threads = host.threads,
                    .capacity = capacity != state.capacities.end() ? capacity->second : host.memory * 9 / 10,
                    .used = {},
                    .networks = {}};
        if (node.online) {
            BEDPLATE_ASSIGN(const auto libvirt, libvirt_on(guests, name));
            BEDPLATE_ASSIGN(node.networks, libvirt->networks());
            BEDPLATE_ASSIGN(const auto domains, libvirt->domains());
            for (const auto& domain : domains) {
                node.used += domain.state == Domain::State::off ? Bytes{0} : domain.memory;
            }
        }
        nodes.push_back(std::move(node));
    }
    return nodes;
}

std::unexpected<Error> unknown_machine(const std::string& name, const VmRecords& records) {
    std::vector<std::string> names;
    for (const auto& [known, record] : records) {
        names.push_back(known);
    }
    const auto near = did_you_mean(name, names);
    return refuse("vm.unknown",
                  std::format("Bedplate has made no machine '{}'{}", elide(name, 60),
                              near ? std::format(" (did you mean '{}'?)", *near) : ""),
                  {}, "'bedplate vm list' shows all");
}

}  // namespace bedplate::guests
