// SPDX-License-Identifier: GPL-3.0-or-later
// The steps that make a machine. The name comes first: whoever has it goes on, also after a crash.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "guests/domain.hpp"
#include "guests/guests.hpp"
#include "platform/time_scale.hpp"
#include "registry/fencing.hpp"

namespace bedplate::guests {

namespace {

constexpr std::string_view uefi_variables = "/usr/share/OVMF/OVMF_VARS_4M.fd";

Steps claim_steps(Guests& guests, const VmRecord& record) {
    return {.observe = [&guests, record]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto there, vm_record(guests.registry, record.spec.name));
                return there && there->spec == record.spec ? satisfied() : needed();
            },
            .apply = [&guests, record]() -> Result<void> {
                BEDPLATE_ASSIGN(const bool claimed, claim_vm(guests.registry, record));
                return claimed ? Result<void>()
                               : refuse("vm.name-taken", std::format("somebody else just made a machine {}",
                                                                     record.spec.name));
            }};
}

/// An image that comes to be with its last step.
Steps image_steps(Guests& guests, std::string name, std::function<Result<void>()> make) {
    return {.observe = [&guests, name]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto images, list_images(guests.platform));
                return images.contains(name) ? satisfied() : needed();
            },
            .apply = std::move(make)};
}

/// Every node that Pacemaker may ask has the file: without it the agent says "not installed", and the node is
/// out of the question for good. One that is off writes it before it starts Pacemaker.
Steps file_steps(Guests& guests) {
    const auto late = [&guests]() -> Result<std::vector<std::string>> {
        BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
        return without_vm_files(guests.registry, state.present);
    };
    return {
        .observe = [late]() -> Result<Observation> {
            BEDPLATE_ASSIGN(const auto nodes, late());
            return nodes.empty() ? satisfied() : needed();
        },
        .apply = [&guests, late]() -> Result<void> {
            return wait_until(
                guests, "every node to have its file", std::chrono::seconds{60}, [late]() -> Result<bool> {
                    BEDPLATE_ASSIGN(const auto nodes, late());
                    return nodes.empty() ? Result<bool>(true)
                                         : fail("vm.no-file", std::format("not yet on {}", join(nodes, ", ")),
                                                {}, "look at 'bedplate node status' there");
                });
        }};
}

Steps resource_steps(Guests& guests, const VmSpec& spec) {
    return {.observe = [&guests, spec]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
                return state.resources.contains(vm_resource(spec.name)) ? satisfied() : needed();
            },
            .apply = [&guests, spec]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto policy, FencingRegistry(guests.registry).policy());
                const auto interval = policy.value_or(guests.settings.ha).monitor_interval();
                return add_resource(guests.platform, vm_resource_xml(spec, time_scale(), interval));
            }};
}

Result<void> wait_for_start(Guests& guests, const std::string& name) {
    BEDPLATE_ASSIGN(const auto before, ask_pacemaker(guests.platform));
    const auto started = [&guests, name]() -> Result<bool> {
        BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
        const auto found = state.resources.find(vm_resource(name));
        return found != state.resources.end() && found->second.runs();
    };
    const auto done = wait_until(guests, name + " to start", std::chrono::minutes{3}, started);
    if (done) {
        return {};
    }
    return fail(
        "vm.not-started", std::format("Pacemaker has not started {}: {}", name, done.error().message), {},
        before.fences ? "'crm_mon -1' shows failed actions; it goes on trying"
                      : "there is no fencing device, and Pacemaker starts nothing before there is one");
}

Steps start_steps(Guests& guests, const std::string& name) {
    return {.observe = [&guests, name]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto state, ask_pacemaker(guests.platform));
                const auto found = state.resources.find(vm_resource(name));
                return found != state.resources.end() && found->second.runs() ? satisfied() : needed();
            },
            .apply = [&guests, name] { return wait_for_start(guests, name); }};
}

