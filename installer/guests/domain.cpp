// SPDX-License-Identifier: GPL-3.0-or-later
#include "guests/domain.hpp"

#include <format>

#include "guests/xml.hpp"

namespace bedplate::guests {

namespace {

using pugi::xml_node;

constexpr const char* our_namespace = "https://bedplate.invalid/vm/v1";

void add_identity(xml_node domain, const DomainPlan& plan) {
    const auto& spec = plan.spec;
    add(domain, "name", {}, spec.name);
    add(domain, "uuid", {}, vm_uuid(plan.identity, spec.name).to_text());
    add(domain, "description", {},
        std::format("Made by Bedplate {} for the cluster {}; 'bedplate vm' knows it.", BEDPLATE_VERSION,
                    plan.identity.name));
    add(add(domain, "metadata"), "bedplate:vm",
        {{"xmlns:bedplate", our_namespace},
         {"cluster", plan.identity.fsid.to_text()},
         {"ha", spec.ha ? "yes" : "no"}});
}

/// Memory and processors; pinned ones stay on one NUMA node, QEMU's own threads with them.
void add_size(xml_node domain, const DomainPlan& plan) {
    const auto& spec = plan.spec;
    add(domain, "memory", {{"unit", "MiB"}}, std::to_string(spec.memory.value >> 20U));
    if (plan.page_kib) {
        add(add(add(domain, "memoryBacking"), "hugepages"), "page",
            {{"size", std::to_string(*plan.page_kib)}, {"unit", "KiB"}});
    }
    Attributes placement{{"placement", "static"}};
    if (plan.cell) {
        placement.emplace_back("cpuset", plan.cell->cpus);
    }
    add(domain, "vcpu", placement, std::to_string(spec.cpus));
    if (plan.cell) {
        add(add(domain, "cputune"), "emulatorpin", {{"cpuset", plan.cell->cpus}});
        add(add(domain, "numatune"), "memory",
            {{"mode", "strict"}, {"nodeset", std::to_string(plan.cell->id)}});
    }
}

/// Without a <host> QEMU finds the monitors in /etc/ceph/ceph.conf, whichever they are by then.
xml_node add_rbd_source(xml_node parent, const std::string& image) {
    return add(parent, "source", {{"protocol", "rbd"}, {"name", std::format("{}/{}", vm_pool, image)}});
}

void add_secret(xml_node parent, const DomainPlan& plan) {
    add(add(parent, "auth", {{"username", "libvirt"}}), "secret",
        {{"type", "ceph"}, {"uuid", plan.identity.libvirt_secret.to_text()}});
}

/// SeaBIOS keeps nothing; UEFI's variables are in the pool, since a file would stay behind on a dead node.
void add_firmware(xml_node domain, const DomainPlan& plan) {
    auto os = add(domain, "os");
    add(os, "type", {{"arch", "x86_64"}, {"machine", plan.platform.machine}}, "hvm");
    if (plan.spec.uefi) {
        add(os, "loader", {{"readonly", "yes"}, {"secure", "no"}, {"type", "pflash"}},
            "/usr/share/OVMF/OVMF_CODE_4M.fd");
        auto source = add_rbd_source(add(os, "nvram", {{"type", "network"}}), nvram_image(plan.spec.name));
        add_secret(source, plan);
    }
    auto features = add(domain, "features");
    add(features, "acpi");
    add(features, "apic");
}

/// The processor that all nodes can give, never the node's own: it would not move.
Result<void> add_processor(xml_node domain, const DomainPlan& plan) {
    pugi::xml_document baseline;
    BEDPLATE_TRY(parse_xml(baseline, plan.cpu, "the cluster's processor"));
    if (!baseline.child("cpu").child("model")) {
        return fail("vm.cpu", "the processor that all nodes have in common is no <cpu> with a model");
    }
    auto cpu = domain.append_copy(baseline.child("cpu"));
    for (const auto& [key, value] :
         {std::pair{"mode", "custom"}, std::pair{"match", "exact"}, std::pair{"check", "partial"}}) {
        auto attribute = cpu.attribute(key);
        (attribute ? attribute : cpu.append_attribute(key)).set_value(value);
    }
    cpu.remove_child("topology");
    add(cpu, "topology",
        {{"sockets", "1"}, {"dies", "1"}, {"cores", std::to_string(plan.spec.cpus)}, {"threads", "1"}});
    return {};
}

/// A guest that crashes: Pacemaker is to see an HA machine end, and to count it. Being suspended by the guest
/// would look like running.
void add_life(xml_node domain, const DomainPlan& plan) {
    auto clock = add(domain, "clock", {{"offset", "utc"}});
    add(clock, "timer", {{"name", "rtc"}, {"tickpolicy", "catchup"}});
    add(clock, "timer", {{"name", "pit"}, {"tickpolicy", "delay"}});
    add(clock, "timer", {{"name", "hpet"}, {"present", "no"}});
    add(domain, "on_poweroff", {}, "destroy");
    add(domain, "on_reboot", {}, "restart");
    add(domain, "on_crash", {}, plan.spec.ha ? "destroy" : "restart");
    auto power = add(domain, "pm");
    add(power, "suspend-to-mem", {{"enabled", "no"}});
    add(power, "suspend-to-disk", {{"enabled", "no"}});
}

/// Cache and limits are QEMU's defaults: a write-back cache that honours flushes.
void add_disk(xml_node devices, const DomainPlan& plan) {
    auto disk = add(devices, "disk", {{"type", "network"}, {"device", "disk"}});
    add(disk, "driver", {{"name", "qemu"}, {"type", "raw"}, {"discard", "unmap"}});
    add_secret(disk, plan);
    add_rbd_source(disk, plan.spec.name);
    add(disk, "target", {{"dev", "vda"}, {"bus", "virtio"}});
    add(disk, "boot", {{"order", "1"}});
}

/// A disk without a boot sector is passed over: the first start is from the medium.
void add_medium(xml_node devices, const DomainPlan& plan) {
    auto medium = add(devices, "disk", {{"type", "network"}, {"device", "cdrom"}});
    add(medium, "driver", {{"name", "qemu"}, {"type", "raw"}});
    add_secret(medium, plan);
    add_rbd_source(medium, iso_image(plan.spec.name));
    add(medium, "target", {{"dev", "sda"}, {"bus", "sata"}});
    add(medium, "readonly");
    add(medium, "boot", {{"order", "2"}});
}

void add_ports(xml_node devices, const DomainPlan& plan) {
    for (std::size_t i = 0; i < plan.spec.networks.size(); ++i) {
        auto port = add(devices, "interface", {{"type", "network"}});
        add(port, "mac", {{"address", vm_mac(plan.identity, plan.spec.name, i)}});
        add(port, "source", {{"network", plan.spec.networks[i].network}});
        if (i < plan.vlans.size() && plan.vlans[i]) {
            add(add(port, "vlan"), "tag", {{"id", std::to_string(*plan.vlans[i])}});
        }
        add(port, "model", {{"type", "virtio"}});
        add(port, "boot", {{"order", std::to_string(i + 3)}});
    }
}

void add_devices(xml_node domain, const DomainPlan& plan) {
    auto devices = add(domain, "devices");
    add(devices, "emulator", {}, "/usr/bin/qemu-system-x86_64");
    add_disk(devices, plan);
    if (!plan.spec.iso.empty()) {
        add_medium(devices, plan);
    }
    add_ports(devices, plan);
    // What a guest said last is there after it died; libvirt keeps the file small (virtlogd.conf).
    auto serial = add(devices, "serial", {{"type", "pty"}});
    add(serial, "log", {{"file", console_log(plan.spec.name)}, {"append", "on"}});
    add(devices, "console", {{"type", "pty"}});
    add(add(devices, "channel", {{"type", "unix"}}), "target",
        {{"type", "virtio"}, {"name", "org.qemu.guest_agent.0"}});
    add(devices, "graphics", {{"type", "vnc"}, {"port", "-1"}, {"autoport", "yes"}, {"listen", "127.0.0.1"}});
    add(add(devices, "video"), "model", {{"type", "vga"}});
    if (plan.spec.watchdog) {
        add(devices, "watchdog", {{"model", "i6300esb"}, {"action", "reset"}});
    }
    add(devices, "memballoon", {{"model", "virtio"}, {"freePageReporting", "on"}});
    add(add(devices, "rng", {{"model", "virtio"}}), "backend", {{"model", "random"}}, "/dev/urandom");
    // Tells libvirt of a guest kernel's panic, which is what on_crash is about.
    add(devices, "panic", {{"model", "isa"}});
}

}  // namespace

std::string iso_image(const std::string& name) {
    return name + ".iso";
}

std::string console_log(const std::string& name) {
    return std::format("/var/log/libvirt/qemu/{}-console.log", name);
}

std::string nvram_image(const std::string& name) {
    return name + ".nvram";
}

Result<std::string> domain_xml(const DomainPlan& plan) {
    pugi::xml_document document;
    auto domain = add(document, "domain", {{"type", plan.platform.type}});
    add_identity(domain, plan);
    add_size(domain, plan);
    add_firmware(domain, plan);
    BEDPLATE_TRY(add_processor(domain, plan));
    add_life(domain, plan);
    add_devices(domain, plan);
    return to_text(document);
}

}  // namespace bedplate::guests
