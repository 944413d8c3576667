// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/vms.hpp"

#include <algorithm>
#include <format>

#include "base/digest.hpp"
#include "registry/keys.hpp"

namespace bedplate {

namespace {

constexpr std::string_view records = "vms", hosts = "vm-hosts", acked_files = "vm-acks";

Json to_json(const VmRecord& record) {
    Json json{{"spec", bedplate::to_json(record.spec)},
              {"type", record.type},
              {"node", record.node},
              {"ready", record.ready},
              {"xml", record.xml}};
    if (record.cell) {
        json["cell"] = *record.cell;
    }
    if (record.page_kib) {
        json["page_kib"] = *record.page_kib;
    }
    return json;
}

Result<VmRecord> record_from(const EtcdEntry& entry) {
    BEDPLATE_ASSIGN(const Json json, parse_json(entry.value, entry.key));
    VmRecord record{.spec = {},
                    .xml = json.value("xml", ""),
                    .type = json.value("type", ""),
                    .node = json.value("node", ""),
                    .cell = {},
                    .ready = json.value("ready", false)};
    BEDPLATE_ASSIGN(record.spec, vm_spec_from_json(json.value("spec", Json::object())));
    if (json.contains("cell")) {
        record.cell = json.value("cell", 0U);
    }
    if (json.contains("page_kib")) {
        record.page_kib = json.value("page_kib", std::uint64_t{0});
    }
    return record;
}

/// Path -> text, for every HA machine.
std::map<std::string, std::string> wanted_files(const VmRecords& machines) {
    std::map<std::string, std::string> files;
    for (const auto& [name, record] : machines) {
        if (record.spec.ha) {
            files[vm_file(name)] = record.xml;
        }
    }
    return files;
}

/// How many processors a machine has says nothing of what they can do.
std::string processor_in(const std::string& xml) {
    const std::string end = "</cpu>";
    const auto from = xml.find("<cpu ");
    const auto to = from == std::string::npos ? from : xml.find(end, from);
    if (to == std::string::npos) {
        return "";
    }
    auto cpu = xml.substr(from, to + end.size() - from);
    if (const auto topology = cpu.find("<topology "); topology != std::string::npos) {
        cpu.erase(topology, cpu.find('>', topology) + 1 - topology);
    }
    return cpu;
}

Result<void> drop_others(FileSystem& files, const std::map<std::string, std::string>& wanted) {
    const auto there = files.list(vm_folder);
    if (!there) {
        return {};  // no folder yet: nothing was ever written
    }
    for (const auto& name : *there) {
        const auto path = std::format("{}/{}", vm_folder, name);
        if (name.ends_with(".xml") && !wanted.contains(path)) {
            BEDPLATE_TRY(files.remove(path));
        }
    }
    return {};
}

}  // namespace

Result<VmRecords> vm_records(Registry& registry) {
    const std::string prefix = registry_key(records) + "/";
    BEDPLATE_ASSIGN(const auto entries, registry.etcd().list(prefix));
    VmRecords all;
    for (const auto& entry : entries) {
        BEDPLATE_ASSIGN(all[entry.key.substr(prefix.size())], record_from(entry));
    }
    return all;
}

Result<std::optional<VmRecord>> vm_record(Registry& registry, const std::string& name) {
    BEDPLATE_ASSIGN(const auto entry, registry.etcd().get(registry_key(records, name)));
    if (!entry) {
        return std::optional<VmRecord>();
    }
    BEDPLATE_ASSIGN(auto record, record_from(*entry));
    return std::optional(std::move(record));
}

Result<bool> claim_vm(Registry& registry, const VmRecord& record) {
    const std::string key = registry_key(records, record.spec.name);
    return registry.etcd().commit(
        {.compares = {{.target = EtcdCompare::Target::created, .key = key, .revision = 0}},
         .puts = {{key, to_json(record).dump()}}});
}

Result<void> store_vm(Registry& registry, const VmRecord& record) {
    BEDPLATE_TRY(registry.etcd().commit(
        {.puts = {{registry_key(records, record.spec.name), to_json(record).dump()}}}));
    return {};
}

Result<void> forget_vm(Registry& registry, const std::string& name) {
    BEDPLATE_TRY(registry.etcd().commit({.removes = {registry_key(records, name)}}));
    return {};
}

Result<VmHosts> vm_hosts(Registry& registry) {
    const std::string prefix = registry_key(hosts) + "/";
    BEDPLATE_ASSIGN(const auto entries, registry.etcd().list(prefix));
    VmHosts all;
    for (const auto& entry : entries) {
        BEDPLATE_ASSIGN(const Json json, parse_json(entry.value, entry.key));
        BEDPLATE_ASSIGN(all[entry.key.substr(prefix.size())], vm_host_from_json(json));
    }
    return all;
}

Result<void> publish_vm_host(Registry& registry, const std::string& hostname, const VmHost& host) {
    BEDPLATE_TRY(
        registry.etcd().commit({.puts = {{registry_key(hosts, hostname), bedplate::to_json(host).dump()}}}));
    return {};
}

Result<std::vector<std::string>> follow_vms(Platform& platform, Registry& registry,
                                            const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto machines, vm_records(registry));
    const auto wanted = wanted_files(machines);
    std::vector<std::string> missed;
    for (const auto& [name, record] : machines) {
        const auto file = vm_file(name);
        const bool there = platform.files.exists(file);
        const auto text = there ? platform.files.read(file) : Result<std::string>("");
        if (record.spec.ha && (!text || *text != record.xml)) {
            BEDPLATE_TRY(platform.files.write(file, record.xml));
            if (!there && record.ready) {
                missed.push_back(name);
            }
        }
    }
    BEDPLATE_TRY(drop_others(platform.files, wanted));
    const std::string key = registry_key(acked_files, hostname), digest = digest_of(wanted);
    BEDPLATE_ASSIGN(const auto ack, registry.etcd().get(key));
    if (!ack || ack->value != digest) {
        BEDPLATE_TRY(registry.etcd().commit({.puts = {{key, digest}}}));
    }
    return missed;
}