Steps domain_steps(Guests& guests, const VmRecord& record) {
    return {.observe = [&guests, record]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto libvirt, guests.connect(std::string(own_libvirt)));
                BEDPLATE_ASSIGN(const auto domains, libvirt->domains());
                const auto found = std::ranges::find(domains, record.spec.name, &Domain::name);
                return found != domains.end() && found->state == Domain::State::running ? satisfied()
                                                                                        : needed();
            },
            .apply = [&guests, record]() -> Result<void> {
                BEDPLATE_ASSIGN(const auto libvirt, guests.connect(std::string(own_libvirt)));
                return libvirt->make(record.xml);
            }};
}

Steps ready_steps(Guests& guests, VmRecord record) {
    record.ready = true;
    return {.observe = [&guests, record]() -> Result<Observation> {
                BEDPLATE_ASSIGN(const auto there, vm_record(guests.registry, record.spec.name));
                return there && there->ready ? satisfied() : needed();
            },
            .apply = [&guests, record] { return store_vm(guests.registry, record); }};
}

void add_images(Guests& guests, const Creation& creation, std::vector<Step>& steps) {
    const auto& spec = creation.facts.spec;
    const Bytes size = disk_size(creation.facts);
    const auto importing = [&guests](const ImageFile& file, const std::string& name, Bytes bytes) {
        return image_steps(guests, name, [&guests, file, name, bytes] {
            return import_image(guests.platform, file, name, bytes, guests.say);
        });
    };
    if (creation.image) {
        steps.push_back({"vm.disk",
                         std::format("import {} into the image vms/{} of {}", creation.image->path, spec.name,
                                     to_binary_text(size)),
                         importing(*creation.image, spec.name, size)});
    } else {
        steps.push_back({"vm.disk",
                         std::format("make the image vms/{} of {}", spec.name, to_binary_text(size)),
                         image_steps(guests, spec.name, [&guests, name = spec.name, size] {
                             return make_image(guests.platform, name, size);
                         })});
    }
    if (creation.iso) {
        const auto name = iso_image(spec.name);
        steps.push_back({"vm.iso", std::format("import {} into the image vms/{}", creation.iso->path, name),
                         importing(*creation.iso, name, creation.iso->size)});
    }
    if (spec.uefi) {
        const auto name = nvram_image(spec.name);
        steps.push_back({"vm.nvram", std::format("make the image vms/{} for UEFI's variables", name),
                         image_steps(guests, name, [&guests, name]() -> Result<void> {
                             BEDPLATE_ASSIGN(auto file,
                                             look_at_image(guests.platform, std::string(uefi_variables)));
                             file.format = "raw";
                             return import_image(guests.platform, file, name, file.size, guests.say);
                         })});
    }
}

}  // namespace

std::vector<Step> creation_steps(Guests& guests, const Creation& creation, bool wait) {
    const auto& spec = creation.facts.spec;
    std::vector<Step> steps{{"vm.name", std::format("take the name {} in the registry", spec.name),
                             claim_steps(guests, creation.record)}};
    add_images(guests, creation, steps);
    if (spec.ha) {
        steps.push_back(
            {"vm.files", std::format("let every node write {}", vm_file(spec.name)), file_steps(guests)});
        steps.push_back({"vm.resource",
                         std::format("make the resource {} ({} processors, {})", vm_resource(spec.name),
                                     spec.cpus, to_binary_text(spec.memory)),
                         resource_steps(guests, spec)});
    } else {
        steps.push_back({"vm.domain",
                         std::format("define and start it on {} ({} processors, {})",
                                     guests.settings.hostname, spec.cpus, to_binary_text(spec.memory)),
                         domain_steps(guests, creation.record)});
    }
    steps.push_back({"vm.ready", "note that it is made", ready_steps(guests, creation.record)});
    if (spec.ha && wait) {
        steps.push_back(
            {"vm.started", "wait until Pacemaker has started it", start_steps(guests, spec.name)});
    }
    return steps;
}

}  // namespace bedplate::guests
