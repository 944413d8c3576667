// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/lab.hpp"

namespace bedplate::lab {

namespace {

Json to_json(const LabNode& node) {
    Json disks = Json::array();
    for (const auto& disk : node.disks) {
        disks.push_back({{"serial", disk.serial},
                         {"model", disk.model},
                         {"size_bytes", disk.size.value},
                         {"image", disk.image.string()}});
    }
    return {{"hostname", node.hostname},
            {"service_tag", node.service_tag},
            {"uuid", node.uuid.to_text()},
            {"macs", node.macs},
            {"address", node.address},
            {"creates", node.creates},
            {"disks", disks},
            {"bmc_port", node.bmc_port},
            {"console", node.console.string()}};
}

Result<LabNode> node_from_json(const Json& json) {
    BEDPLATE_ASSIGN(const auto uuid, Guid::parse(json.at("uuid").get<std::string>()));
    LabNode node{.hostname = json.at("hostname"),
                 .service_tag = json.at("service_tag"),
                 .uuid = uuid,
                 .macs = json.at("macs"),
                 .address = json.at("address"),
                 .creates = json.at("creates"),
                 .disks = {},
                 .bmc_port = json.at("bmc_port"),
                 .console = json.at("console").get<std::string>()};
    for (const auto& disk : json.at("disks")) {
        node.disks.push_back({.serial = disk.at("serial"),
                              .model = disk.at("model"),
                              .size = Bytes{disk.at("size_bytes")},
                              .image = disk.at("image").get<std::string>()});
    }
    return node;
}

Result<Lab> fields_from_json(const Json& json) {
    Lab lab{.name = json.at("name"),
            .folder = json.at("folder").get<std::string>(),
            .bridge = json.at("bridge"),
            .address = json.at("address"),
            .mtu = json.at("mtu"),
            .management_vlan = {},
            .vlans = {},
            .emulator = json.at("emulator"),
            .memory = Bytes{json.at("memory_bytes")},
            .cpus = json.at("cpus"),
            .manufacturer = json.at("manufacturer"),
            .product = json.at("product"),
            .nodes = {}};
    if (const auto& vlan = json.at("management_vlan"); !vlan.is_null()) {
        BEDPLATE_ASSIGN(lab.management_vlan, VlanId::from(vlan));
    }
    for (const auto& vlan : json.at("vlans")) {
        BEDPLATE_ASSIGN(const auto id, VlanId::from(vlan));
        lab.vlans.push_back(id);
    }
    for (const auto& node : json.at("nodes")) {
        BEDPLATE_ASSIGN(auto read, node_from_json(node));
        lab.nodes.push_back(std::move(read));
    }
    return lab;
}

}  // namespace

Json to_json(const Lab& lab) {
    Json vlans = Json::array(), nodes = Json::array();
    for (const auto& vlan : lab.vlans) {
        vlans.push_back(vlan.value());
    }
    for (const auto& node : lab.nodes) {
        nodes.push_back(to_json(node));
    }
    return {{"schema", Lab::schema},
            {"name", lab.name},
            {"folder", lab.folder.string()},
            {"bridge", lab.bridge},
            {"address", lab.address},
            {"mtu", lab.mtu},
            {"management_vlan", lab.management_vlan ? Json(lab.management_vlan->value()) : Json()},
            {"vlans", vlans},
            {"emulator", lab.emulator},
            {"memory_bytes", lab.memory.value},
            {"cpus", lab.cpus},
            {"manufacturer", lab.manufacturer},
            {"product", lab.product},
            {"nodes", nodes}};
}

Result<Lab> lab_from_json(const Json& json, const std::string& origin) {
    if (!json.is_object() || json.value("schema", "") != Lab::schema) {
        return fail("lab.schema", "this does not describe a lab of this version", origin);
    }
    try {
        return fields_from_json(json);
    } catch (const Json::exception& error) {
        return fail("lab.field", error.what(), origin);
    }
}

}  // namespace bedplate::lab
