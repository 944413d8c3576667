// SPDX-License-Identifier: GPL-3.0-or-later
// What libvirt says a node can offer machines.
#include <algorithm>
#include <format>
#include <set>
#include <string_view>

#include "guests/domain.hpp"
#include "guests/xml.hpp"

namespace bedplate::guests {

namespace {

/// {0,1,2,3,8} -> "0-3,8".
std::string as_ranges(const std::set<unsigned>& numbers) {
    std::string text;
    for (auto first = numbers.begin(); first != numbers.end();) {
        auto last = first, next = std::next(first);
        while (next != numbers.end() && *next == *last + 1) {
            last = next++;
        }
        text += std::format("{}{}", text.empty() ? "" : ",", *first);
        text += *last != *first ? std::format("-{}", *last) : "";
        first = next;
    }
    return text;
}

NumaCell cell_from(const pugi::xml_node& node) {
    NumaCell cell{.id = node.attribute("id").as_uint(),
                  .memory = kib(node.child("memory").text().as_ullong()),
                  .cpus = {},
                  .pages = {}};
    std::set<unsigned> cpus;
    for (const auto& cpu : node.child("cpus").children("cpu")) {
        cpus.insert(cpu.attribute("id").as_uint());
    }
    cell.cpus = as_ranges(cpus);
    cell.cpu_count = cpus.size();
    constexpr std::uint64_t ordinary_page_kib = 4;
    for (const auto& pages : node.children("pages")) {
        const std::uint64_t size = pages.attribute("size").as_ullong(), count = pages.text().as_ullong();
        if (size > ordinary_page_kib && count > 0) {
            cell.pages[size] = count;
        }
    }
    return cell;
}

}  // namespace

Result<VmHost> vm_host_from(const std::string& capabilities, const std::string& domain_capabilities) {
    pugi::xml_document node, domains;
    BEDPLATE_TRY(parse_xml(node, capabilities, "libvirt's capabilities"));
    BEDPLATE_TRY(parse_xml(domains, domain_capabilities, "libvirt's domain capabilities"));
    const auto can = domains.child("domainCapabilities");
    VmHost host{.type = can.child("domain").text().as_string(),
                .machine = can.child("machine").text().as_string(),
                .memory = {},
                .cells = {}};
    for (const auto& cell : node.child("capabilities").child("host").child("topology").child("cells")) {
        host.cells.push_back(cell_from(cell));
        host.threads += static_cast<std::uint32_t>(host.cells.back().cpu_count);
        host.memory += host.cells.back().memory;
    }
    const bool known = host.type == "kvm" || host.type == "qemu";
    if (!known || host.machine.empty() || host.cells.empty()) {
        return fail("vm.host", std::format("libvirt does not say what machines the node can run (type '{}', "
                                           "machine '{}', {} NUMA nodes)",
                                           host.type, host.machine, host.cells.size()));
    }
    return host;
}

}  // namespace bedplate::guests
