// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/digest.hpp"
#include "inventory/inventory.hpp"

namespace bedplate {
namespace {

template <typename T>
Json array_of(const std::vector<T>& items, Json (*to_json)(const T&)) {
    Json array = Json::array();
    for (const T& item : items) {
        array.push_back(to_json(item));
    }
    return array;
}

/// An absent value leaves its field out: there is no second way of saying "unknown".
template <typename T>
void put_optional(Json& object, const char* name, const std::optional<T>& value) {
    if (value) {
        object[name] = *value;
    }
}

Json partition_json(const PartitionFacts& partition) {
    return Json{
        {"number", partition.number}, {"start", partition.start.value}, {"size_bytes", partition.size.value},
        {"type", partition.type},     {"label", partition.label},       {"fstype", partition.fstype},
        {"uuid", partition.uuid},
    };
}

Json holder_json(const Holder& holder) {
    Json json{{"kind", to_string(holder.kind)}, {"name", holder.name}, {"detail", holder.detail}};
    put_optional(json, "partition", holder.partition);
    put_optional(json, "active", holder.active);
    if (!holder.uuid.empty()) {
        json["uuid"] = holder.uuid;
    }
    if (!holder.device.empty()) {
        json["device"] = holder.device;
    }
    if (!holder.holders.empty()) {
        json["holders"] = array_of(holder.holders, holder_json);
    }
    return json;
}

Json mark_json(const InstallationMark& mark) {
    return Json{
        {"state", to_string(mark.state)}, {"cluster", mark.cluster},     {"hostname", mark.hostname},
        {"generation", mark.generation},  {"disk_guid", mark.disk_guid},
    };
}

Json disk_json(const Disk& disk) {
    Json json{
        {"name", disk.name},       {"path", disk.path},     {"by_id", disk.by_id},
        {"by_path", disk.by_path}, {"wwn", disk.wwn},       {"serial", disk.serial},
        {"model", disk.model},     {"vendor", disk.vendor}, {"transport", to_string(disk.transport)},
    };
    put_optional(json, "rotational", disk.rotational);
    json["removable"] = disk.removable;
    json["read_only"] = disk.read_only;
    json["size_bytes"] = disk.size.value;
    json["logical_block_size"] = disk.logical_block_size.value;
    json["physical_block_size"] = disk.physical_block_size.value;
    json["hctl"] = disk.hctl;
    json["pci"] = disk.pci;
    put_optional(json, "numa_node", disk.numa_node);
    if (!disk.multipath_of.empty()) {
        json["multipath_of"] = disk.multipath_of;
    }
    json["bmc_virtual"] = disk.bmc_virtual;
    json["installation_medium"] = disk.installation_medium;
    json["partition_table"] = disk.partition_table;
    if (!disk.partition_table_uuid.empty()) {
        json["partition_table_uuid"] = disk.partition_table_uuid;
    }
    json["partitions"] = array_of(disk.partitions, partition_json);
    json["signatures"] = disk.signatures;
    json["holders"] = array_of(disk.holders, holder_json);
    if (disk.installation) {
        json["installation"] = mark_json(*disk.installation);
    }
    if (disk.interrupted) {
        json["interrupted"] =
            Json{{"cluster", disk.interrupted->cluster},         {"hostname", disk.interrupted->hostname},
                 {"plan_digest", disk.interrupted->plan_digest}, {"action", disk.interrupted->action},
                 {"number", disk.interrupted->number},           {"total", disk.interrupted->total}};
    }
    return json;
}

Json nic_json(const Nic& nic) {
    Json json{
        {"name", nic.name},     {"mac", nic.mac},     {"permanent_mac", nic.permanent_mac},
        {"driver", nic.driver}, {"model", nic.model}, {"pci", nic.pci},
    };
    put_optional(json, "speed_mbps", nic.speed_mbps);
    put_optional(json, "max_speed_mbps", nic.max_speed_mbps);
    put_optional(json, "link", nic.link);
    json["mtu_max"] = nic.mtu_max;
    put_optional(json, "numa_node", nic.numa_node);
    json["bmc_virtual"] = nic.bmc_virtual;
    if (nic.lldp) {
        json["lldp"] =
            Json{{"chassis", nic.lldp->chassis}, {"port", nic.lldp->port}, {"vlans", nic.lldp->vlans}};
    }
    return json;
}

Json firmware_json(const FirmwareFacts& firmware) {
    Json json{{"mode", to_string(firmware.mode)},
              {"secure_boot", firmware.secure_boot},
              {"version", firmware.version}};
    if (!firmware.serial_console.empty()) {
        json["serial_console"] = firmware.serial_console;
    }
    return json;
}

Json numa_json(const NumaNode& node) {
    return Json{{"id", node.id}, {"bytes", node.bytes.value}, {"cpus", node.cpus}};
}

}  // namespace

Json to_json(const Inventory& inventory) {
    const auto& [system, firmware, bmc, cpu, memory, disks, nics, recorded_with] = inventory;
    return Json{
        {"schema", Inventory::schema},
        {"system", Json{{"manufacturer", system.manufacturer},
                        {"product", system.product},
                        {"serial", system.serial},
                        {"uuid", system.uuid},
                        {"sku", system.sku}}},
        {"firmware", firmware_json(firmware)},
        {"bmc", Json{{"present", bmc.present}, {"ip", bmc.ip}, {"mac", bmc.mac}}},
        {"cpu", Json{{"vendor", cpu.vendor},
                     {"model", cpu.model},
                     {"sockets", cpu.sockets},
                     {"cores", cpu.cores},
                     {"threads", cpu.threads},
                     {"flags", cpu.flags}}},
        {"memory",
         Json{{"total_bytes", memory.total.value}, {"numa_nodes", array_of(memory.numa_nodes, numa_json)}}},
        {"disks", array_of(disks, disk_json)},
        {"nics", array_of(nics, nic_json)},
        {"recorded_with", recorded_with},
    };
}

std::string Inventory::digest() const {
    Json json = to_json(*this);
    json.erase("recorded_with");
    return sha256_hex(canonical(json));
}

}  // namespace bedplate
