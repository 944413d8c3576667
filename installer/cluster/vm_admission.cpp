// SPDX-License-Identifier: GPL-3.0-or-later
// May a virtual machine be made, and what for?
#include <algorithm>
#include <format>
#include <ranges>
#include <set>

#include "base/text.hpp"
#include "cluster/vm.hpp"

namespace bedplate {

namespace {

/// "pc-q35-10.0" -> {10, 0}; what has no such form comes first of all.
std::pair<std::uint64_t, std::uint64_t> version_of(std::string_view machine) {
    const auto words = split(machine.substr(std::min(machine.rfind('-') + 1, machine.size())), '.');
    return {parse_unsigned(words[0]).value_or(0),
            words.size() > 1 ? parse_unsigned(words[1]).value_or(0) : 0};
}

Result<void> names_are_free(const VmFacts& facts) {
    if (!facts.taken_by.empty()) {
        return refuse("vm.name-taken",
                      std::format("the name {} is that of {}", facts.spec.name, facts.taken_by), {},
                      "'bedplate vm list' shows all machines");
    }
    if (!facts.images.empty() && !facts.finishing) {
        return refuse(
            "vm.disk-taken",
            std::format("the pool vms has {} already: the disk of a machine that was, or somebody "
                        "else's",
                        join(facts.images, ", ")),
            {},
            std::format("take another name, rename it ('rbd rename vms/{0} vms/{0}-old') or delete it "
                        "('rbd rm vms/{0}')",
                        facts.images.front()));
    }
    return {};
}

Result<void> disk_has_room(const VmFacts& facts) {
    if (facts.spec.disk.value != 0 && facts.spec.disk < facts.image_size) {
        return refuse("vm.disk-small",
                      std::format("the image is {}, the disk would be {}", to_binary_text(facts.image_size),
                                  to_binary_text(facts.spec.disk)),
                      facts.spec.image, "ask for a disk as large, or leave its size out");
    }
    const Bytes wanted = disk_size(facts) + facts.iso_size;
    const Bytes kept_free = (facts.pool_used + facts.pool_free) / 5;
    if (!facts.finishing && facts.pool_free < wanted + kept_free) {
        return refuse(
            "vm.pool-full",
            std::format("{} are free in the pool vms; with {} more, less than a fifth of it would be",
                        to_binary_text(facts.pool_free), to_binary_text(wanted)),
            {}, "add OSDs, or delete what is not needed ('rbd du --pool vms')");
    }
    return {};
}

auto online(const VmFacts& facts) {
    return facts.nodes | std::views::filter(&VmNode::online);
}

/// "node1 3 GiB, node2 1 GiB".
template <typename Amount>
std::string of_each(const VmFacts& facts, const Amount& amount) {
    std::vector<std::string> list;
    for (const auto& node : online(facts)) {
        list.push_back(std::format("{} {}", node.name, amount(node)));
    }
    return join(list, ", ");
}

Result<void> some_node_takes_it(const VmFacts& facts) {
    const auto& spec = facts.spec;
    auto nodes = online(facts);
    const auto any = [&](const auto& holds) { return std::ranges::any_of(nodes, holds); };
    if (any([&](const VmNode& node) { return node.takes(spec); })) {
        return {};
    }
    if (nodes.empty()) {
        return refuse("vm.no-node", "no node takes machines at the moment", {},
                      "'crm_mon -1' says which are offline or in standby");
    }
    if (!any([&](const VmNode& node) { return node.threads >= spec.cpus; })) {
        return refuse("vm.cpus", std::format("no node has {} processors", spec.cpus), spec.name);
    }
    const auto cpus = of_each(facts, [](const VmNode& node) { return node.cpu_room(); }),
               memory = of_each(facts, [](const VmNode& node) { return to_binary_text(node.room()); });
    if (spec.ha && !any([&](const VmNode& node) { return node.cpu_room() >= spec.cpus; })) {
        return refuse(
            "vm.cpus",
            std::format("no node has {} virtual processors left for HA machines: {}", spec.cpus, cpus),
            spec.name,
            "ask for fewer, or end other HA machines; 'ha.cpu_overcommit' of the site says how many "
            "share a thread");
    }
    if (!any([&](const VmNode& node) { return node.room() >= spec.memory; })) {
        return refuse(
            "vm.memory",
            std::format("no node has {} left for machines: {}", to_binary_text(spec.memory), memory),
            spec.name, "ask for less, or move or end other machines");
    }
    return refuse("vm.memory",
                  std::format("no node has both {} and {} processors left: {}; processors {}",
                              to_binary_text(spec.memory), spec.cpus, memory, cpus),
                  spec.name, "ask for less, or move or end other machines");
}

Result<void> networks_are_there(const VmFacts& facts) {
    for (const auto& node : online(facts)) {
        for (const auto& port : facts.spec.networks) {
            if (!std::ranges::contains(node.networks, port.network)) {
                return refuse(
                    "vm.network",
                    std::format("the node {} has no network '{}' for machines; it has {}", node.name,
                                port.network, node.networks.empty() ? "none" : join(node.networks, ", ")),
                    facts.spec.name, "give that network a 'bridge' in the site");
            }
        }
    }
    return {};
}

const std::vector<VmPlace>& places_on(const VmPlaces& places, const std::string& node) {
    static const std::vector<VmPlace> none;
    const auto found = places.find(node);
    return found == places.end() ? none : found->second;
}

Bytes pinned_to(const std::vector<VmPlace>& places, unsigned cell) {
    Bytes taken;
    for (const auto& place : places) {
        taken += place.cell == cell ? place.memory : Bytes{0};
    }
    return taken;
}

/// Every node has this NUMA node with the same processors, and room on it.
bool all_have(const VmSpec& spec, const VmHosts& hosts, const VmPlaces& places, const NumaCell& wanted) {
    return std::ranges::all_of(hosts, [&](const auto& entry) {
        const auto& [name, host] = entry;
        const auto cell = std::ranges::find(host.cells, wanted.id, &NumaCell::id);
        return cell != host.cells.end() && cell->cpus == wanted.cpus && cell->cpu_count >= spec.cpus &&
               pinned_to(places_on(places, name), wanted.id) + spec.memory <= cell->memory;
    });
}

/// Memory in huge pages of this size that no machine has.
Bytes pages_left(const VmHost& host, const std::vector<VmPlace>& places, std::uint64_t size,
                 std::optional<unsigned> cell) {
    Bytes there, taken;
    for (const auto& each : host.cells) {
        const auto found = each.pages.find(size);
        if (found != each.pages.end() && (!cell || each.id == *cell)) {
            there += kib(size) * found->second;
        }
    }
    for (const auto& place : places) {
        if (place.page_kib == size && (!cell || !place.cell || place.cell == cell)) {
            taken += place.memory;
        }
    }
    return taken < there ? there - taken : Bytes{0};
}

}  // namespace

Bytes disk_size(const VmFacts& facts) {
    // RBD and guests want whole sectors; images end anywhere.
    return std::max(facts.spec.disk, facts.image_size).ceil_to(mib(1));
}

Result<VmPlatform> common_platform(const std::vector<std::string>& nodes, const VmHosts& hosts) {
    VmPlatform platform{.type = "kvm", .machine = {}};
    for (const auto& node : nodes) {
        const auto host = hosts.find(node);
        if (host == hosts.end()) {
            return fail("vm.host-unknown",
                        std::format("the node {} has not said yet what machines it can run", node), {},
                        "it does so at its first boot: 'bedplate node status' there; without: bedplate vm "
                        "publish");
        }
        if (host->second.type != "kvm") {
            platform.type = "qemu";
        }
        const auto& machine = host->second.machine;
        if (platform.machine.empty() || version_of(machine) < version_of(platform.machine)) {
            platform.machine = machine;
        }
    }
    return platform.machine.empty() ? fail("vm.host-unknown", "the cluster has no node that takes machines")
                                    : Result<VmPlatform>(platform);
}

Result<NumaCell> choose_cell(const VmSpec& spec, const VmHosts& hosts, const VmPlaces& places) {
    const NumaCell* best = nullptr;
    const auto taken = [&](const NumaCell& cell) {
        Bytes most;
        for (const auto& list : places | std::views::values) {
            most = std::max(most, pinned_to(list, cell.id));
        }
        return most;
    };
    const auto fits = [&](const NumaCell& cell) {
        return all_have(spec, hosts, places, cell) &&
               (!spec.hugepages || choose_page_size(spec, hosts, places, cell.id).has_value());
    };
    if (!hosts.empty()) {
        for (const auto& cell : hosts.begin()->second.cells) {
            if (fits(cell) && (best == nullptr || taken(cell) < taken(*best))) {
                best = &cell;
            }
        }
    }
    return best != nullptr
               ? Result<NumaCell>(*best)
               : refuse("vm.pin",
                        std::format("no NUMA node that all nodes have alike has {} processors and {} left{}",
                                    spec.cpus, to_binary_text(spec.memory),
                                    spec.hugepages ? " in huge pages" : ""),
                        spec.name, "leave --pin out, or ask for less");
}

Result<std::uint64_t> choose_page_size(const VmSpec& spec, const VmHosts& hosts, const VmPlaces& places,
                                       std::optional<unsigned> cell) {
    std::set<std::uint64_t> sizes;
    for (const auto& host : hosts | std::views::values) {
        for (const auto& each : host.cells) {
            for (const auto size : each.pages | std::views::keys) {
                sizes.insert(size);
            }
        }
    }
    for (const auto size : sizes | std::views::reverse) {
        const bool enough = std::ranges::all_of(hosts, [&](const auto& entry) {
            return pages_left(entry.second, places_on(places, entry.first), size, cell) >= spec.memory;
        });
        if (enough && spec.memory.value % kib(size).value == 0) {
            return size;
        }
    }
    return refuse("vm.hugepages",
                  std::format("not every node has huge pages left for {}", to_binary_text(spec.memory)),
                  spec.name, "'kvm.hugepages.reserve' in the profile sets them aside");
}

Result<void> may_create(const VmFacts& facts) {
    BEDPLATE_TRY(check_vm(facts.spec));
    BEDPLATE_TRY(names_are_free(facts));
    BEDPLATE_TRY(networks_are_there(facts));
    BEDPLATE_TRY(some_node_takes_it(facts));
    return disk_has_room(facts);
}

std::vector<std::string> advice(const VmFacts& facts) {
    std::vector<std::string> sentences;
    const auto takes = [&](const VmNode& node) { return node.takes(facts.spec); };
    auto nodes = online(facts);
    if (facts.spec.ha && std::ranges::count_if(nodes, takes) < 2) {
        sentences.push_back(
            "no second node has room for it at the moment: it would not come back from a failure");
    }
    for (const auto& node : facts.nodes) {
        if (!node.online) {
            sentences.push_back(std::format("{} does not take machines at the moment", node.name));
        }
    }
    return sentences;
}

}  // namespace bedplate
