// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "plan/plan.hpp"

namespace bedplate::test {

/// A disk of `size` with everything that a healthy SAS disk has.
inline Disk make_disk(const std::string& name, const std::string& serial, Bytes size = gib(300)) {
    Disk disk;
    disk.name = name;
    disk.path = "/dev/" + name;
    disk.by_id = {"scsi-" + serial, "wwn-0x5000" + serial};
    disk.by_path = "pci-0000:18:00.0-scsi-0:0:0:" + serial;
    disk.wwn = "0x5000" + serial;
    disk.serial = serial;
    disk.model = "MODEL A";
    disk.vendor = "ATA";
    disk.transport = Transport::sata;
    disk.rotational = true;
    disk.size = size;
    return disk;
}

inline Nic make_nic(const std::string& name, const std::string& mac, const std::string& pci, bool link) {
    Nic nic;
    nic.name = name;
    nic.mac = mac;
    nic.permanent_mac = mac;
    nic.driver = "tg3";
    nic.pci = pci;
    nic.link = link;
    return nic;
}

/// A system disk (serial SYS1), two data disks (DATA1, DATA2) and two ports, the second with link.
inline Inventory make_machine() {
    Inventory inventory;
    inventory.system = {
        .manufacturer = "Dell Inc.", .product = "PowerEdge R640", .serial = "TAG0001", .uuid = "", .sku = ""};
    inventory.cpu.vendor = "GenuineIntel";
    inventory.disks = {make_disk("sda", "DATA1"), make_disk("sdb", "SYS1"), make_disk("sdc", "DATA2")};
    inventory.disks[1].model = "DELLBOSS VD";
    inventory.nics = {make_nic("eno1", "52:54:00:00:00:01", "0000:04:00.0", false),
                      make_nic("eno2", "52:54:00:00:00:02", "0000:04:00.1", true)};
    return inventory;
}

/// BOSS for the system, the other model for OSDs.
inline Profile make_profile() {
    Profile profile;
    profile.name = "example";
    profile.system.select.model = "DELLBOSS*";
    profile.system.count.exactly = 1;
    profile.osd = DiskRole{.select = {}, .count = {}};
    profile.osd->select.model = "MODEL A";
    Bond bond;
    bond.name = "bond0";
    bond.mode = "active-backup";
    bond.select.driver = "tg3";
    bond.count.at_least = 1;
    profile.network.bonds = {bond};
    for (const std::string& role : network_roles()) {
        profile.network.roles[role] = "bond0";
    }
    profile.layout.ceph = gib(60);
    profile.layout.swap = gib(16);
    return profile;
}

inline NodeSpec make_node() {
    NodeSpec node;
    node.hostname = "node1";
    node.cluster_name = "prod";
    node.domain = "dc1.example.com";
    node.fsid = Guid::derive("example", "ceph");
    node.timezone = "UTC";
    node.ntp = {"10.0.100.1"};
    node.dns = {"10.0.100.1"};
    NetworkSpec management;
    management.subnet = Cidr::parse("10.0.100.0/24").value();
    management.gateway = Ipv4::parse("10.0.100.1").value();
    node.networks["management"] = management;
    node.addresses["management"] = Ipv4::parse("10.0.100.11").value();
    node.ssh_authorized_keys = {"ssh-ed25519 AAAA operator"};
    return node;
}

/// The three together; change a part, then plan.
struct Example {
    Inventory inventory = make_machine();
    Profile profile = make_profile();
    NodeSpec node = make_node();

    [[nodiscard]] Result<Plan> plan() const {
        return make_plan({.inventory = inventory, .profile = profile, .node = node});
    }
    [[nodiscard]] Disk& system_disk() { return inventory.disks[1]; }
    /// Code of the refusal; empty where there is a plan.
    [[nodiscard]] std::string refusal() const {
        const auto result = plan();
        return result ? "" : result.error().code;
    }
};

inline const Action* find_action(const Plan& plan, std::string_view id) {
    for (const Action& action : plan.actions) {
        if (action.id == id) {
            return &action;
        }
    }
    return nullptr;
}

/// The text of a file that the plan writes; empty where it writes none of this name.
inline std::string file_text(const Plan& plan, std::string_view path) {
    for (const Action& action : plan.actions) {
        if (const auto* file = std::get_if<action::WriteFile>(&action.kind); file && file->path == path) {
            return file->text;
        }
    }
    return {};
}

}  // namespace bedplate::test
