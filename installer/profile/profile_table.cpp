// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a profile, as tables. Order and grouping are those of docs/profile-reference.md.
#include <algorithm>

#include "profile/rules.hpp"
#include "profile/tables.hpp"

namespace bedplate::fields {

namespace {

constexpr std::uint32_t many = 1024;  // disks or ports of one machine

/// `smallest` and `largest`, where both are given, are in this order.
template <typename V>
void check_order(Reader& reader, const YamlNode& node, const std::optional<V>& smallest,
                 const std::optional<V>& largest, std::string_view what) {
    if (smallest && largest && *largest < *smallest) {
        reader.error(node, "profile.range",
                     std::format("the largest {} is less than the smallest: nothing can match", what));
    }
}

void check_not_empty(Reader& reader, const YamlNode& node, bool empty) {
    if (empty && node.kind == YamlNode::Kind::map && node.children.empty()) {
        reader.error(node, "profile.empty-selector", "an empty selector would match everything",
                     "name at least one property");
    }
}

Table<DiskSelector> disk_selector() {
    return Table<DiskSelector>()
        .optional("transport", &DiskSelector::transport,
                  one_of<Transport>({{"nvme", Transport::nvme},
                                     {"sas", Transport::sas},
                                     {"sata", Transport::sata},
                                     {"usb", Transport::usb},
                                     {"virtio", Transport::virtio},
                                     {"raid", Transport::raid}}))
        .optional("model", &DiskSelector::model, glob())
        .optional("vendor", &DiskSelector::vendor, glob())
        .optional("min_size", &DiskSelector::min_size, size())
        .optional("max_size", &DiskSelector::max_size, size())
        .optional("rotational", &DiskSelector::rotational, boolean())
        .optional("by_path", &DiskSelector::by_path, glob())
        .optional("wwn", &DiskSelector::wwn, glob())
        .optional("serial", &DiskSelector::serial, glob())
        .check([](Reader& reader, const YamlNode& node, DiskSelector& select) {
            check_not_empty(reader, node, select.empty());
            check_order(reader, node, select.min_size, select.max_size, "size");
        });
}

Table<NicSelector> nic_selector() {
    return Table<NicSelector>()
        .optional("min_speed", &NicSelector::min_speed_mbps, speed())
        .optional("max_speed", &NicSelector::max_speed_mbps, speed())
        .optional("driver", &NicSelector::driver, glob())
        .optional("pci", &NicSelector::pci, glob())
        .optional("mac", &NicSelector::mac, mac_text())
        .optional("link", &NicSelector::link, boolean())
        .check([](Reader& reader, const YamlNode& node, NicSelector& select) {
            check_not_empty(reader, node, select.empty());
            check_order(reader, node, select.min_speed_mbps, select.max_speed_mbps, "speed");
        });
}

/// Adds the three keys of a count to a table whose struct holds one.
template <typename T, typename Member>
Table<T> with_count(Table<T> table, Member count, Count fallback) {
    return table.optional("exactly", inside(count, &Count::exactly), integer<std::uint32_t>(1, many))
        .optional("at_least", inside(count, &Count::at_least), integer<std::uint32_t>(0, many))
        .optional("at_most", inside(count, &Count::at_most), integer<std::uint32_t>(1, many))
        .check([count, fallback](Reader& reader, const YamlNode& node, T& target) {
            Count& value = std::invoke(count, target);
            if (value.empty()) {
                value = fallback;
            }
            if (value.exactly && (value.at_least || value.at_most)) {
                reader.error(node, "profile.count", "'exactly' excludes 'at_least' and 'at_most'");
            }
            check_order(reader, node, value.at_least, value.at_most, "number");
        });
}

Table<DiskMatchRule> disk_match_rule() {
    return Table<DiskMatchRule>()
        .required("select", &DiskMatchRule::select, object(disk_selector()))
        .optional("count", &DiskMatchRule::count, integer<std::uint32_t>(0, many))
        .optional("min_count", &DiskMatchRule::min_count, integer<std::uint32_t>(1, many))
        .check([](Reader& reader, const YamlNode& node, DiskMatchRule& rule) {
            if (rule.count && rule.min_count) {
                reader.error(node, "profile.count", "'count' and 'min_count' exclude each other");
            }
            if (!rule.count && !rule.min_count) {
                rule.min_count = 1;
            }
        });
}

auto system_fact(const std::string& fact) {
    return [fact](MatchRules& rules) -> std::string& { return rules.system[fact]; };
}

Table<MatchRules> match_rules() {
    auto system = Table<MatchRules>()
                      .optional("manufacturer", system_fact("manufacturer"), glob())
                      .optional("product", system_fact("product"), glob())
                      .optional("sku", system_fact("sku"), glob());
    auto memory = Table<MatchRules>()
                      .optional("min", &MatchRules::memory_min, size())
                      .optional("max", &MatchRules::memory_max, size())
                      .check([](Reader& reader, const YamlNode& node, MatchRules& rules) {
                          check_order(reader, node, rules.memory_min, rules.memory_max, "size");
                      });
    return Table<MatchRules>()
        .optional_group("system", std::move(system))
        .optional_group("memory", std::move(memory))
        .optional("disks", &MatchRules::disks, list_of(object(disk_match_rule())))
        .optional("priority", &MatchRules::priority, integer<std::int64_t>(0, 1000))
        .check([](Reader& reader, const YamlNode& node, MatchRules&) {
            const bool says_nothing =
                node.children.empty() || (node.children.size() == 1 && node.find("priority") != nullptr);
            if (says_nothing) {
                reader.error(node, "profile.empty-match", "no clause: this profile would fit every machine");
            }
        });
}

Table<DiskRole> system_role() {
    auto table = Table<DiskRole>()
                     .required("select", &DiskRole::select, object(disk_selector()))
                     .optional("mirror", &DiskRole::mirror, one_of<bool>({{"md-raid1", true}}))
                     .optional("encryption", &DiskRole::encryption,
                               one_of<Encryption>({{"none", Encryption::none},
                                                   {"tpm2", Encryption::tpm2},
                                                   {"passphrase", Encryption::passphrase}}));
    return with_count(std::move(table), &DiskRole::count, Count{.exactly = 1})
        .check([](Reader& reader, const YamlNode& node, DiskRole& role) {
            const std::uint32_t wanted = role.mirror ? 2 : 1;
            if (role.count.exactly != wanted) {
                reader.error(node, "profile.system-count",
                             role.mirror ? "a mirror stands on 'exactly: 2' disks"
                                         : "the system stands on 'exactly: 1' disk, or on a mirror of two");
            }
        });
}

/// A role that may be declared absent: `{none: true}`.
struct OptionalRole {
    bool none = false;
    DiskRole role;
};

Table<OptionalRole> optional_role() {
    auto table =
        Table<OptionalRole>()
            .optional("none", &OptionalRole::none, boolean())
            .optional("select", inside(&OptionalRole::role, &DiskRole::select), object(disk_selector()));
    return with_count(std::move(table), inside(&OptionalRole::role, &DiskRole::count), Count{.at_least = 1})
        .check([](Reader& reader, const YamlNode& node, OptionalRole& value) {
            if (value.none && node.children.size() > 1) {
                reader.error(node, "profile.role", "'none' stands alone: there are no disks to describe");
            }
            if (!value.none && node.find("select") == nullptr) {
                reader.error(node, "yaml.missing-key", "the key 'select' is missing",
                             "or write 'none: true'");
            }
        });
}

/// The rule of an optional role as the optional struct that the profile holds.
Rule<std::optional<DiskRole>> role(Table<OptionalRole> table) {
    Rule<OptionalRole> rule = object(std::move(table));
    return {[read = std::move(rule.read)](Reader& reader,
                                          const YamlNode& node) -> std::optional<std::optional<DiskRole>> {
                auto value = read(reader, node);
                if (!value) {
                    return std::nullopt;
                }
                return value->none ? std::optional<DiskRole>() : std::optional(std::move(value->role));
            },
            std::move(rule.shape)};
}

/// A member of the role in an optional role.
template <typename Member>
auto of_role(Member member) {
    return inside(&OptionalRole::role, member);
}

Table<OptionalRole> osd_role() {
    return optional_role()
        .optional("device_class", of_role(&DiskRole::device_class), one_word_of({"hdd", "ssd", "nvme"}))
        .optional("min_size", of_role(&DiskRole::min_size), size())
        .optional("max_size", of_role(&DiskRole::max_size), size())
        .optional("weight", of_role(&DiskRole::weight), factor(0, 10000))
        .check([](Reader& reader, const YamlNode& node, OptionalRole& value) {
            check_order(reader, node, value.role.min_size, value.role.max_size, "size");
        });
}

Table<OptionalRole> osd_db_role() {
    return optional_role()
        .optional("slot_size", of_role(&DiskRole::slot_size), size(gib(1)))
        .optional("slots", of_role(&DiskRole::slots), integer<std::uint32_t>(1, 64));
}

/// RAID10 stands on two disks at least; without a count that is what is wanted.
Table<OptionalRole> fast_role() {
    return optional_role()
        .optional("volume_group", of_role(&DiskRole::volume_group), volume_group())
        .check([](Reader& reader, const YamlNode& node, OptionalRole& value) {
            Count& count = value.role.count;
            const bool said = node.find("exactly") != nullptr || node.find("at_least") != nullptr ||
                              node.find("at_most") != nullptr;
            if (!said) {
                count.at_least = 2;
            }
            if (!value.none && count.exactly.value_or(count.at_least.value_or(0)) < 2) {
                reader.error(node, "profile.fast-count", "RAID10 stands on two disks or more",
                             "write 'exactly' or 'at_least' with 2 or more");
            }
            if (value.role.volume_group.empty()) {
                value.role.volume_group = "fast";
            }
        });
}

Table<Profile> disk_roles() {
    return Table<Profile>()
        .required("system", &Profile::system, object(system_role()))
        .optional("osd", &Profile::osd, role(osd_role()))
        .optional("osd_db", &Profile::osd_db, role(osd_db_role()))
        .optional("fast", &Profile::fast, role(fast_role()))
        .check([](Reader& reader, const YamlNode& node, Profile& profile) {
            const YamlNode* written = node.find("osd");
            const bool no_osd = written == nullptr || written->find("none") != nullptr;
            if (profile.osd_db && no_osd) {
                reader.error(node, "profile.osd-db", "'osd_db' needs an 'osd' role whose databases it holds");
            }
        });
}

Table<Layout> layout() {
    // 260 MiB is the least that FAT32 can be on a disk with blocks of 4096 bytes (65525 clusters of one
    // block).
    return Table<Layout>()
        .optional("esp", &Layout::esp, size(mib(260)))
        .optional("boot", &Layout::boot, size(mib(512)))
        .optional("volume_group", &Layout::volume_group, volume_group())
        .optional("root", &Layout::root, size(gib(4)))
        .optional("var", &Layout::var, size(mib(512), true))
        .optional("log", &Layout::log, size(mib(256), true))
        .optional("ceph", &Layout::ceph, size(gib(1), true))
        .optional("swap", &Layout::swap, size(mib(64), true));
}

Table<Bond> bond() {
    auto table = Table<Bond>()
                     .required("name", &Bond::name, interface_name())
                     .required("mode", &Bond::mode,
                               one_word_of({"active-backup", "802.3ad", "balance-xor", "balance-rr",
                                            "broadcast", "balance-tlb", "balance-alb"}))
                     .optional("lacp_rate", &Bond::lacp_rate, one_word_of({"slow", "fast"}))
                     .required("select", &Bond::select, object(nic_selector()))
                     .optional("mtu", &Bond::mtu, integer<std::uint32_t>(1280, 9216))
                     .optional("monitor", &Bond::arp_monitor, one_of<bool>({{"link", false}, {"arp", true}}))
                     .optional("expect_switch", &Bond::expect_switch, glob());
    return with_count(std::move(table), &Bond::count, Count{.at_least = 1})
        .check([](Reader& reader, const YamlNode& node, Bond& value) {
            if (!value.lacp_rate.empty() && !value.mode.empty() && value.mode != "802.3ad") {
                reader.error(node, "profile.lacp-rate",
                             std::format("'lacp_rate' means nothing to the mode {}", value.mode),
                             "leave it out, or use 802.3ad");
            }
            if (value.arp_monitor && !value.mode.empty() && value.mode != "active-backup") {
                reader.error(node, "profile.arp-monitor",
                             std::format("the mode {} can not watch its ports by ARP", value.mode),
                             "leave 'monitor' out, or use active-backup");
            }
        });
}

Table<NetworkProfile> bond_of_roles() {
    Table<NetworkProfile> table;
    for (const std::string& role_name : network_roles()) {
        auto bond_of = [role_name](NetworkProfile& network) -> std::string& {
            return network.roles[role_name];
        };
        if (role_name == "management") {
            table.required(role_name, bond_of, interface_name());
        } else {
            table.optional(role_name, bond_of, interface_name());
        }
    }
    return table;
}

void check_network(Reader& reader, const YamlNode& node, NetworkProfile& network) {
    std::vector<std::string> names;
    const YamlNode* list = node.find("bonds");
    for (const auto& bond : network.bonds) {
        const std::string& name = bond.name;
        if (!name.empty() && std::ranges::contains(names, name)) {
            reader.error(*list, "profile.duplicate-bond", std::format("two bonds are named '{}'", name));
        }
        names.push_back(name);
    }
    const YamlNode* roles = node.find("roles");
    // A bond whose name could not be read has been reported; it may be the one that is meant.
    const bool all_named = !std::ranges::contains(names, "");
    for (const auto& [role_name, bond_name] : network.roles) {
        const YamlNode* place = roles->find(role_name);
        if (all_named && place != nullptr && !bond_name.empty() && !std::ranges::contains(names, bond_name)) {
            reader.error(*place, "profile.unknown-bond",
                         std::format("the role '{}' names the bond '{}', which is not among the bonds",
                                     role_name, bond_name),
                         "bonds here: " + join(names, ", "));
        }
    }
    const auto ring0 = network.roles.find("ring0");
    const auto ring1 = network.roles.find("ring1");
    if (ring0 != network.roles.end() && ring1 != network.roles.end() && ring0->second == ring1->second) {
        reader.warning(*roles, "profile.one-ring",
                       std::format("both rings run over {}: a second ring on the same bond protects nothing",
                                   ring0->second));
    }
}

Table<NetworkProfile> network() {
    return Table<NetworkProfile>()
        .required("bonds", &NetworkProfile::bonds, list_of(object(bond())))
        .required_group("roles", bond_of_roles())
        .optional_group(
            "bridges",
            Table<NetworkProfile>().required(
                "kind", &NetworkProfile::bridges,
                one_of<BridgeKind>({{"linux", BridgeKind::linux_vlan_aware}, {"ovs", BridgeKind::ovs}})))
        .optional("pin", &NetworkProfile::pin_by_slot, one_of<bool>({{"mac", false}, {"slot", true}}))
        .check(check_network);
}

Table<KvmProfile> kvm() {
    auto hugepages =
        Table<KvmProfile>()
            .required("size", &KvmProfile::hugepage_size, one_of<Bytes>({{"2MiB", mib(2)}, {"1GiB", gib(1)}}))
            .optional("reserve", &KvmProfile::hugepages_reserved, integer<std::uint32_t>(0, 1U << 20U));
    return Table<KvmProfile>()
        .optional_group("hugepages", std::move(hugepages))
        .optional("iommu", &KvmProfile::iommu, boolean())
        .optional("nested", &KvmProfile::nested, boolean())
        .optional("memory_overcommit", &KvmProfile::memory_overcommit, factor(1, 4))
        .optional("reserved_host_memory", &KvmProfile::reserved_host_memory_percent, percent(1, 90));
}

Table<CephProfile> ceph() {
    return Table<CephProfile>()
        .optional("osd_memory_target", &CephProfile::osd_memory_target, size(mib(896)))
        .optional("dmcrypt", &CephProfile::dmcrypt, boolean());
}

/// Two groups of one name on a machine, and nobody knows which is meant.
void check_volume_groups(Reader& reader, const YamlNode& node, Profile& profile) {
    if (profile.fast && profile.fast->volume_group == profile.layout.volume_group) {
        reader.error(node, "profile.volume-group",
                     std::format("the system and the fast tier can not both be the volume group '{}'",
                                 profile.layout.volume_group),
                     "give one of them another name");
    }
}

}  // namespace

const Table<Profile>& profile_table() {
    static const Table<Profile> table = document<Profile>(Profile::schema)
                                            .required("name", &Profile::name, name())
                                            .optional("description", &Profile::description, text())
                                            .required("match", &Profile::match, object(match_rules()))
                                            .required_group("disks", disk_roles())
                                            .optional("layout", &Profile::layout, object(layout()))
                                            .required("network", &Profile::network, object(network()))
                                            .optional("kvm", &Profile::kvm, object(kvm()))
                                            .optional("tuning", &Profile::tuning, object(tuning_table()))
                                            .optional("ceph", &Profile::ceph, object(ceph()))
                                            .optional("fencing", &Profile::fencing, object(fencing_table()))
                                            .check(check_volume_groups);
    return table;
}

}  // namespace bedplate::fields
