// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/node_files.hpp"

#include <algorithm>
#include <format>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "cluster/vm_spec.hpp"
#include "plan/service_files.hpp"
#include "plan/tuning.hpp"

namespace bedplate {
namespace {

using action::WriteFile;

WriteFile file(std::string path, std::string text, std::uint32_t mode = 0644) {
    WriteFile result;
    result.path = std::move(path);
    result.text = std::move(text);
    result.mode = mode;
    return result;
}

std::string fstab_line(std::string_view uuid, std::string_view where, std::string_view type,
                       std::string_view options, int pass) {
    return std::format("UUID={} {} {} {} 0 {}\n", uuid, where, type, options, pass);
}

/// A full /var/log or /boot must not run programs or hold devices; a missing ESP must not stop the boot.
std::string fstab(const NodeFacts& facts) {
    const auto uuid = [&](std::string_view role) { return facts.storage.ids().file_system(role).to_text(); };
    std::string text = "# <file system> <mount point> <type> <options> <dump> <pass>\n";
    for (const PlannedVolume& volume : facts.storage.layout().volumes) {
        if (volume.mount_path == "/") {
            text += fstab_line(uuid("root"), "/", "ext4", "noatime,errors=remount-ro", 1);
            text += fstab_line(uuid("boot"), "/boot", "ext4", "noatime,nodev,nosuid,noexec", 2);
            text += fstab_line(volume_id_text(facts.storage.ids().esp_volume_id()), "/boot/efi", "vfat",
                               "umask=0077,nofail", 2);
            if (facts.storage.mirrored()) {
                text += fstab_line(volume_id_text(facts.storage.system.back().ids.esp_volume_id()),
                                   "/boot/efi2", "vfat", "umask=0077,nofail", 2);
            }
        } else if (volume.mount_path == "/var/log") {
            text +=
                fstab_line(uuid(volume.name), volume.mount_path, "ext4", "noatime,nodev,nosuid,noexec", 2);
        } else if (!volume.mount_path.empty()) {
            text += fstab_line(uuid(volume.name), volume.mount_path, "ext4", "noatime", 2);
        } else {
            text += fstab_line(uuid(volume.name), "none", "swap", "sw", 0);
        }
    }
    return text;
}

std::string full_name(const NodeSpec& node) {
    return node.domain.empty() ? node.hostname : std::format("{}.{}", node.hostname, node.domain);
}

std::string hosts(const NodeSpec& node) {
    std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
    const std::string names = node.domain.empty() ? node.hostname : full_name(node) + " " + node.hostname;
    text += std::format("{} {}\n", node.addresses.at("management").to_text(), names);
    return text;
}

std::string resolv_conf(const NodeSpec& node) {
    std::string text = node.domain.empty() ? "" : std::format("search {}\n", node.domain);
    for (const std::string& server : node.dns) {
        text += std::format("nameserver {}\n", server);
    }
    return text;
}

std::string chrony_sources(const NodeSpec& node) {
    std::string text;
    for (const std::string& server : node.ntp) {
        text += std::format("server {} iburst\n", server);
    }
    return text;
}

std::string authorized_keys(const NodeSpec& node) {
    std::string text;
    for (const std::string& key : node.ssh_authorized_keys) {
        text += key + "\n";
    }
    return text;
}

std::string grub_defaults(const NodeFacts& facts) {
    return std::format(
        "GRUB_DEFAULT=0\n"
        "GRUB_TIMEOUT=5\n"
        "GRUB_DISTRIBUTOR=Bedplate\n"
        "GRUB_CMDLINE_LINUX_DEFAULT=\"\"\n"
        "GRUB_CMDLINE_LINUX=\"{}\"\n"
        "GRUB_TERMINAL=\"console serial\"\n"
        "GRUB_SERIAL_COMMAND=\"serial --unit={} --speed=115200 --word=8 --parity=no --stop=1\"\n"
        "GRUB_DISABLE_OS_PROBER=true\n",
        join(kernel_arguments(facts.profile, facts.inventory), " "), serial_line(facts.inventory));
}

Json identity_json(const PlannedDisk& disk) {
    return Json{{"serial", disk.identity.serial}, {"wwn", disk.identity.wwn}, {"path", disk.path}};
}

/// How this node's BMC is reached; null where its profile knows no fencing. What opens it stands elsewhere.
Json fencing_json(const NodeFacts& facts) {
    if (!facts.profile.fencing) {
        return nullptr;
    }
    const FencingProfile& fencing = *facts.profile.fencing;
    const BmcSpec& bmc = facts.node.bmc;
    Json json{{"agent", fencing.agent},
              {"via", fencing.via},
              {"watchdog", fencing.watchdog},
              {"address", bmc.address ? bmc.address->to_text() : facts.inventory.bmc.ip}};
    if (fencing.cipher) {
        json["cipher"] = *fencing.cipher;
    }
    if (bmc.port) {
        json["port"] = *bmc.port;
    }
    return json;
}

/// What of this node's processors and memory machines may be placed on: the site's answer, else the
/// profile's.
Json capacity_json(const NodeFacts& facts) {
    const KvmProfile& kvm = facts.profile.kvm;
    const HaSettings& ha = facts.node.ha;
    Json json{{"reserve_percent", ha.reserve_percent.value_or(kvm.reserved_host_memory_percent)},
              {"memory_overcommit", ha.memory_overcommit.value_or(kvm.memory_overcommit)}};
    if (ha.cpu_overcommit) {
        json["cpu_overcommit"] = *ha.cpu_overcommit;
    }
    return json;
}

std::string_view test_text(FencingTest test) {
    switch (test) {
        case FencingTest::none:
            return "none";
        case FencingTest::status:
            return "status";
        case FencingTest::cycle:
            return "cycle";
    }
    std::unreachable();
}

/// The cluster's rules, as bedplate::HaPolicy reads them.
Json ha_json(const HaSettings& ha) {
    return {{"wait_before_moving", ha.wait_before_moving.count()},
            {"stickiness", ha.stickiness},
            {"migration_threshold", ha.migration_threshold},
            {"failure_timeout", ha.failure_timeout.count()},
            {"fencing_test", test_text(ha.fencing_test)},
            {"fence_loop_times", ha.fence_loop_times},
            {"fence_loop_window", ha.fence_loop_window.count()},
            {"qdevice_host", ha.qdevice_host}};
}

/// What first boot has to know about this node.
WriteFile node_document(const NodeFacts& facts) {
    Json disks = Json::object();
    for (const auto& [key, role] :
         {std::pair{"system", PlannedRole::system}, std::pair{"osd", PlannedRole::osd},
          std::pair{"osd_db", PlannedRole::osd_db}, std::pair{"fast", PlannedRole::fast}}) {
        // By path, not as the kernel happened to find them: the same machine gives the same document.
        std::map<std::string, Json> sorted;
        for (const PlannedDisk& disk : facts.disks) {
            if (disk.role == role) {
                sorted[disk.path] = identity_json(disk);
            }
        }
        disks[key] = Json::array();
        for (const auto& [path, json] : sorted) {
            disks[key].push_back(json);
        }
    }
    const bool create = facts.node.cluster == NodeEntry::ClusterAction::create;
    const Json document{{"schema", "bedplate/node/v1"},
                        {"hostname", facts.node.hostname},
                        {"cluster", facts.node.cluster_name},
                        {"cluster_action", create ? "create" : "join"},
                        {"ceph_fsid", facts.node.fsid.to_text()},
                        {"generation", facts.node.install.generation},
                        {"firmware", to_string(facts.inventory.firmware.mode)},
                        {"profile", facts.profile.name},
                        {"profile_digest", facts.profile.digest},
                        {"site_digest", facts.node.site_digest},
                        {"plan_digest", plan_digest_mark},
                        {"network_proof", facts.node.skip_network_proof ? "skipped" : "done"},
                        {"management_port", facts.network.management},
                        {"ceph", Json{{"osd_memory_target", facts.profile.ceph.osd_memory_target.value}}},
                        {"capacity", capacity_json(facts)},
                        {"fencing", fencing_json(facts)},
                        {"disks", disks}};
    WriteFile result = file("/etc/bedplate/node.json", document.dump(2) + "\n");
    result.needs_plan_digest = true;
    return result;
}

Json guest_vlans_json(const NetworkSpec& network) {
    Json ranges = Json::array();
    for (const VlanRange& range : network.guest_vlans) {
        ranges.push_back(Json::array({range.first.value(), range.last.value()}));
    }
    return ranges;
}

VmSpec vm_spec(const VmEntry& entry) {
    VmSpec spec{.name = entry.name,
                .cpus = entry.cpus,
                .memory = entry.memory,
                .disk = entry.disk.value_or(Bytes{0}),
                .image = entry.image,
                .iso = entry.iso,
                .ha = entry.ha,
                .priority = entry.priority,
                .pin = entry.pin,
                .hugepages = entry.hugepages,
                .watchdog = entry.watchdog,
                .uefi = entry.uefi};
    for (const VmPort& port : entry.networks) {
        spec.networks.push_back(
            {.network = port.network,
             .vlan = port.vlan ? std::optional<std::uint64_t>(port.vlan->value()) : std::nullopt});
    }
    return spec;
}

/// The site's answers that hold for this node; none of them is secret.
WriteFile site_document(const NodeFacts& facts) {
    Json networks = Json::object();
    for (const auto& [name, network] : facts.node.networks) {
        Json entry = Json::object();
        if (network.vlan) {
            entry["vlan"] = network.vlan->value();
        }
        if (network.subnet) {
            entry["subnet"] = network.subnet->to_text();
        }
        if (network.gateway) {
            entry["gateway"] = network.gateway->to_text();
        }
        if (network.mtu) {
            entry["mtu"] = *network.mtu;
        }
        if (!network.bridge.empty()) {
            entry["bridge"] = network.bridge;
        }
        if (!network.guest_vlans.empty()) {
            entry["guest_vlans"] = guest_vlans_json(network);
        }
        if (const auto address = facts.node.addresses.find(name); address != facts.node.addresses.end()) {
            entry["address"] = address->second.to_text();
        }
        networks[name] = entry;
    }
    Json document{
        {"schema", "bedplate/site-summary/v1"},
        {"cluster", facts.node.cluster_name},
        {"domain", facts.node.domain},
        {"timezone", facts.node.timezone},
        {"ntp", facts.node.ntp},
        {"dns", facts.node.dns},
        {"retention_days", std::chrono::ceil<std::chrono::days>(facts.node.monitoring.retention).count()},
        {"alert_webhooks", facts.node.monitoring.alert_webhooks},
        {"ha", ha_json(facts.node.ha)},
        {"logs", logs_document(facts.node.logs)},
        {"networks", networks}};
    if (facts.node.edge) {
        document["edge"] = edge_document(*facts.node.edge);
    }
    if (!facts.node.monitoring.heartbeat.empty()) {
        document["heartbeat"] = facts.node.monitoring.heartbeat;
    }
    for (const VmEntry& entry : facts.node.vms) {
        document["vms"].push_back(to_json(vm_spec(entry)));
    }
    return file("/etc/bedplate/site.json", document.dump(2) + "\n");
}

WriteFile localtime(const NodeSpec& node) {
    WriteFile result = file("/etc/localtime", "");
    result.link_target = "/usr/share/zoneinfo/" + node.timezone;
    return result;
}

}  // namespace

std::vector<WriteFile> node_files(const NodeFacts& facts) {
    const NodeSpec& node = facts.node;
    std::vector<WriteFile> files{
        file("/etc/fstab", fstab(facts)),
        file("/etc/hostname", node.hostname + "\n"),
        file("/etc/hosts", hosts(node)),
        file("/etc/timezone", node.timezone + "\n"),
        localtime(node),
        file("/etc/default/grub", grub_defaults(facts)),
        node_document(facts),
        site_document(facts),
    };
    if (!node.dns.empty()) {
        files.push_back(file("/etc/resolv.conf", resolv_conf(node)));
    }
    if (!node.ntp.empty()) {
        files.push_back(file("/etc/chrony/sources.d/bedplate.sources", chrony_sources(node)));
    }
    if (!node.ssh_authorized_keys.empty()) {
        files.push_back(file("/root/.ssh/authorized_keys", authorized_keys(node), 0600));
    }
    for (WriteFile& about_kernel :
         tuning_files(facts.profile, facts.inventory, facts.node.ha.memory_overcommit)) {
        files.push_back(std::move(about_kernel));
    }
    for (WriteFile& about_disks : disk_files(facts)) {
        files.push_back(std::move(about_disks));
    }
    for (const auto& [path, text] : facts.network.files) {
        files.push_back(file(path, text));
    }
    for (const auto& [path, target] : facts.network.links) {
        files.push_back(file(path, ""));
        files.back().link_target = target;
    }
    return files;
}

unsigned serial_line(const Inventory& inventory) {
    constexpr std::string_view prefix = "ttyS";
    const std::string_view console = inventory.firmware.serial_console;
    const auto number =
        console.starts_with(prefix) ? parse_unsigned(console.substr(prefix.size())) : std::nullopt;
    return static_cast<unsigned>(std::min<std::uint64_t>(number.value_or(0), 3));
}

std::vector<std::string> kernel_arguments(const Profile& profile, const Inventory& inventory) {
    // The last console is where init speaks. One serial line only: the kernel's serial driver takes the first
    // that is named, and a node that was told of ttyS1 as well says nothing on ttyS0.
    std::vector<std::string> arguments{"console=tty0",
                                       std::format("console=ttyS{},115200n8", serial_line(inventory))};
    for (std::string& argument : tuning_arguments(profile, inventory)) {
        arguments.push_back(std::move(argument));
    }
    return arguments;
}

}  // namespace bedplate
