// SPDX-License-Identifier: GPL-3.0-or-later
// `bedplate vm migrate`: an HA machine by Pacemaker, another one by libvirt.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "guests/guests.hpp"

namespace bedplate::guests {

namespace {

/// `to`, if it takes the machine; without a wish the node with most room.
Result<std::string> choose_target(Guests& guests, const ClusterState& state, const VmRecords& records,
                                  const VmSpec& spec, const std::string& from, const std::string& to) {
    if (!to.empty()) {
        return std::ranges::contains(state.online, to)
                   ? Result<std::string>(to)
                   : refuse("vm.node", std::format("{} takes no machines at the moment", to), {},
                            std::format("those that do: {}", join(state.online, ", ")));
    }
    BEDPLATE_ASSIGN(const auto hosts, vm_hosts(guests.registry));
    BEDPLATE_ASSIGN(const auto nodes, nodes_now(guests, state, hosts, records));
    const VmNode* best = nullptr;
    for (const auto& node : nodes) {
        if (node.online && node.name != from && node.takes(spec) &&
            (best == nullptr || best->room() < node.room())) {
            best = &node;
        }
    }
    return best != nullptr ? Result<std::string>(best->name)
                           : refuse("vm.no-node",
                                    std::format("no other node has {} and {} processors left",
                                                to_binary_text(spec.memory), spec.cpus),
                                    spec.name);
}

/// Pacemaker's own live migration. The wish for the node is always taken back: it would tie the machine down.
Result<void> move_resource(Guests& guests, const std::string& name, const std::string& to) {
    const auto id = vm_resource(name);
    BEDPLATE_TRY(prefer_node(guests.platform, id, to));
    const auto moved = wait_until(
        guests, name + " to run on " + to, std::chrono::minutes{12}, [&guests, id, to]() -> Result<bool> {
            BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
            const auto found = state.resources.find(id);
            return found != state.resources.end() && found->second.runs() && found->second.node == to;
        });
    BEDPLATE_TRY(clear_preferences(guests.platform, id));
    return moved;
}

/// Where a machine that is not HA runs; "": nowhere.
Result<std::string> node_of(Guests& guests, const ClusterState& state, const std::string& name) {
    for (const auto& node : state.present) {
        BEDPLATE_ASSIGN(const auto domains, domains_on(guests, node));
        const auto found = std::ranges::find(domains, name, &Domain::name);
        if (found != domains.end() && found->state == Domain::State::running) {
            return node;
        }
    }
    return "";
}

Result<void> move_domain(Guests& guests, VmRecord record, const std::string& from, const std::string& to) {
    BEDPLATE_ASSIGN(const auto source, libvirt_on(guests, from));
    BEDPLATE_TRY(source->migrate(record.spec.name, libvirt_of(to), std::format("tcp://{}-mig", to)));
    record.node = to;
    BEDPLATE_TRY(store_vm(guests.registry, record));
    BEDPLATE_ASSIGN(const auto target, libvirt_on(guests, to));
    return target->start_with_node(record.spec.name);
}

}  // namespace

Result<std::string> migrate(Guests& guests, const std::string& name, const std::string& to) {
    BEDPLATE_ASSIGN(const auto records, vm_records(guests.registry));
    const auto found = records.find(name);
    if (found == records.end()) {
        return unknown_machine(name, records);
    }
    const auto& record = found->second;
    BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
    const auto resource = state.resources.find(vm_resource(name));
    const bool known = resource != state.resources.end();
    BEDPLATE_ASSIGN(const std::string from, !record.spec.ha
                                                ? node_of(guests, state, name)
                                                : Result<std::string>(known ? resource->second.node : ""));
    if (from.empty()) {
        return refuse("vm.off", std::format("{} does not run: there is nothing to move", name), {},
                      "'bedplate vm list' shows its state");
    }
    BEDPLATE_ASSIGN(const auto target, choose_target(guests, state, records, record.spec, from, to));
    if (target == from) {
        return target;
    }
    guests.say(std::format("moving {} from {} to {}", name, from, target));
    BEDPLATE_TRY(record.spec.ha ? move_resource(guests, name, target)
                                : move_domain(guests, record, from, target));
    return target;
}

}  // namespace bedplate::guests
