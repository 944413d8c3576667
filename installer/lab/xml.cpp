// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/xml.hpp"

#include "lab/lab.hpp"

namespace bedplate::lab {

namespace {

using pugi::xml_node;

void add_identity(xml_node domain, const Lab& lab, const LabNode& node) {
    auto system = add(add(domain, "sysinfo", {{"type", "smbios"}}), "system");
    add(system, "entry", {{"name", "manufacturer"}}, lab.manufacturer);
    add(system, "entry", {{"name", "product"}}, lab.product);
    add(system, "entry", {{"name", "serial"}}, node.service_tag);
    add(system, "entry", {{"name", "uuid"}}, node.uuid.to_text());
}

/// UEFI with a boot menu on the serial line; which device comes first stands with the devices.
void add_firmware(xml_node domain) {
    auto os = add(domain, "os", {{"firmware", "efi"}});
    add(os, "type", {{"arch", "x86_64"}, {"machine", "q35"}}, "hvm");
    auto firmware = add(os, "firmware");
    add(firmware, "feature", {{"enabled", "no"}, {"name", "secure-boot"}});
    add(os, "smbios", {{"mode", "sysinfo"}});
    auto features = add(domain, "features");
    add(features, "acpi");
    add(features, "apic");
}

void add_processor(xml_node domain, const Lab& lab) {
    if (lab.emulator == "kvm") {
        add(domain, "cpu", {{"mode", "host-passthrough"}, {"migratable", "on"}});
        return;
    }
    auto cpu = add(domain, "cpu", {{"mode", "maximum"}});
    // Emulated string instructions of these kinds are slower than the loops they replace, and five-level
    // page tables cost a level. KVM would seem to be there in an emulated processor, and hang.
    for (const char* feature : {"erms", "fsrm", "la57", "svm"}) {
        add(cpu, "feature", {{"policy", "disable"}, {"name", feature}});
    }
}

void add_disks(xml_node devices, const Lab& lab, const LabNode& node) {
    add(devices, "controller", {{"type", "scsi"}, {"model", "virtio-scsi"}});
    for (std::size_t i = 0; i < node.disks.size(); ++i) {
        const auto& disk = node.disks[i];
        auto element = add(devices, "disk", {{"type", "file"}, {"device", "disk"}});
        add(element, "driver",
            {{"name", "qemu"}, {"type", "raw"}, {"cache", "writeback"}, {"discard", "unmap"}});
        add(element, "source", {{"file", disk.image.string()}});
        add(element, "target", {{"dev", std::string("sd") + static_cast<char>('a' + i)}, {"bus", "scsi"}});
        add(element, "serial", {}, disk.serial);
        if (!disk.model.empty()) {
            add(element, "vendor", {}, "ATA");
            add(element, "product", {}, disk.model);
        }
        if (i == 0) {
            add(element, "boot", {{"order", "1"}});
        }
    }
    auto medium = add(devices, "disk", {{"type", "file"}, {"device", "cdrom"}});
    add(medium, "driver", {{"name", "qemu"}, {"type", "raw"}});
    add(medium, "source", {{"file", lab.medium().string()}});
    add(medium, "target", {{"dev", "sdz"}, {"bus", "sata"}});
    add(medium, "readonly");
    add(medium, "shareable");
    // An empty disk is passed over, so the first start is from the medium and all others from the disk.
    add(medium, "boot", {{"order", "2"}});
}

void add_ports(xml_node devices, const Lab& lab, const LabNode& node) {
    for (const auto& mac : node.macs) {
        auto port = add(devices, "interface", {{"type", "network"}});
        add(port, "mac", {{"address", mac}});
        add(port, "source", {{"network", lab.bridge}});
        add(port, "model", {{"type", "virtio"}});
        add(port, "mtu", {{"size", std::to_string(lab.mtu)}});
        // A switch in user space sees packets as they are: unfinished checksums would go out unfinished.
        auto driver = add(port, "driver");
        add(driver, "host",
            {{"csum", "off"},
             {"gso", "off"},
             {"tso4", "off"},
             {"tso6", "off"},
             {"ecn", "off"},
             {"ufo", "off"}});
        add(driver, "guest",
            {{"csum", "off"}, {"tso4", "off"}, {"tso6", "off"}, {"ecn", "off"}, {"ufo", "off"}});
    }
}

}  // namespace

Result<std::string> port_xml(const std::string& domain, const std::string& mac, bool up) {
    pugi::xml_document document;
    document.load_string(domain.c_str());
    for (auto port : document.child("domain").child("devices").children("interface")) {
        if (port.child("mac").attribute("address").as_string() != mac) {
            continue;
        }
        port.remove_child("link");
        add(port, "link", {{"state", up ? "up" : "down"}});
        pugi::xml_document alone;
        alone.append_copy(port);
        return to_text(alone);
    }
    return fail("libvirt.port", "the virtual machine has no port " + mac, mac);
}

std::string domain_xml(const Lab& lab, const LabNode& node) {
    pugi::xml_document document;
    auto domain = add(document, "domain", {{"type", lab.emulator}});
    add(domain, "name", {}, lab.domain(node));
    add(domain, "uuid", {}, node.uuid.to_text());
    add(domain, "memory", {{"unit", "b"}}, std::to_string(lab.memory.value));
    add(domain, "vcpu", {}, std::to_string(lab.cpus));
    add_identity(domain, lab, node);
    add_firmware(domain);
    add_processor(domain, lab);
    add(domain, "clock", {{"offset", "utc"}});
    add(domain, "on_poweroff", {}, "destroy");
    add(domain, "on_reboot", {}, "restart");
    add(domain, "on_crash", {}, "destroy");
    auto devices = add(domain, "devices");
    add_disks(devices, lab, node);
    add_ports(devices, lab, node);
    auto serial = add(devices, "serial", {{"type", "pty"}});
    add(serial, "log", {{"file", node.console.string()}, {"append", "on"}});
    add(add(devices, "rng", {{"model", "virtio"}}), "backend", {{"model", "random"}}, "/dev/urandom");
    add(devices, "graphics", {{"type", "vnc"}, {"port", "-1"}, {"autoport", "yes"}, {"listen", "127.0.0.1"}});
    add(add(devices, "video"), "model", {{"type", "vga"}});
    return to_text(document);
}

std::string network_xml(const Lab& lab) {
    pugi::xml_document document;
    auto network = add(document, "network");
    add(network, "name", {}, lab.bridge);
    add(network, "forward", {{"mode", "bridge"}});
    add(network, "bridge", {{"name", lab.bridge}});
    add(network, "virtualport", {{"type", "openvswitch"}});
    if (!lab.vlans.empty()) {
        auto ports = add(network, "portgroup", {{"name", "node"}, {"default", "yes"}});
        auto vlans = add(ports, "vlan", {{"trunk", "yes"}});
        for (const auto& vlan : lab.vlans) {
            add(vlans, "tag", {{"id", std::to_string(vlan.value())}});
        }
    }
    return to_text(document);
}

}  // namespace bedplate::lab
