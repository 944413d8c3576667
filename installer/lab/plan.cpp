// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "lab/lab.hpp"
#include "profile/document_edit.hpp"

namespace bedplate::lab {

namespace {

/// A Linux interface has 15 characters; the bridge is "bp-NAME", the host's port on it "bp-NAME-host".
constexpr std::size_t longest_name = 7;
constexpr unsigned most_nodes = 16;
constexpr std::uint16_t first_bmc_port = 6230;
constexpr Bytes osd_size = gib(10);
constexpr Bytes least_system_size = gib(20);

/// A text that the glob matches: "SYS*" with "1" gives "SYS1".
std::string example_of(const std::string& glob, const std::string& filling) {
    std::string text;
    for (const char c : glob) {
        text += c == '*' ? filling : std::string(1, c == '?' ? '0' : c);
    }
    return text;
}

Result<void> no_virtual_disk(const DiskSelector& select) {
    if (select.wwn || select.by_path || select.vendor || select.rotational ||
        (select.transport && *select.transport != Transport::sata && *select.transport != Transport::sas)) {
        return refuse("lab.profile", "no disk of a virtual machine of a lab is one with " + select.to_text(),
                      {}, "choose disks by serial, model and size, as profile lab-vm does");
    }
    return {};
}

LabDisk disk_for(const DiskSelector& select, Bytes size, const std::string& serial) {
    if (select.min_size) {
        size = std::max(size, *select.min_size);
    }
    if (select.max_size) {
        size = std::min(size, *select.max_size);
    }
    return {.serial = select.serial ? example_of(*select.serial, serial) : serial,
            .model = select.model ? example_of(*select.model, "") : "",
            .size = size,
            .image = {}};
}

Result<std::vector<LabDisk>> disks_of(const Profile& profile, const Wish& wish, const std::string& tag) {
    std::vector<LabDisk> disks;
    BEDPLATE_TRY(no_virtual_disk(profile.system.select));
    const unsigned systems = profile.system.mirror ? 2 : 1;
    for (unsigned i = 1; i <= systems; ++i) {
        disks.push_back(disk_for(profile.system.select, least_system_size, std::format("{}-{}", tag, i)));
    }
    if (profile.osd) {
        BEDPLATE_TRY(no_virtual_disk(profile.osd->select));
        for (unsigned i = 1; i <= wish.osds; ++i) {
            disks.push_back(disk_for(profile.osd->select, osd_size, std::format("{}-{}", tag, 10 + i)));
        }
    }
    return disks;
}

/// What the SMBIOS has to say for the profile to match; "QEMU" where it does not care.
std::string smbios(const Profile& profile, const std::string& key) {
    const auto found = profile.match.system.find(key);
    return found == profile.match.system.end() ? "QEMU" : example_of(found->second, "");
}

std::uint64_t host_part(const NodeEntry& entry) {
    for (const char* network : {"management", "*"}) {
        if (const auto found = entry.address.find(network); found != entry.address.end()) {
            return found->second;
        }
    }
    return 0;
}

Result<LabNode> node_of(const Lab& lab, const NodeEntry& entry, const Cidr& subnet, unsigned number,
                        std::size_t ports) {
    BEDPLATE_ASSIGN(const auto address, subnet.host(host_part(entry)));
    LabNode node{.hostname = entry.hostname,
                 .service_tag = entry.match_service_tag.value_or(std::format("BPLAB{:03}", number)),
                 .uuid = Guid::derive("bedplate/lab/" + lab.name, entry.hostname),
                 .macs = {},
                 .address = address.to_text(),
                 .creates = entry.cluster == NodeEntry::ClusterAction::create,
                 .disks = {},
                 .bmc_port = static_cast<std::uint16_t>(first_bmc_port + number),
                 .console = lab.folder / (entry.hostname + ".console")};
    if (entry.match_uuid) {
        BEDPLATE_ASSIGN(node.uuid, Guid::parse(*entry.match_uuid));
    }
    const auto bytes = Guid::derive("bedplate/lab/mac/" + lab.name, entry.hostname).bytes();
    for (std::size_t port = 0; port < ports; ++port) {
        // QEMU's own prefix, as libvirt uses it.
        node.macs.push_back(
            std::format("52:54:00:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], (bytes[2] & 0xf0U) + port));
    }
    if (entry.match_mac) {
        node.macs.front() = *entry.match_mac;
    }
    return node;
}

}  // namespace

std::string default_site(const Wish& wish, const std::string& public_key,
                         const std::optional<std::string>& profile) {
    std::string text = std::format(R"(schema: bedplate/site/v1
cluster: {{name: {}, domain: lab.example.com, ntp: [10.77.0.1], dns: [10.77.0.1], timezone: UTC}}
networks:
  management: {{vlan: 100, subnet: 10.77.0.0/24, gateway: 10.77.0.1, bridge: br0}}
  storage_public: {{vlan: 300, subnet: 10.77.30.0/24, mtu: 9000}}
  storage_cluster: {{vlan: 301, subnet: 10.77.31.0/24, mtu: 9000}}
access: {{ssh_authorized_keys: ["{}"], root_password_hash: null}}
install: {{unattended: true, wipe: blank-only, generation: 1, after: poweroff}}
nodes:
)",
                                   wish.name, public_key);
    for (unsigned number = 1; number <= wish.nodes; ++number) {
        text += std::format(
            "  - {{match: {{service_tag: BPLAB{:03}}}, hostname: node{}, address: {}, cluster: {}{}}}\n",
            number, number, 10 + number, number == 1 ? "create" : "join",
            profile ? ", profile: " + *profile : "");
    }
    if (!wish.alerts.empty()) {
        text += std::format("monitoring: {{alert_receivers: [{{webhook: \"{}\"}}]}}\n", wish.alerts);
    }
    return text;
}

Result<std::string> with_bmcs(const Lab& lab, std::string_view site, const std::string& origin) {
    BEDPLATE_ASSIGN(auto document, DocumentEdit::parse(site, origin));
    for (std::size_t i = 0; i < document.size("nodes"); ++i) {
        const std::string place = std::format("nodes[{}].", i);
        const auto hostname = document.get(place + "hostname");
        const auto node = std::ranges::find(lab.nodes, hostname.value_or(""), &LabNode::hostname);
        if (node != lab.nodes.end()) {
            document.remove(place + "bmc");
            document.set(place + "bmc.address", lab.host_address());
            document.set(place + "bmc.port", std::to_string(node->bmc_port));
        }
    }
    return document.text();
}

Secret secrets_document(const Secret& bmc_password) {
    return Secret(std::format("schema: bedplate/secrets/v1\nbmc:\n  user: {}\n  password: \"{}\"\n", bmc_user,
                              bmc_password.reveal()));
}

Result<Lab> plan_lab(const Wish& wish, const Site& site, const Profile& profile,
                     const std::filesystem::path& folder) {
    if (wish.name.size() > longest_name || !parse_hostname(wish.name)) {
        return refuse("lab.name", std::format("'{}' cannot be the name of a lab", wish.name), {},
                      std::format("letters, digits and dashes, {} at most", longest_name));
    }
    if (wish.nodes == 0 || wish.nodes > std::min<std::size_t>(most_nodes, site.nodes.size())) {
        return refuse("lab.nodes",
                      std::format("{} nodes are not possible: the site has {}, a lab {} at most", wish.nodes,
                                  site.nodes.size(), most_nodes),
                      site.origin);
    }
    const auto management = site.networks.find("management");
    if (management == site.networks.end() || !management->second.subnet || !management->second.gateway) {
        return refuse("lab.site", "the management network has no gateway, and this machine is to be it",
                      site.origin, "networks: {management: {subnet: 10.77.0.0/24, gateway: 10.77.0.1}}");
    }
    // Emulated processors that wait for one another cost more than they do (decision 0079).
    const unsigned usual_cpus = wish.emulator == "kvm" ? 2 : 1;
    Lab lab{.name = wish.name,
            .folder = folder,
            .bridge = "bp-" + wish.name,
            .address = std::format("{}/{}", management->second.gateway->to_text(),
                                   management->second.subnet->prefix),
            .management_vlan = management->second.vlan,
            .vlans = {},
            .emulator = wish.emulator,
            .memory = wish.memory,
            .cpus = wish.cpus != 0 ? wish.cpus : usual_cpus,
            .manufacturer = smbios(profile, "manufacturer"),
            .product = smbios(profile, "product"),
            .nodes = {}};
    for (const auto& [name, network] : site.networks) {
        lab.mtu = std::max(lab.mtu, network.mtu.value_or(0));
        if (network.vlan && !std::ranges::contains(lab.vlans, *network.vlan)) {
            lab.vlans.push_back(*network.vlan);
        }
    }
    std::size_t ports = 0;
    for (const auto& bond : profile.network.bonds) {
        lab.mtu = std::max(lab.mtu, bond.mtu);
        ports += std::max(2U, bond.count.exactly.value_or(bond.count.at_least.value_or(1)));
        if (bond.mode == "802.3ad") {
            return refuse(
                "lab.profile",
                std::format("{} is an LACP bond, which libvirt cannot connect to a switch", bond.name),
                profile.origin, "choose a profile with active-backup, such as lab-vm");
        }
    }
    for (unsigned i = 0; i < wish.nodes; ++i) {
        BEDPLATE_ASSIGN(auto node, node_of(lab, site.nodes[i], *management->second.subnet, i + 1, ports));
        BEDPLATE_ASSIGN(node.disks, disks_of(profile, wish, node.service_tag));
        for (std::size_t disk = 0; disk < node.disks.size(); ++disk) {
            node.disks[disk].image = folder / std::format("{}-disk{}.img", node.hostname, disk);
        }
        lab.nodes.push_back(std::move(node));
    }
    return lab;
}

}  // namespace bedplate::lab
