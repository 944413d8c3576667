// SPDX-License-Identifier: GPL-3.0-or-later
// A virtual machine as a resource of Pacemaker.
#include <algorithm>
#include <cmath>
#include <format>

#include "cluster/vm.hpp"

namespace bedplate {

namespace {

/// <nvpair>s with ids below `prefix`.
class Pairs {
public:
    explicit Pairs(std::string prefix) : prefix_(std::move(prefix)) {}

    Pairs& add(std::string_view name, std::string_view value) {
        xml_ += std::format(R"(<nvpair id="{}-{}" name="{}" value="{}"/>)", prefix_, name, name, value);
        return *this;
    }
    /// Inside of an element of this name with the prefix as its id.
    [[nodiscard]] std::string in(std::string_view element) const {
        return std::format(R"(<{0} id="{1}">{2}</{0}>)", element, prefix_, xml_);
    }

private:
    std::string prefix_, xml_;
};

std::string operation(const std::string& resource, std::string_view name, std::chrono::seconds interval,
                      double timeout_s) {
    return std::format(R"(<op id="{0}-{1}" name="{1}" interval="{2}s" timeout="{3}s"/>)", resource, name,
                       interval.count(), static_cast<long>(std::ceil(timeout_s)));
}

/// Looking starts several programs: an emulated node that does so as often as a real one does little else.
std::chrono::seconds interval_here(std::chrono::seconds interval, double scale) {
    const std::chrono::seconds slow{std::lround(10 * scale)};
    return scale > 1 ? std::max(interval, slow) : interval;
}

/// The agent takes the address of a migration's data from the name that the connection went to, so that both
/// use the migration network; libvirt chooses a port that is free, where the agent would throw dice. The
/// machine's size is what the CIB says: the agent would write what it sees into it at every monitor.
std::string parameters(const std::string& resource, const VmSpec& spec) {
    return Pairs(resource + "-attributes")
        .add("config", vm_file(spec.name))
        .add("hypervisor", "qemu:///system")
        .add("migration_transport", "tls")
        .add("migration_network_suffix", "-mig")
        .add("migrateuri", "tcp://%n")
        .add("migrate_options", "--p2p --tls --auto-converge")
        .add("autoset_utilization_cpu", "false")
        .add("autoset_utilization_hv_memory", "false")
        .add("autoset_utilization_host_memory", "false")
        .in("instance_attributes");
}

}  // namespace

std::string vm_file(std::string_view name) {
    return std::format("{}/{}.xml", vm_folder, name);
}

std::string vm_resource(std::string_view name) {
    return std::format("vm-{}", name);
}

std::string vm_resource_xml(const VmSpec& spec, double scale, std::chrono::seconds interval) {
    const std::string id = vm_resource(spec.name);
    // One more than was asked for: at 0 a node full of machines would have nothing to lose
    // (priority-fencing-delay).
    const std::string meta = Pairs(id + "-meta")
                                 .add("allow-migrate", "true")
                                 .add("priority", std::to_string(std::uint64_t{spec.priority} + 1))
                                 .in("meta_attributes");
    const std::string utilization = Pairs(id + "-utilization")
                                        .add("cpu", std::to_string(spec.cpus))
                                        .add("hv_memory", std::to_string(spec.memory.value >> 20U))
                                        .in("utilization");
    // A guest has two thirds of `stop`, less five seconds, to end by itself (firstboot/virtual_domain.sh).
    constexpr std::chrono::seconds once{0};
    const std::string operations =
        operation(id, "start", once, 120 * scale) + operation(id, "stop", once, 180 * scale) +
        operation(id, "monitor", interval_here(interval, scale), 60 * scale) +
        operation(id, "migrate_to", once, 600 * scale) + operation(id, "migrate_from", once, 120 * scale);
    return std::format(
        R"(<primitive id="{}" class="ocf" provider="bedplate" type="VirtualDomain">{}{}{}<operations>{}</operations></primitive>)",
        id, parameters(id, spec), meta, utilization, operations);
}

}  // namespace bedplate
