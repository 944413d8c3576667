// SPDX-License-Identifier: GPL-3.0-or-later
// What the verbs have in common.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "cluster/ha_policy.hpp"
#include "guests/guests.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::guests {

namespace {

/// What is known of it without asking it.
VmNode node_from(const ClusterState& state, const std::string& name, const VmHost& host) {
    // Where Pacemaker has not been told: what the policy's default leaves to machines.
    const auto otherwise = node_capacity({.threads = host.threads, .memory = host.memory}, {});
    const auto found = state.utilization.find(name);
    const auto told = found != state.utilization.end() ? found->second : Utilization{};
    return {.name = name,
            .online = std::ranges::contains(state.online, name),
            .threads = host.threads,
            .cpus = told.cpus.value_or(otherwise.cpu),
            .capacity = told.memory.value_or(mib(otherwise.hv_memory)),
            .used = {},
            .networks = {}};
}

/// As Pacemaker counts: what the HA machines were made with that are there.
std::uint64_t cpus_used(const ClusterState& state, const VmRecords& records, const std::string& node) {
    std::uint64_t sum = 0;
    for (const auto& [name, record] : records) {
        const auto resource = state.resources.find(vm_resource(name));
        const bool there = resource != state.resources.end() && resource->second.node == node;
        sum += record.spec.ha && there ? record.spec.cpus : 0;
    }
    return sum;
}

Result<void> ask_node(Guests& guests, VmNode& node) {
    BEDPLATE_ASSIGN(const auto libvirt, libvirt_on(guests, node.name));
    BEDPLATE_ASSIGN(node.networks, libvirt->networks());
    BEDPLATE_ASSIGN(const auto domains, libvirt->domains());
    for (const auto& domain : domains) {
        node.used += domain.state == Domain::State::off ? Bytes{0} : domain.memory;
    }
    return {};
}

}  // namespace

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

Result<std::vector<Domain>> domains_on(Guests& guests, const std::string& node) {
    BEDPLATE_ASSIGN(const auto libvirt, libvirt_on(guests, node));
    return libvirt->domains();
}

bool is_passed_over(Guests& guests, const std::string& node, const Error& error) {
    if (node == guests.settings.hostname) {
        return false;
    }
    guests.say(std::format("{} counts as offline: {}", node, error.message));
    return true;
}

Result<std::vector<VmNode>> nodes_now(Guests& guests, const ClusterState& state, const VmHosts& hosts,
                                      const VmRecords& records) {
    std::vector<VmNode> nodes;
    for (const auto& [name, host] : hosts) {
        auto node = node_from(state, name, host);
        if (node.online) {
            node.cpus_used = cpus_used(state, records, name);
            const auto asked = ask_node(guests, node);
            if (!asked && !is_passed_over(guests, name, asked.error())) {
                return std::unexpected(asked.error());
            }
            node.online = asked.has_value();
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
