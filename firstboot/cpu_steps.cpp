// SPDX-License-Identifier: GPL-3.0-or-later
// The processor that the cluster's machines see.
#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "firstboot/access.hpp"
#include "firstboot/virt.hpp"
#include "registry/vms.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view work_file = "/run/bedplate/cpus.xml";

/// What libvirt makes of these processors and of what QEMU can do here.
Result<std::string> baseline_of(Node& node, const std::string& cpus) {
    BEDPLATE_ASSIGN(const auto type, virt_type(node.platform, node.settings.hostname));
    BEDPLATE_TRY(node.platform.files.write(work_file, cpus));
    BEDPLATE_ASSIGN(const auto xml, virsh(node.platform, {"hypervisor-cpu-baseline", std::string(work_file),
                                                          "--virttype", type, "--migratable"}));
    return std::string(trim(xml)) + "\n";
}

Result<std::string> own_cpu(Node& node) {
    BEDPLATE_ASSIGN(const auto type, virt_type(node.platform, node.settings.hostname));
    BEDPLATE_ASSIGN(const auto capabilities, virsh(node.platform, {"domcapabilities", "--virttype", type}));
    return baseline_of(node, capabilities);
}

Result<void> publish(Node& node) {
    RegistryConnection connection(node.platform);
    BEDPLATE_TRY(connection.open());
    Registry& registry = connection.registry();
    BEDPLATE_ASSIGN(const auto own, own_cpu(node));
    BEDPLATE_TRY(registry.publish_cpu(node.settings.hostname, own));
    BEDPLATE_ASSIGN(const auto cpus, registry.cpus());
    std::string all;
    for (const auto& [hostname, cpu] : cpus) {
        all += cpu;
    }
    BEDPLATE_ASSIGN(const auto baseline, baseline_of(node, all));
    // Another node may have come in between: then what is looked at next is that this one is not of all of
    // them.
    return registry.store_cpu_baseline({.of = digest_of(cpus), .xml = baseline});
}

/// "superset", "identical" or "incompatible": what of this <cpu> machines of that kind can have here.
Result<std::string> compare(Platform& platform, const std::string& cpu, const std::string& type) {
    BEDPLATE_TRY(platform.files.write(work_file, cpu));
    BEDPLATE_ASSIGN(
        const auto result,
        platform.commands.run({.argv = {"virsh", "--connect", "qemu:///system", "hypervisor-cpu-compare",
                                        std::string(work_file), "--virttype", type}}));
    for (const auto* verdict : {"superset", "identical", "incompatible"}) {
        if (result.out.contains(verdict)) {
            return std::string(verdict);
        }
    }
    return fail("cpu.compare", "libvirt does not compare the processors: " + std::string(trim(result.err)));
}

}  // namespace

Steps cpu_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                RegistryConnection connection(node.platform);
                BEDPLATE_TRY(connection.open());
                BEDPLATE_ASSIGN(const auto own, own_cpu(node));
                BEDPLATE_ASSIGN(const auto cpus, connection.registry().cpus());
                BEDPLATE_ASSIGN(const auto baseline, connection.registry().cpu_baseline());
                const auto published = cpus.find(node.settings.hostname);
                return published != cpus.end() && published->second == own && baseline &&
                               baseline->of == digest_of(cpus)
                           ? satisfied()
                           : needed();
            },
            .apply = [&node] { return publish(node); }};
}

Result<std::string> compare_with_baseline(Platform& platform, const std::string& hostname) {
    RegistryConnection connection(platform);
    BEDPLATE_TRY(connection.open());
    BEDPLATE_ASSIGN(const auto baseline, connection.registry().cpu_baseline());
    if (!baseline) {
        return fail("cpu.no-baseline", "the cluster has no processor that all nodes have in common yet");
    }
    BEDPLATE_ASSIGN(const auto type, virt_type(platform, hostname));
    return compare(platform, baseline->xml, type);
}

Result<std::vector<std::string>> beyond_processor(Platform& platform, Registry& registry,
                                                  const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto type, virt_type(registry, hostname));
    BEDPLATE_ASSIGN(const auto processors, vm_processors(registry));
    std::vector<std::string> names;
    for (const auto& processor : processors) {
        if (processor.type == "kvm" && type != "kvm") {
            continue;  // vms_beyond() has named them
        }
        BEDPLATE_ASSIGN(const auto verdict, compare(platform, processor.cpu, processor.type));
        if (verdict == "incompatible") {
            std::ranges::copy(processor.machines, std::back_inserter(names));
        }
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace bedplate::firstboot
