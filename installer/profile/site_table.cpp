// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a site, as tables. Order and grouping are those of docs/profile-reference.md.
#include "profile/rules.hpp"
#include "profile/tables.hpp"

namespace bedplate::fields {

namespace {

constexpr std::uint64_t largest_host_part = 0xFFFF'FFFE;
constexpr std::uint64_t largest_generation = 1'000'000'000;

Table<Site> cluster() {
    return Table<Site>()
        .required("name", &Site::cluster_name, hostname())
        .optional("domain", &Site::domain, domain_name())
        .optional("fsid", &Site::fsid, uuid())
        .optional("ntp", &Site::ntp, list_of(host()))
        .optional("dns", &Site::dns, list_of(ipv4_text()))
        .optional("timezone", &Site::timezone, timezone());
}

Table<VxlanSpec> vxlan() {
    constexpr std::uint64_t largest_vni = (1U << 24U) - 1;  // RFC 7348: 24 bits
    return Table<VxlanSpec>()
        .required("vni", &VxlanSpec::vni, integer<std::uint32_t>(1, largest_vni))
        .required("over", &VxlanSpec::over, one_word_of(network_roles()))
        .optional("group", &VxlanSpec::group, ipv4())
        .optional("peers", &VxlanSpec::peers, list_of(ipv4()))
        .check([](Reader& reader, const YamlNode& node, VxlanSpec& value) {
            if (value.group && !value.peers.empty()) {
                reader.error(node, "site.vxlan", "'group' and 'peers' exclude each other");
            }
            if (value.group && (value.group->value() >> 28U) != 0xE) {
                reader.error(*node.find("group"), "site.vxlan",
                             std::format("{} is no multicast address", value.group->to_text()),
                             "they lie in 224.0.0.0/4; 239.0.0.0/8 is for use within a site");
            }
        });
}

Table<NetworkSpec> network_entry() {
    return Table<NetworkSpec>()
        .optional("vlan", &NetworkSpec::vlan, vlan())
        .optional("subnet", &NetworkSpec::subnet, subnet())
        .optional("gateway", &NetworkSpec::gateway, ipv4())
        .optional("mtu", &NetworkSpec::mtu, integer<std::uint32_t>(1280, 9216))
        .optional("bridge", &NetworkSpec::bridge, interface_name())
        .optional("guest_vlans", &NetworkSpec::guest_vlans, list_of(vlan_range()))
        .optional("vxlan", &NetworkSpec::vxlan, nullable(object(vxlan())))
        .check([](Reader& reader, const YamlNode& node, NetworkSpec& value) {
            if (!value.guest_vlans.empty() && value.bridge.empty() && node.find("bridge") == nullptr) {
                reader.error(*node.find("guest_vlans"), "site.guest-vlans",
                             "'guest_vlans' are passed on by a bridge, and there is none", "add 'bridge'");
            }
            if (value.vxlan && value.vlan) {
                reader.error(node, "site.vxlan", "'vlan' and 'vxlan' exclude each other");
            }
        });
}

Table<Site> networks() {
    Table<Site> table;
    for (const std::string& role : network_roles()) {
        auto network_of = [role](Site& site) -> NetworkSpec& { return site.networks[role]; };
        if (role == "management") {
            table.required(role, network_of, object(network_entry()));
        } else {
            table.optional(role, network_of, object(network_entry()));
        }
    }
    return table;
}

Table<Site> access() {
    return Table<Site>()
        .optional("ssh_authorized_keys", &Site::ssh_authorized_keys, list_of(ssh_public_key()))
        .optional("root_password_hash", &Site::root_password_hash, nullable(password_hash()));
}

Table<InstallSettings> install() {
    using After = InstallSettings::After;
    return Table<InstallSettings>()
        .optional("unattended", &InstallSettings::unattended, boolean())
        .optional("wipe", &InstallSettings::wipe,
                  one_of<WipePolicy>({{"blank-only", WipePolicy::blank_only},
                                      {"listed", WipePolicy::listed},
                                      {"not-ours", WipePolicy::not_ours}}))
        .optional("generation", &InstallSettings::generation, integer<std::uint64_t>(1, largest_generation))
        .optional("after", &InstallSettings::after,
                  one_of<After>({{"reboot", After::reboot}, {"poweroff", After::poweroff}}));
}

Table<NodeEntry> node_match() {
    return Table<NodeEntry>()
        .optional("service_tag", &NodeEntry::match_service_tag, text(64))
        .optional("uuid", &NodeEntry::match_uuid, uuid_text())
        .optional("mac", &NodeEntry::match_mac, mac_text())
        .check([](Reader& reader, const YamlNode& node, NodeEntry&) {
            if (node.children.empty()) {
                reader.error(node, "site.empty-match", "nothing says which machine this is",
                             "give service_tag, uuid or mac");
            }
        });
}

/// `address: 11` for all networks, or a map with one host part per network.
Rule<std::map<std::string, std::uint64_t>> host_parts() {
    using Parts = std::map<std::string, std::uint64_t>;
    const Rule<std::uint64_t> part = integer<std::uint64_t>(1, largest_host_part);
    Table<Parts> per_network;
    for (const std::string& role : network_roles()) {
        per_network.optional(role, [role](Parts& parts) -> std::uint64_t& { return parts[role]; }, part);
    }
    Shape shape = part.shape;
    shape.or_else = std::make_shared<const Shape>(per_network.shape());
    return {[part, per_network](Reader& reader, const YamlNode& node) -> std::optional<Parts> {
                Parts parts;
                if (node.kind != YamlNode::Kind::map) {
                    const auto value = part.read(reader, node);
                    return value ? std::optional(Parts{{"*", *value}}) : std::nullopt;
                }
                per_network.read(reader, node, parts);
                return parts;
            },
            std::move(shape)};
}

/// One entry of `wipe`: each key is one thing that may be erased.
struct WipeEntry {
    std::string serial, fsid, cluster;
};

Table<WipeEntry> wipe_entry() {
    return Table<WipeEntry>()
        .optional("serial", &WipeEntry::serial, text())
        .optional("fsid", &WipeEntry::fsid, uuid_text())
        .optional("cluster", &WipeEntry::cluster, hostname())
        .check([](Reader& reader, const YamlNode& node, WipeEntry&) {
            if (node.children.empty()) {
                reader.error(node, "site.empty-wipe", "an empty entry names nothing that may be erased",
                             "give serial, fsid or cluster");
            }
        });
}

Rule<WipeList> wipe_list() {
    Rule<std::vector<WipeEntry>> list = list_of(object(wipe_entry()));
    return {[read = std::move(list.read)](Reader& reader, const YamlNode& node) -> std::optional<WipeList> {
                const auto entries = read(reader, node);
                if (!entries) {
                    return std::nullopt;
                }
                WipeList all;
                for (const WipeEntry& entry : *entries) {
                    for (const auto& [value, values] :
                         {std::pair{&entry.serial, &all.serials}, std::pair{&entry.fsid, &all.fsids},
                          std::pair{&entry.cluster, &all.clusters}}) {
                        if (!value->empty()) {
                            values->push_back(*value);
                        }
                    }
                }
                return all;
            },
            std::move(list.shape)};
}

/// A list of maps with one key, as the list of their values.
template <typename T>
Rule<std::vector<std::string>> list_of_one(std::string key, std::string T::* member, Rule<std::string> rule) {
    Rule<std::vector<T>> list = list_of(object(Table<T>().required(std::move(key), member, std::move(rule))));
    return {[read = std::move(list.read), member](
                Reader& reader, const YamlNode& node) -> std::optional<std::vector<std::string>> {
                const auto entries = read(reader, node);
                if (!entries) {
                    return std::nullopt;
                }
                std::vector<std::string> values;
                for (const T& entry : *entries) {
                    values.push_back(entry.*member);
                }
                return values;
            },
            std::move(list.shape)};
}

Table<NodeEntry> node() {
    using ClusterAction = NodeEntry::ClusterAction;
    return Table<NodeEntry>()
        .required_group("match", node_match())
        .required("hostname", &NodeEntry::hostname, hostname())
        .required("address", &NodeEntry::address, host_parts())
        .optional("cluster", &NodeEntry::cluster,
                  one_of<ClusterAction>({{"create", ClusterAction::create}, {"join", ClusterAction::join}}))
        .optional("profile", &NodeEntry::profile, name())
        .optional("wipe", &NodeEntry::wipe, wipe_list())
        .optional("bmc", &NodeEntry::bmc, object(bmc_table()));
}

struct AlertReceiver {
    std::string webhook;
};

Table<MonitoringSettings> monitoring() {
    return Table<MonitoringSettings>()
        .optional("retention", &MonitoringSettings::retention, duration())
        .optional("alert_receivers", &MonitoringSettings::alert_webhooks,
                  list_of_one("webhook", &AlertReceiver::webhook, url()))
        .optional("heartbeat", &MonitoringSettings::heartbeat, url());
}

/// "service" or "service:210".
Rule<VmPort> vm_port() {
    return scalar<VmPort>("a network of the site, or one with a VLAN as in service:210", {.type = "string"},
                          [](std::string_view value) -> Result<VmPort> {
                              const auto colon = value.find(':');
                              VmPort port{.network = std::string(value.substr(0, colon)), .vlan = {}};
                              if (colon != std::string_view::npos) {
                                  const auto number = parse_unsigned(value.substr(colon + 1));
                                  BEDPLATE_ASSIGN(port.vlan, VlanId::from(number.value_or(0)));
                              }
                              return port;
                          });
}

Table<VmEntry> vm() {
    constexpr std::uint64_t most_cpus = 512, most_priority = 1'000'000;
    constexpr Bytes least_memory = mib(16);
    return Table<VmEntry>()
        .required("name", &VmEntry::name, name())
        .optional("cpus", &VmEntry::cpus, integer<std::uint32_t>(1, most_cpus))
        .optional("memory", &VmEntry::memory, size(least_memory))
        .optional("disk", &VmEntry::disk, size())
        .optional("image", &VmEntry::image, text())
        .optional("iso", &VmEntry::iso, text())
        .optional("networks", &VmEntry::networks, list_of(vm_port()))
        .optional("ha", &VmEntry::ha, boolean())
        .optional("priority", &VmEntry::priority, integer<std::uint32_t>(0, most_priority))
        .optional("pin", &VmEntry::pin, boolean())
        .optional("hugepages", &VmEntry::hugepages, boolean())
        .optional("watchdog", &VmEntry::watchdog, boolean())
        .optional("uefi", &VmEntry::uefi, boolean())
        .check([](Reader& reader, const YamlNode& node, VmEntry& value) {
            if (!value.disk && value.image.empty() && node.find("disk") == nullptr &&
                node.find("image") == nullptr) {
                reader.error(node, "site.vm-disk", "nothing says how large the machine's disk shall be",
                             "give 'disk', or an 'image' to begin with");
            }
            if (value.memory.value % mib(1).value != 0) {
                reader.error(node, "site.vm-memory", "a machine's memory is a multiple of 1 MiB");
            }
        });
}

}  // namespace

const Table<Site>& site_table() {
    static const Table<Site> table = document<Site>(Site::schema)
                                         .required_group("cluster", cluster())
                                         .required_group("networks", networks())
                                         .optional_group("access", access())
                                         .optional("install", &Site::install, object(install()))
                                         .optional("nodes", &Site::nodes, list_of(object(node())))
                                         .optional("monitoring", &Site::monitoring, object(monitoring()))
                                         .optional("load", &Site::load, object(load_table()))
                                         .optional("ha", &Site::ha, object(ha_table()))
                                         .optional("vms", &Site::vms, list_of(object(vm())))
                                         .optional("logs", &Site::logs, object(logs_table()))
                                         .optional("edge", &Site::edge, nullable(object(edge_table())))
                                         .check([](Reader& reader, const YamlNode& node, Site& site) {
                                             check_site(reader, node, site);
                                             check_edge(reader, node, site);
                                         });
    return table;
}

}  // namespace bedplate::fields