Result<std::vector<std::string>> without_vm_files(Registry& registry, const std::vector<std::string>& nodes) {
    BEDPLATE_ASSIGN(const auto machines, vm_records(registry));
    const std::string prefix = registry_key(acked_files) + "/", digest = digest_of(wanted_files(machines));
    BEDPLATE_ASSIGN(const auto said, registry.etcd().list(prefix));
    std::vector<std::string> late;
    for (const auto& node : nodes) {
        const auto ack = std::ranges::find(said, prefix + node, &EtcdEntry::key);
        if (ack == said.end() || ack->value != digest) {
            late.push_back(node);
        }
    }
    return late;
}

Result<std::vector<VmProcessor>> vm_processors(Registry& registry) {
    BEDPLATE_ASSIGN(const auto machines, vm_records(registry));
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> found;
    for (const auto& [name, record] : machines) {
        if (const auto cpu = processor_in(record.xml); record.spec.ha && !cpu.empty()) {
            found[{record.type, cpu}].push_back(name);
        }
    }
    std::vector<VmProcessor> all;
    for (auto& [kind, names] : found) {
        all.push_back({.type = kind.first, .cpu = kind.second, .machines = std::move(names)});
    }
    return all;
}

Result<std::vector<std::string>> vms_beyond(Registry& registry, const std::string& hostname) {
    BEDPLATE_ASSIGN(const auto all_hosts, vm_hosts(registry));
    BEDPLATE_ASSIGN(const auto machines, vm_records(registry));
    const auto self = all_hosts.find(hostname);
    std::vector<std::string> names;
    for (const auto& [name, record] : machines) {
        const bool runs = record.type != "kvm" || (self != all_hosts.end() && self->second.type == "kvm");
        if (record.spec.ha && !runs) {
            names.push_back(name);
        }
    }
    return names;
}

}  // namespace bedplate
