// SPDX-License-Identifier: GPL-3.0-or-later
// May a virtual machine be made, and what for?
#include <algorithm>
#include <format>
#include <ranges>

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

Result<void> some_node_takes_it(const VmFacts& facts) {
    std::vector<std::string> rooms;
    bool threads = false, memory = false;
    for (const auto& node : online(facts)) {
        threads = threads || node.threads >= facts.spec.cpus;
        memory = memory || node.room() >= facts.spec.memory;
        rooms.push_back(std::format("{} {}", node.name, to_binary_text(node.room())));
    }
    if (rooms.empty()) {
        return refuse("vm.no-node", "no node takes machines at the moment", {},
                      "'crm_mon -1' says which are offline or in standby");
    }
    if (!threads) {
        return refuse("vm.cpus", std::format("no node has {} processors", facts.spec.cpus), facts.spec.name);
    }
    return memory ? Result<void>()
                  : refuse("vm.memory",
                           std::format("no node has {} left for machines: {}",
                                       to_binary_text(facts.spec.memory), join(rooms, ", ")),
                           facts.spec.name, "ask for less, or move or end other machines");
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

bool fits(const VmSpec& spec, const NumaCell& cell) {
    return cell.cpu_count >= spec.cpus && cell.memory >= spec.memory;
}

/// Every node has this NUMA node, with the same processors and at least as much memory as is asked for.
bool all_have(const VmSpec& spec, const VmHosts& hosts, const NumaCell& wanted) {
    return std::ranges::all_of(hosts | std::views::values, [&](const VmHost& host) {
        const auto cell = std::ranges::find(host.cells, wanted.id, &NumaCell::id);
        return cell != host.cells.end() && cell->cpus == wanted.cpus && fits(spec, *cell);
    });
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

Result<NumaCell> choose_cell(const VmSpec& spec, const VmHosts& hosts,
                             const std::map<unsigned, Bytes>& taken) {
    const NumaCell* best = nullptr;
    const auto taken_of = [&](const NumaCell& cell) {
        const auto found = taken.find(cell.id);
        return found == taken.end() ? Bytes{0} : found->second;
    };
    if (!hosts.empty()) {
        for (const auto& cell : hosts.begin()->second.cells) {
            if (all_have(spec, hosts, cell) && (best == nullptr || taken_of(cell) < taken_of(*best))) {
                best = &cell;
            }
        }
    }
    return best != nullptr
               ? Result<NumaCell>(*best)
               : refuse("vm.pin",
                        std::format("no NUMA node that all nodes have alike holds {} processors and {}",
                                    spec.cpus, to_binary_text(spec.memory)),
                        spec.name, "leave --pin out, or ask for less");
}

Result<std::uint64_t> choose_page_size(const VmSpec& spec, const VmHosts& hosts) {
    std::map<std::uint64_t, std::size_t> nodes_with;
    for (const auto& host : hosts | std::views::values) {
        std::map<std::uint64_t, std::uint64_t> pages;
        for (const auto& cell : host.cells) {
            for (const auto& [size, count] : cell.pages) {
                pages[size] += count;
            }
        }
        for (const auto& [size, count] : pages) {
            nodes_with[size] +=
                spec.memory.value % kib(size).value == 0 && kib(size) * count >= spec.memory ? 1 : 0;
        }
    }
    for (const auto& [size, nodes] : nodes_with | std::views::reverse) {
        if (nodes == hosts.size()) {
            return size;
        }
    }
    return refuse("vm.hugepages",
                  std::format("not every node has huge pages for {}", to_binary_text(spec.memory)), spec.name,
                  "'kvm.hugepages.reserve' in the profile sets them aside");
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
    const auto takes = [&](const VmNode& node) {
        return node.threads >= facts.spec.cpus && node.room() >= facts.spec.memory;
    };
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
