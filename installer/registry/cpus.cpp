// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes' processors can do for machines, and what all of them can.
#include "base/digest.hpp"
#include "registry/keys.hpp"
#include "registry/registry.hpp"

namespace bedplate {

std::string digest_of(const std::map<std::string, std::string>& cpus) {
    return sha256_hex(Json(cpus).dump());
}

Result<void> Registry::publish_cpu(const std::string& hostname, const std::string& xml) {
    BEDPLATE_TRY(etcd_.commit({.puts = {{registry_key("cpus", hostname), xml}}}));
    return {};
}

Result<std::map<std::string, std::string>> Registry::cpus() {
    return by_node("cpus");
}

Result<std::optional<CpuBaseline>> Registry::cpu_baseline() {
    BEDPLATE_ASSIGN(const auto entry, etcd_.get(registry_key("cpu-baseline")));
    if (!entry) {
        return std::optional<CpuBaseline>();
    }
    BEDPLATE_ASSIGN(const Json json, parse_json(entry->value, entry->key));
    return std::optional(CpuBaseline{.of = json.value("of", ""), .xml = json.value("xml", "")});
}

Result<void> Registry::store_cpu_baseline(const CpuBaseline& baseline) {
    const Json json{{"of", baseline.of}, {"xml", baseline.xml}};
    BEDPLATE_TRY(etcd_.commit({.puts = {{registry_key("cpu-baseline"), json.dump()}}}));
    return {};
}

}  // namespace bedplate
