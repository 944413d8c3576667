// SPDX-License-Identifier: GPL-3.0-or-later
// What this node can offer machines.
#include <format>

#include "base/text.hpp"
#include "guests/domain.hpp"
#include "guests/guests.hpp"
#include "guests/trial.hpp"

namespace bedplate::guests {

namespace {

/// In RAM: firmware settings may be others after the next start.
constexpr std::string_view trial_result = "/run/bedplate/kvm-trial";
/// QEMU runs as a user of its own: it reads below this one, and not what is root's alone.
constexpr std::string_view trial_folder = "/var/lib/libvirt/images";

/// libvirt's word that KVM is there is tried out once after each start, with the kernel that runs here.
Result<bool> kvm_tried(Platform& platform, Hypervisor& libvirt) {
    if (const auto known = platform.files.read(trial_result)) {
        return trim(*known) == "works";
    }
    BEDPLATE_ASSIGN(const auto release, platform.files.read("/proc/sys/kernel/osrelease"));
    BEDPLATE_ASSIGN(const auto kernel,
                    platform.files.read(std::format("/boot/vmlinuz-{}", trim(release)), mib(64)));
    BEDPLATE_ASSIGN(const bool works,
                    kvm_works(platform,
                              {.start = [&](const auto& xml) { return libvirt.run_once(xml); },
                               .end = [&](const auto& domain) { return libvirt.power_off(domain); }},
                              kernel, trial_folder));
    BEDPLATE_TRY(platform.files.write(trial_result, works ? "works\n" : "hangs\n"));
    return works;
}

}  // namespace

Result<bool> publish_host(Guests& guests, bool check) {
    const auto& hostname = guests.settings.hostname;
    BEDPLATE_ASSIGN(const auto libvirt, guests.connect(std::string(own_libvirt)));
    BEDPLATE_ASSIGN(const auto capabilities, libvirt->capabilities());
    BEDPLATE_ASSIGN(const auto domains, libvirt->domain_capabilities());
    BEDPLATE_ASSIGN(auto host, vm_host_from(capabilities, domains));
    if (host.type == "kvm") {
        BEDPLATE_ASSIGN(const bool works, kvm_tried(guests.platform, *libvirt));
        host.type = works ? "kvm" : "qemu";
    }
    BEDPLATE_ASSIGN(const auto hosts, vm_hosts(guests.registry));
    const auto there = hosts.find(hostname);
    if (there != hosts.end() && there->second == host) {
        return true;
    }
    if (check) {
        return false;
    }
    BEDPLATE_TRY(publish_vm_host(guests.registry, hostname, host));
    return true;
}

}  // namespace bedplate::guests
