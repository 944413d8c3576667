// SPDX-License-Identifier: GPL-3.0-or-later
// `bedplate vm remove`: the machine ends, then everything that knows it forgets it, the registry last.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "guests/domain.hpp"
#include "guests/guests.hpp"

namespace bedplate::guests {

namespace {

Steps stop_resource(Guests& guests, const std::string& name) {
    const auto id = vm_resource(name);
    const auto stopped = [&guests, id]() -> Result<bool> {
        BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
        const auto found = state.resources.find(id);
        return found == state.resources.end() || (found->second.node.empty() && !found->second.pending);
    };
    return {.observe = [stopped]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const bool done, stopped());
                return done ? satisfied() : needed();
            },
            .apply = [&guests, id, name, stopped]() -> Result<void> {
                BEDPLATE_TRY(set_role(guests.platform, id, "Stopped"));
                return wait_until(guests, name + " to end", std::chrono::minutes{5}, stopped);
            }};
}

Steps delete_steps(Guests& guests, const std::string& name) {
    const auto id = vm_resource(name);
    return {.observe = [&guests, id]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
                return state.resources.contains(id) ? needed() : satisfied();
            },
            .apply = [&guests, id] { return delete_resource(guests.platform, id); }};
}

/// Asked to end, then switched off; on each node, since one that was cut off while it moved may be on two.
Result<void> end_on(Guests& guests, const std::string& node, const std::string& name) {
    BEDPLATE_ASSIGN(const auto libvirt, libvirt_on(guests, node));
    const auto is_off = [&libvirt, &name]() -> Result<bool> {
        BEDPLATE_ASSIGN(const auto domains, libvirt->domains());
        const auto found = std::ranges::find(domains, name, &Domain::name);
        return found == domains.end() || found->state == Domain::State::off;
    };
    BEDPLATE_ASSIGN(const bool off, is_off());
    if (!off) {
        BEDPLATE_TRY(libvirt->shut_down(name));
        if (!wait_until(guests, name + " to end", std::chrono::seconds{90}, is_off)) {
            guests.say("  it does not end by itself: switching it off");
            BEDPLATE_TRY(libvirt->power_off(name));
        }
    }
    return libvirt->forget(name);
}

Steps end_domain(Guests& guests, const std::string& name) {
    const auto nodes_with = [&guests, name]() -> Result<std::vector<std::string>> {
        BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
        std::vector<std::string> nodes;
        for (const auto& node : state.present) {
            BEDPLATE_ASSIGN(const auto domains, domains_on(guests, node));
            if (std::ranges::contains(domains, name, &Domain::name)) {
                nodes.push_back(node);
            }
        }
        return nodes;
    };
    return {.observe = [nodes_with]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto nodes, nodes_with());
                return nodes.empty() ? satisfied() : needed();
            },
            .apply = [&guests, name, nodes_with]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto nodes, nodes_with());
                for (const auto& node : nodes) {
                    BEDPLATE_TRY(end_on(guests, node, name));
                }
                return {};
            }};
}

std::vector<std::string> images_of(const std::string& name) {
    return {name,
            iso_image(name),
            nvram_image(name),
            unfinished_image(name),
            unfinished_image(iso_image(name)),
            unfinished_image(nvram_image(name))};
}

Steps purge_steps(Guests& guests, const std::string& name) {
    return {.observe = [&guests, name]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto images, list_images(guests.platform));
                const auto there = [&](const std::string& image) { return images.contains(image); };
                return std::ranges::any_of(images_of(name), there) ? needed() : satisfied();
            },
            .apply = [&guests, name]() -> Result<void> {
                for (const auto& image : images_of(name)) {
                    BEDPLATE_TRY(delete_image(guests.platform, image, guests.say));
                }
                return {};
            }};
}

Steps forget_steps(Guests& guests, const std::string& name) {
    return {.observe = [&guests, name]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto record, vm_record(guests.registry, name));
                return record ? needed() : satisfied();
            },
            .apply = [&guests, name] { return forget_vm(guests.registry, name); }};
}

/// A node that is off may hold a machine that is not HA, and would start it again with itself.
Result<void> can_be_reached(Guests& guests, const VmRecord& record) {
    BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
    return record.spec.ha || std::ranges::contains(state.present, record.node)
               ? Result<void>()
               : refuse("vm.node",
                        std::format("{} belongs to {}, which does not run", record.spec.name, record.node),
                        {}, "start that node first");
}

}  // namespace

Result<std::vector<Step>> removal_steps(Guests& guests, const std::string& name, bool purge_disk) {
    BEDPLATE_ASSIGN(const auto records, vm_records(guests.registry));
    const auto found = records.find(name);
    if (found == records.end()) {
        return unknown_machine(name, records);
    }
    BEDPLATE_TRY(can_be_reached(guests, found->second));
    std::vector<Step> steps;
    if (found->second.spec.ha) {
        steps.push_back({"vm.stop", std::format("let Pacemaker end {}", name), stop_resource(guests, name)});
        steps.push_back({"vm.delete", std::format("delete the resource {}", vm_resource(name)),
                         delete_steps(guests, name)});
    }
    steps.push_back({"vm.end", std::format("let libvirt end and forget {}", name), end_domain(guests, name)});
    if (purge_disk) {
        steps.push_back({"vm.purge", std::format("delete the image vms/{} and what belongs to it", name),
                         purge_steps(guests, name)});
    }
    steps.push_back({"vm.forget", "free the name in the registry", forget_steps(guests, name)});
    return steps;
}

}  // namespace bedplate::guests
