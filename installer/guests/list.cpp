// SPDX-License-Identifier: GPL-3.0-or-later
// `bedplate vm list`: what the registry, Pacemaker, every node's libvirt and the pool say, put together.
#include <algorithm>
#include <format>
#include <map>

#include "base/text.hpp"
#include "guests/guests.hpp"

namespace bedplate::guests {

namespace {

using Rows = std::map<std::string, VmRow>;

/// What is known without asking a node.
VmRow row_of(const VmRecord& record, const ClusterState& state, const std::map<std::string, Bytes>& images) {
    VmRow row{.name = record.spec.name,
              .state = record.ready ? "off" : "unfinished",
              .node = {},
              .memory = record.spec.memory,
              .disk = {},
              .cpus = record.spec.cpus,
              .ha = record.spec.ha,
              .ip = {}};
    if (const auto image = images.find(row.name); image != images.end()) {
        row.disk = image->second;
    }
    const auto resource = state.resources.find(vm_resource(row.name));
    if (row.ha && resource != state.resources.end()) {
        row.state = resource->second.failed ? "failed" : to_lower(resource->second.role);
        row.node = resource->second.node;
    } else if (!row.ha && !std::ranges::contains(state.present, record.node)) {
        row.state = "unknown";  // its node does not answer
        row.node = record.node;
    }
    return row;
}

/// One that is moving is on two nodes: the one where it runs counts.
void add_domain(Rows& rows, const Domain& domain, const std::string& node, Hypervisor& libvirt,
                bool addresses) {
    auto [found, is_new] = rows.try_emplace(domain.name, VmRow{.name = domain.name,
                                                               .state = {},
                                                               .node = {},
                                                               .memory = domain.memory,
                                                               .disk = {},
                                                               .cpus = domain.cpus,
                                                               .ours = false,
                                                               .ip = {}});
    auto& row = found->second;
    if (!is_new && row.state == to_string(Domain::State::running) && row.node != node &&
        domain.state != Domain::State::running) {
        return;
    }
    row.state = to_string(domain.state);
    row.node = node;
    if (addresses && domain.state == Domain::State::running) {
        row.ip = libvirt.address(domain.name);
    }
}

}  // namespace

Result<std::vector<VmRow>> list_machines(Guests& guests, bool addresses) {
    BEDPLATE_ASSIGN(const auto records, vm_records(guests.registry));
    BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
    BEDPLATE_ASSIGN(const auto images, list_images(guests.platform));
    Rows rows;
    for (const auto& [name, record] : records) {
        rows[name] = row_of(record, state, images);
    }
    for (const auto& node : state.present) {
        const auto libvirt = libvirt_on(guests, node);
        if (!libvirt) {
            guests.say(std::format("{} is not asked: {}", node, libvirt.error().message));
            continue;
        }
        BEDPLATE_ASSIGN(const auto domains, (*libvirt)->domains());
        for (const auto& domain : domains) {
            add_domain(rows, domain, node, **libvirt, addresses);
        }
    }
    std::vector<VmRow> list;
    for (auto& [name, row] : rows) {
        list.push_back(std::move(row));
    }
    return list;
}

Json to_json(const VmRow& row) {
    return Json{{"name", row.name},
                {"state", row.state},
                {"node", row.node},
                {"memory_bytes", row.memory.value},
                {"cpus", row.cpus},
                {"disk_bytes", row.disk.value},
                {"ha", row.ha},
                {"ip", row.ip},
                {"made_by_bedplate", row.ours}};
}

std::string to_text(const std::vector<VmRow>& rows) {
    if (rows.empty()) {
        return "there are no machines\n";
    }
    constexpr std::string_view line = "{:<20} {:<10} {:<12} {:>10} {:>4} {:>10}  {:<3} {}\n";
    std::string text = std::format(line, "name", "state", "node", "memory", "cpus", "disk", "ha", "address");
    const auto or_dash = [](const std::string& value) { return value.empty() ? "-" : value; };
    for (const auto& row : rows) {
        text += std::format(line, row.name, row.state, or_dash(row.node), to_binary_text(row.memory),
                            row.cpus, row.disk.value == 0 ? "-" : to_binary_text(row.disk),
                            row.ours ? (row.ha ? "yes" : "no") : "?", or_dash(row.ip));
    }
    return text;
}

}  // namespace bedplate::guests
