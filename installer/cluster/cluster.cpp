// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster/cluster.hpp"

#include <array>
#include <format>

namespace bedplate {
namespace {

Result<NodeNetwork> network_from_json(const Json& json) {
    NodeNetwork network;
    const auto number = [&](const char* key) {
        return json.contains(key) ? std::optional(json.at(key).get<std::uint64_t>()) : std::nullopt;
    };
    network.vlan = number("vlan");
    network.mtu = number("mtu");
    network.bridge = json.value("bridge", "");
    for (const Json& range : json.value("guest_vlans", Json::array())) {
        network.guest_vlans.emplace_back(range.at(0).get<std::uint64_t>(), range.at(1).get<std::uint64_t>());
    }
    if (json.contains("subnet")) {
        BEDPLATE_ASSIGN(network.subnet, Cidr::parse(json.at("subnet").get<std::string>()));
    }
    if (json.contains("gateway")) {
        BEDPLATE_ASSIGN(network.gateway, Ipv4::parse(json.at("gateway").get<std::string>()));
    }
    if (json.contains("address")) {
        BEDPLATE_ASSIGN(network.address, Ipv4::parse(json.at("address").get<std::string>()));
    }
    return network;
}

std::vector<OsdDisk> disks_from_json(const Json& disks, const char* role) {
    std::vector<OsdDisk> result;
    for (const Json& disk : disks.value(role, Json::array())) {
        result.push_back({.serial = disk.value("serial", ""),
                          .wwn = disk.value("wwn", ""),
                          .path = disk.value("path", "")});
    }
    return result;
}

std::optional<FencingSettings> fencing_from_json(const Json& node) {
    const auto found = node.find("fencing");
    if (found == node.end() || found->is_null()) {
        return std::nullopt;
    }
    FencingSettings fencing{.agent = found->at("agent"),
                            .via = found->at("via"),
                            .address = found->value("address", ""),
                            .watchdog = found->value("watchdog", false)};
    for (const auto& [key, field] :
         {std::pair{"port", &fencing.port}, std::pair{"cipher", &fencing.cipher}}) {
        if (found->contains(key)) {
            *field = found->at(key).get<std::uint32_t>();
        }
    }
    return fencing;
}

Result<NodeSettings> read_settings(const Json& node, const Json& site) {
    NodeSettings settings{.hostname = node.at("hostname"),
                          .cluster = node.at("cluster"),
                          .domain = site.value("domain", ""),
                          .profile = node.value("profile", ""),
                          .plan_digest = node.at("plan_digest"),
                          .create = node.at("cluster_action") == "create",
                          .generation = node.at("generation"),
                          .ntp = site.value("ntp", std::vector<std::string>{})};
    for (const auto& [name, network] : site.at("networks").items()) {
        BEDPLATE_ASSIGN(settings.networks[name], network_from_json(network));
    }
    if (node.contains("ceph_fsid")) {
        BEDPLATE_ASSIGN(settings.ceph_fsid, Guid::parse(node.at("ceph_fsid").get<std::string>()));
    }
    const Json disks = node.value("disks", Json::object());
    settings.osds = disks_from_json(disks, "osd");
    settings.osd_dbs = disks_from_json(disks, "osd_db");
    const Json ceph = node.value("ceph", Json::object());
    settings.osd_memory_target = Bytes{ceph.value("osd_memory_target", gib(4).value)};
    settings.retention_days = site.value("retention_days", std::uint64_t{30});
    BEDPLATE_ASSIGN(settings.ha, ha_policy_from_json(site.value("ha", Json::object())));
    const Json capacity = node.value("capacity", Json::object());
    settings.capacity.reserve_percent = capacity.value("reserve_percent", settings.capacity.reserve_percent);
    settings.capacity.memory_overcommit =
        capacity.value("memory_overcommit", settings.capacity.memory_overcommit);
    settings.capacity.cpu_overcommit = capacity.value("cpu_overcommit", settings.capacity.cpu_overcommit);
    settings.fencing = fencing_from_json(node);
    settings.alert_webhooks = site.value("alert_webhooks", std::vector<std::string>{});
    settings.logs = log_policy_from_json(site.value("logs", Json::object()));
    if (site.contains("edge")) {
        BEDPLATE_ASSIGN(settings.edge, edge_policy_from_json(site.at("edge")));
    }
    settings.heartbeat = site.value("heartbeat", "");
    for (const Json& vm : site.value("vms", Json::array())) {
        BEDPLATE_ASSIGN(settings.vms.emplace_back(), vm_spec_from_json(vm));
    }
    if (!settings.address("management")) {
        return fail("node.file", "the node has no address in the management network",
                    "/etc/bedplate/site.json");
    }
    return settings;
}

constexpr std::array member_states{std::pair{Member::State::joining, std::string_view("joining")},
                                   std::pair{Member::State::standby, std::string_view("standby")},
                                   std::pair{Member::State::member, std::string_view("member")},
                                   std::pair{Member::State::leaving, std::string_view("leaving")}};

Result<Member::State> parse_state(std::string_view text) {
    for (const auto& [state, name] : member_states) {
        if (name == text) {
            return state;
        }
    }
    return fail("cluster.record", std::format("'{}' is not a state of a member", text));
}

Result<Member> read_member(const Json& json) {
    Member member{.id = json.at("id"),
                  .hostname = json.at("hostname"),
                  .domain = json.at("domain"),
                  .service_tag = json.at("service_tag"),
                  .product_uuid = json.at("product_uuid"),
                  .control = json.at("control"),
                  .attempt = json.at("attempt"),
                  .ticket = json.at("ticket")};
    member.remote = json.value("remote", false);
    BEDPLATE_ASSIGN(member.state, parse_state(json.at("state").get<std::string>()));
    const Json& addresses = json.at("addresses");
    for (const auto& [name, field] :
         {std::pair{"management", &member.management}, std::pair{"storage", &member.storage},
          std::pair{"migration", &member.migration}, std::pair{"ring0", &member.ring0}}) {
        BEDPLATE_ASSIGN(*field, Ipv4::parse(addresses.at(name).get<std::string>()));
    }
    if (addresses.contains("ring1")) {
        BEDPLATE_ASSIGN(member.ring1, Ipv4::parse(addresses.at("ring1").get<std::string>()));
    }
    return member;
}

template <typename Read>
auto guarded(std::string code, std::string_view what, const Read& read) -> decltype(read()) {
    try {
        return read();
    } catch (const nlohmann::json::exception& e) {
        return fail(std::move(code), std::format("{} cannot be read: {}", what, e.what()));
    }
}

}  // namespace

const NodeNetwork* NodeSettings::network(std::string_view name) const {
    const auto own = [&](std::string_view wanted) -> const NodeNetwork* {
        const auto found = networks.find(std::string(wanted));
        return found != networks.end() && found->second.address ? &found->second : nullptr;
    };
    if (const NodeNetwork* found = own(name)) {
        return found;
    }
    if (name == "ring1") {
        return own("storage_public");
    }
    const NodeNetwork* storage = name == "storage_cluster" ? own("storage_public") : nullptr;
    return storage != nullptr ? storage : own("management");
}

std::optional<Ipv4> NodeSettings::address(std::string_view name) const {
    const NodeNetwork* found = network(name);
    return found == nullptr ? std::nullopt : found->address;
}

std::optional<Cidr> NodeSettings::subnet(std::string_view name) const {
    const NodeNetwork* found = network(name);
    return found == nullptr ? std::nullopt : found->subnet;
}

std::string NodeSettings::full_name() const {
    return domain.empty() ? hostname : hostname + "." + domain;
}

Result<NodeSettings> node_settings_from_json(const Json& node, const Json& site) {
    return guarded("node.file", "what the installer left about this node",
                   [&] { return read_settings(node, site); });
}

Json to_json(const ClusterIdentity& identity) {
    return Json{{"schema", "bedplate/cluster/v1"},
                {"name", identity.name},
                {"fsid", identity.fsid.to_text()},
                {"libvirt_secret", identity.libvirt_secret.to_text()},
                {"created", identity.created}};
}

Result<ClusterIdentity> cluster_identity_from_json(const Json& json) {
    return guarded("cluster.record", "the cluster's identity", [&]() -> Result<ClusterIdentity> {
        ClusterIdentity identity{.name = json.at("name"), .created = json.at("created")};
        BEDPLATE_ASSIGN(identity.fsid, Guid::parse(json.at("fsid").get<std::string>()));
        BEDPLATE_ASSIGN(identity.libvirt_secret, Guid::parse(json.at("libvirt_secret").get<std::string>()));
        return identity;
    });
}

std::string_view to_string(Member::State state) {
    for (const auto& [value, name] : member_states) {
        if (value == state) {
            return name;
        }
    }
    return "joining";
}

Json to_json(const Member& member) {
    Json addresses{{"management", member.management.to_text()},
                   {"storage", member.storage.to_text()},
                   {"migration", member.migration.to_text()},
                   {"ring0", member.ring0.to_text()}};
    if (member.ring1) {
        addresses["ring1"] = member.ring1->to_text();
    }
    Json json{{"id", member.id},
              {"hostname", member.hostname},
              {"domain", member.domain},
              {"state", to_string(member.state)},
              {"control", member.control},
              {"service_tag", member.service_tag},
              {"product_uuid", member.product_uuid},
              {"addresses", addresses},
              {"attempt", member.attempt},
              {"ticket", member.ticket}};
    if (member.remote) {
        json["remote"] = true;
    }
    return json;
}

Result<Member> member_from_json(const Json& json) {
    return guarded("cluster.record", "a member's record", [&] { return read_member(json); });
}

Member member_of(const NodeSettings& settings) {
    const Ipv4 management = settings.address("management").value_or(Ipv4{});
    return {.hostname = settings.hostname,
            .domain = settings.domain,
            .management = management,
            .storage = settings.address("storage_public").value_or(management),
            .migration = settings.address("migration").value_or(management),
            .ring0 = settings.address("ring0").value_or(management),
            .ring1 = settings.address("ring1")};
}

std::size_t control_nodes_wanted(std::size_t nodes) {
    return nodes >= 6 ? 5 : 3;
}

}  // namespace bedplate
