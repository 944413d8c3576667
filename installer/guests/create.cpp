// SPDX-License-Identifier: GPL-3.0-or-later
// `bedplate vm create`: what is looked at, and the machine that follows from it.
#include <algorithm>
#include <format>
#include <ranges>

#include "base/text.hpp"
#include "guests/domain.hpp"
#include "guests/guests.hpp"

namespace bedplate::guests {

namespace {

/// What nodes that stand in the cluster for good can offer.
Result<VmHosts> standing_hosts(Guests& guests, const std::vector<std::string>& members) {
    BEDPLATE_ASSIGN(auto hosts, vm_hosts(guests.registry));
    std::erase_if(hosts, [&](const auto& host) { return !std::ranges::contains(members, host.first); });
    return hosts;
}

/// The tag of a port on the bridge. Bridges let nothing through that is not tagged for a port: a network
/// without VLAN is number 1 inside of them (docs/network.md).
Result<std::optional<std::uint64_t>> tag_of(const Guests& guests, const VmNetwork& port) {
    const auto network = guests.settings.networks.find(port.network);
    if (network == guests.settings.networks.end()) {
        return port.vlan;  // not the site's: somebody made it in libvirt
    }
    const std::uint64_t own = network->second.vlan.value_or(1);
    const std::uint64_t tag = port.vlan.value_or(own);
    const bool carried =
        tag == own || std::ranges::any_of(network->second.guest_vlans, [&](const auto& range) {
            return range.first <= tag && tag <= range.second;
        });
    return carried ? Result<std::optional<std::uint64_t>>(tag)
                   : refuse("vm.network",
                            std::format("the bridge of the network '{}' does not carry VLAN {}", port.network,
                                        tag),
                            {}, "list it under 'guest_vlans' of that network in the site");
}

/// Who has the name: another record, or a machine of libvirt's that Bedplate did not make.
Result<void> look_for_name(Guests& guests, const VmRecords& records, Creation& creation,
                           const ClusterState& state) {
    auto& facts = creation.facts;
    if (const auto found = records.find(facts.spec.name); found != records.end()) {
        const auto& record = found->second;
        if (record.ready) {
            facts.taken_by = "a machine that Bedplate made";
        } else if (record.spec != facts.spec || record.node != guests.settings.hostname) {
            facts.taken_by = std::format(
                "a machine that was begun on {} and not finished (the same command there goes on, 'bedplate "
                "vm "
                "remove {}' drops it)",
                record.node, facts.spec.name);
        } else {
            facts.finishing = true;
            creation.record = record;
        }
        return {};
    }
    for (const auto& node : state.present) {
        const auto domains = domains_on(guests, node);
        if (!domains && !is_passed_over(guests, node, domains.error())) {
            return std::unexpected(domains.error());
        }
        if (domains && std::ranges::contains(*domains, facts.spec.name, &Domain::name)) {
            facts.taken_by = "a machine on " + node + " that Bedplate did not make";
        }
    }
    return {};
}

Result<void> look_at_disks(Guests& guests, Creation& creation) {
    auto& facts = creation.facts;
    const auto& spec = facts.spec;
    if (!spec.image.empty()) {
        BEDPLATE_ASSIGN(creation.image, look_at_image(guests.platform, spec.image));
        facts.image_size = creation.image->size;
    }
    if (!spec.iso.empty()) {
        BEDPLATE_ASSIGN(creation.iso, look_at_image(guests.platform, spec.iso));
        facts.iso_size = creation.iso->size;
    }
    BEDPLATE_ASSIGN(const auto images, list_images(guests.platform));
    for (const auto& name : {spec.name, iso_image(spec.name), nvram_image(spec.name)}) {
        if (images.contains(name)) {
            facts.images.push_back(name);
        }
    }
    BEDPLATE_ASSIGN(const auto space, pool_space(guests.platform));
    facts.pool_used = space.used;
    facts.pool_free = space.free;
    return {};
}

/// What machines have for themselves where this one may come to: an HA machine to every node, another one to
/// this node alone.
VmPlaces places_of(const Guests& guests, const VmRecords& records, const VmHosts& hosts, const VmSpec& spec) {
    VmPlaces places;
    for (const auto& host : hosts | std::views::keys) {
        if (!spec.ha && host != guests.settings.hostname) {
            continue;
        }
        for (const auto& record : records | std::views::values) {
            if ((record.spec.ha || record.node == host) && (record.cell || record.page_kib)) {
                places[host].push_back(
                    {.memory = record.spec.memory, .cell = record.cell, .page_kib = record.page_kib});
            }
        }
    }
    return places;
}

Result<void> make_record(Guests& guests, const std::vector<std::string>& members, const VmHosts& hosts,
                         const VmRecords& records, Creation& creation) {
    DomainPlan plan{
        .spec = creation.facts.spec, .identity = {}, .platform = {}, .cpu = {}, .vlans = {}, .cell = {}};
    BEDPLATE_ASSIGN(plan.identity, guests.registry.identity());
    BEDPLATE_ASSIGN(plan.platform, common_platform(members, hosts));
    BEDPLATE_ASSIGN(const auto baseline, guests.registry.cpu_baseline());
    if (!baseline) {
        return fail("cpu.no-baseline", "the cluster has no processor that all nodes have in common yet");
    }
    plan.cpu = baseline->xml;
    for (const auto& port : plan.spec.networks) {
        BEDPLATE_ASSIGN(plan.vlans.emplace_back(), tag_of(guests, port));
    }
    const auto places = places_of(guests, records, hosts, plan.spec);
    if (plan.spec.pin) {
        BEDPLATE_ASSIGN(plan.cell, choose_cell(plan.spec, hosts, places));
        creation.record.cell = plan.cell->id;
    }
    if (plan.spec.hugepages) {
        BEDPLATE_ASSIGN(plan.page_kib, choose_page_size(plan.spec, hosts, places, creation.record.cell));
        creation.record.page_kib = plan.page_kib;
    }
    BEDPLATE_ASSIGN(creation.record.xml, domain_xml(plan));
    creation.record.spec = plan.spec;
    creation.record.type = plan.platform.type;
    creation.record.node = guests.settings.hostname;
    return {};
}

}  // namespace

Result<Creation> plan_creation(Guests& guests, const VmSpec& spec) {
    BEDPLATE_TRY(check_vm(spec));
    Creation creation{.facts = {.spec = spec}, .record = {}};
    BEDPLATE_ASSIGN(const auto members, standing_members(guests.registry));
    BEDPLATE_ASSIGN(const auto hosts, standing_hosts(guests, members));
    BEDPLATE_ASSIGN(const auto records, vm_records(guests.registry));
    BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
    BEDPLATE_TRY(look_for_name(guests, records, creation, state));
    BEDPLATE_ASSIGN(creation.facts.nodes, nodes_now(guests, state, hosts, records));
    if (!spec.ha) {
        // It stays with this node, so this node has to take it.
        std::erase_if(creation.facts.nodes,
                      [&](const VmNode& node) { return node.name != guests.settings.hostname; });
    }
    BEDPLATE_TRY(look_at_disks(guests, creation));
    BEDPLATE_TRY(may_create(creation.facts));
    if (!creation.facts.finishing) {
        BEDPLATE_TRY(make_record(guests, members, hosts, records, creation));
    }
    return creation;
}

}  // namespace bedplate::guests
