// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/fencing.hpp"

#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "registry/keys.hpp"

namespace bedplate {
namespace {

constexpr std::string_view kind = "fencing", acked_devices = "fencing-acks", policy_kind = "ha-policy";

std::string key_of(const std::string& hostname, std::string_view what) {
    return registry_key(kind, std::format("{}/{}", hostname, what));
}

/// "fenced/2026-01-01 10:00:00Z" and the like: what stands after the host name.
Result<void> take_up(FencingRecord& record, std::string_view what, const EtcdEntry& entry) {
    constexpr std::string_view event = "fenced/";
    const auto number = [&] { return static_cast<std::int64_t>(parse_unsigned(entry.value).value_or(0)); };
    if (what == "device") {
        BEDPLATE_ASSIGN(record.device, fence_device_from_text(entry.value));
    } else if (what == "held" || what == "remote") {
        (what == "held" ? record.held : record.remote) = true;
    } else if (what.starts_with(event)) {
        record.fenced[std::string(what.substr(event.size()))] = number();
    } else if (what == "released") {
        record.released = number();
    } else if (what == "request" || what == "proof") {
        BEDPLATE_ASSIGN(const Json json, parse_json(entry.value, entry.key));
        if (what == "request") {
            BEDPLATE_ASSIGN(record.request, fence_request_from_json(json));
        } else {
            BEDPLATE_ASSIGN(record.proof, fence_proof_from_json(json));
        }
    }
    return {};
}

EtcdCompare unchanged(const std::optional<EtcdEntry>& entry, const std::string& key) {
    return entry ? EtcdCompare{.target = EtcdCompare::Target::modified,
                               .key = key,
                               .revision = entry->mod_revision}
                 : EtcdCompare{.target = EtcdCompare::Target::created, .key = key};
}

}  // namespace

std::string devices_digest(const std::map<std::string, FencingRecord>& records) {
    std::string all;
    for (const auto& [hostname, record] : records) {
        if (record.device) {
            all += std::format("{} {}\n", hostname, record.device->digest());
        }
    }
    return sha256_hex(all);
}

Result<std::map<std::string, FencingRecord>> FencingRegistry::list() {
    const std::string prefix = registry_key(kind) + "/";
    BEDPLATE_ASSIGN(const auto entries, registry_.etcd().list(prefix));
    std::map<std::string, FencingRecord> records;
    for (const auto& entry : entries) {
        const std::string_view rest = std::string_view(entry.key).substr(prefix.size());
        const auto slash = rest.find('/');
        if (slash != std::string_view::npos) {
            BEDPLATE_TRY(take_up(records[std::string(rest.substr(0, slash))], rest.substr(slash + 1), entry));
        }
    }
    return records;
}

Result<FencingRecord> FencingRegistry::record(const std::string& hostname) {
    BEDPLATE_ASSIGN(auto records, list());
    return records[hostname];
}

Result<void> FencingRegistry::publish(const std::string& hostname, const FenceDevice& device) {
    BEDPLATE_TRY(registry_.etcd().commit({.puts = {{key_of(hostname, "device"), to_text(device).reveal()}}}));
    return {};
}

Result<void> FencingRegistry::ask(const std::string& hostname, const FenceRequest& request) {
    BEDPLATE_TRY(registry_.etcd().commit({.puts = {{key_of(hostname, "request"), to_json(request).dump()}}}));
    return {};
}

Result<bool> FencingRegistry::take_on(const std::string& hostname, const FenceProof& proof) {
    const std::string request_key = key_of(hostname, "request"), proof_key = key_of(hostname, "proof");
    BEDPLATE_ASSIGN(const auto found, registry_.etcd().get_all({request_key, proof_key}));
    if (!found[0]) {
        return false;
    }
    BEDPLATE_ASSIGN(const Json json, parse_json(found[0]->value, request_key));
    BEDPLATE_ASSIGN(const auto request, fence_request_from_json(json));
    if (request.id != proof.request) {
        return false;
    }
    return registry_.etcd().commit(
        {.compares = {unchanged(found[0], request_key), unchanged(found[1], proof_key)},
         .puts = {{proof_key, to_json(proof).dump()}}});
}

Result<void> FencingRegistry::answer(const std::string& hostname, const FenceProof& proof) {
    BEDPLATE_TRY(registry_.etcd().commit({.puts = {{key_of(hostname, "proof"), to_json(proof).dump()}}}));
    return {};
}

Result<void> FencingRegistry::remember(const std::string& hostname, const std::string& event) {
    const std::string key = key_of(hostname, "fenced/" + event);
    const auto at = fence_time(event).value_or(registry_.now());
    BEDPLATE_TRY(registry_.etcd().commit(
        {.compares = {unchanged(std::nullopt, key)}, .puts = {{key, std::to_string(at)}}}));
    return {};
}

Result<void> FencingRegistry::hold(const std::string& hostname) {
    BEDPLATE_TRY(
        registry_.etcd().commit({.puts = {{key_of(hostname, "held"), std::to_string(registry_.now())}}}));
    return {};
}

Result<void> FencingRegistry::release(const std::string& hostname) {
    BEDPLATE_TRY(
        registry_.etcd().commit({.puts = {{key_of(hostname, "released"), std::to_string(registry_.now())}},
                                 .removes = {key_of(hostname, "held")}}));
    return {};
}

Result<void> FencingRegistry::offer_remote(const std::string& hostname) {
    BEDPLATE_TRY(registry_.etcd().commit({.puts = {{key_of(hostname, "remote"), "ready"}}}));
    return {};
}

Result<void> FencingRegistry::acknowledge(const std::string& member, const std::string& digest) {
    BEDPLATE_TRY(registry_.etcd().commit({.puts = {{registry_key(acked_devices, member), digest}}}));
    return {};
}

Result<std::map<std::string, std::string>> FencingRegistry::acknowledged() {
    const std::string prefix = registry_key(acked_devices) + "/";
    BEDPLATE_ASSIGN(const auto entries, registry_.etcd().list(prefix));
    std::map<std::string, std::string> digests;
    for (const auto& entry : entries) {
        digests[entry.key.substr(prefix.size())] = entry.value;
    }
    return digests;
}

Result<std::optional<HaPolicy>> FencingRegistry::policy() {
    BEDPLATE_ASSIGN(const auto entry, registry_.etcd().get(registry_key(policy_kind)));
    if (!entry) {
        return std::optional<HaPolicy>();
    }
    BEDPLATE_ASSIGN(const Json json, parse_json(entry->value, entry->key));
    BEDPLATE_ASSIGN(auto policy, ha_policy_from_json(json));
    return std::optional(std::move(policy));
}

Result<void> FencingRegistry::store_policy(const HaPolicy& policy) {
    BEDPLATE_TRY(registry_.etcd().commit({.puts = {{registry_key(policy_kind), to_json(policy).dump()}}}));
    return {};
}

}  // namespace bedplate
