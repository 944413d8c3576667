// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a site's `load`. Order and grouping are those of docs/profile-reference.md.
#include "profile/rules.hpp"
#include "profile/tables.hpp"

namespace bedplate::fields {

namespace {

// Products of these, in MiB and thousandths, stay far below 64 bits.
constexpr std::uint32_t many_machines = 100'000, many_cpus = 4096, many_threads = 16'384, many_osds = 1024;
constexpr std::uint64_t largest_rate = 1'000'000'000'000;
constexpr Bytes largest_memory = gib(64 * 1024), largest_storage = gib(1024 * 1024);
constexpr double largest_factor = 100, smallest_parallelism = 0.01;

void check_largest(Reader& reader, const YamlNode& node, std::string_view key, Bytes value, Bytes largest) {
    if (value > largest) {
        reader.error(*node.find(key), "site.load",
                     std::format("{} is more than {}", to_binary_text(value), to_binary_text(largest)));
    }
}

Table<MachineLoad> machine_kind() {
    return Table<MachineLoad>()
        .optional("kind", &MachineLoad::kind, name())
        .optional("count", &MachineLoad::count, integer<std::uint32_t>(1, many_machines))
        .required("cpus", &MachineLoad::cpus, integer<std::uint32_t>(1, many_cpus))
        .required("memory", &MachineLoad::memory, size(mib(1)))
        .optional("disk", &MachineLoad::disk, size(mib(1), true))
        .check([](Reader& reader, const YamlNode& node, MachineLoad& value) {
            check_largest(reader, node, "memory", value.memory, largest_memory);
            check_largest(reader, node, "disk", value.disk, largest_storage);
        });
}

Table<RateLoad> rate() {
    return Table<RateLoad>()
        .required("name", &RateLoad::name, name())
        .required("peak", &RateLoad::peak, integer<std::uint64_t>(0, largest_rate))
        .required("per_node", &RateLoad::per_node, integer<std::uint64_t>(1, largest_rate))
        .optional("burst_factor", &RateLoad::burst_factor, factor(1, largest_factor))
        .optional("parallelism", &RateLoad::parallelism, factor(smallest_parallelism, largest_factor));
}

Table<AssumedNode> assumed_node() {
    return Table<AssumedNode>()
        .required("threads", &AssumedNode::threads, integer<std::uint32_t>(1, many_threads))
        .required("memory", &AssumedNode::memory, size(gib(1)))
        .optional("storage", &AssumedNode::storage, size(gib(1), true))
        .optional("osds", &AssumedNode::osds, integer<std::uint32_t>(0, many_osds))
        .optional("memory_overcommit", &AssumedNode::memory_overcommit, factor(1, 4))
        .check([](Reader& reader, const YamlNode& node, AssumedNode& value) {
            check_largest(reader, node, "memory", value.memory, largest_memory);
            check_largest(reader, node, "storage", value.storage, largest_storage);
        });
}

Table<Load> storage() {
    return Table<Load>()
        .optional("wanted", &Load::storage, size({1}, true))
        .optional("growth_per_month", &Load::growth_per_month, size({1}, true))
        .check([](Reader& reader, const YamlNode& node, Load& value) {
            check_largest(reader, node, "wanted", value.storage.value_or(Bytes{}), largest_storage);
            check_largest(reader, node, "growth_per_month", value.growth_per_month, largest_storage);
        });
}

}  // namespace

Table<Load> load_table() {
    return Table<Load>()
        .optional("machines", &Load::machines, list_of(object(machine_kind())))
        .optional("burst_factor", &Load::burst_factor, factor(1, largest_factor))
        .optional("parallelism", &Load::parallelism, factor(smallest_parallelism, largest_factor))
        .optional("rates", &Load::rates, list_of(object(rate())))
        .optional_group("storage", storage())
        .optional("node", &Load::node, object(assumed_node()));
}

}  // namespace bedplate::fields
