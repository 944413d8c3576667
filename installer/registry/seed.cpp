// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/seed.hpp"

#include <format>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "registry/names.hpp"
#include "registry/pki.hpp"

namespace bedplate {
namespace {

/// Reading the paths that a document names over their defaults.
void take_path(const Json& json, const char* key, std::filesystem::path& path) {
    if (json.contains(key)) {
        path = json.at(key).get<std::string>();
    }
}

void take_paths(const Json& json, const char* key, std::map<std::string, std::filesystem::path>& paths) {
    if (json.contains(key)) {
        paths.clear();
        for (const auto& [name, path] : json.at(key).items()) {
            paths[name] = path.get<std::string>();
        }
    }
}

}  // namespace

Result<SeedPlaces> read_seed_places(const FileSystem& files, const std::filesystem::path& path) {
    SeedPlaces places;
    if (const auto name = files.read("/proc/sys/kernel/hostname")) {
        places.hostname = trim(*name);
    }
    if (!files.exists(path)) {
        return places;
    }
    BEDPLATE_ASSIGN(const auto text, files.read(path));
    BEDPLATE_ASSIGN(const Json json, parse_json(text, path.string()));
    try {
        take_path(json, "registry_access", places.registry_access);
        take_path(json, "ca_certificate", places.ca_certificate);
        take_path(json, "ca_key", places.ca_key);
        take_path(json, "corosync_conf", places.corosync_conf);
        take_path(json, "work", places.work);
        take_paths(json, "secrets", places.secrets);
        take_paths(json, "control_secrets", places.control_secrets);
        take_path(json, "service_secrets", places.service_secrets);
        places.hostname = json.value("hostname", places.hostname);
        places.command = json.value("command", places.command);
        take_path(json, "tools", places.tools);
        return places;
    } catch (const nlohmann::json::exception& e) {
        return fail("seed.places", std::format("cannot be read: {}", e.what()), path.string());
    }
}

Result<bool> SeedService::quorate() {
    BEDPLATE_ASSIGN(const auto result,
                    platform_.commands.run({.argv = {places_.tool("corosync-quorumtool"), "-s"}}));
    return result.exit_status == 0;
}

Result<std::string> SeedService::authorized_keys(const std::string& fingerprint) {
    BEDPLATE_ASSIGN(const auto record, registry_.ticket_by_fingerprint(fingerprint));
    if (!record || record->revoked || registry_.now() >= record->expires) {
        return std::string();
    }
    return authorized_keys_line(*record, std::format("{} --ticket {}", places_.command, record->id));
}

JoinAnswer SeedService::answer(const std::string& ticket, std::string_view text) {
    JoinAnswer answer{.time = registry_.now()};
    const auto refused = [&](Error error) {
        if (is_bad_try(error)) {
            static_cast<void>(registry_.count_bad_try(ticket));  // the refusal stands in any case
        }
        answer.refusal = std::move(error);
        return answer;
    };
    if (const auto identity = registry_.identity()) {
        answer.cluster = identity->name;
        answer.fsid = identity->fsid.to_text();
    } else {
        return refused(identity.error());
    }
    const auto request = join_request_from_text(text);
    if (!request) {
        return refused(request.error());
    }
    if (request->verb == JoinRequest::Verb::check) {
        const auto fine = check(ticket, *request);
        return fine ? answer : refused(fine.error());
    }
    auto grant = join(ticket, *request);
    if (!grant) {
        return refused(grant.error());
    }
    answer.grant = std::move(*grant);
    return answer;
}

Result<void> SeedService::check(const std::string& ticket, const JoinRequest& request) {
    BEDPLATE_ASSIGN(JoinView view, registry_.view(ticket, request));
    BEDPLATE_ASSIGN(view.quorate, quorate());
    BEDPLATE_TRY(judge(request, view));
    return registry_.extend_ticket(ticket);
}

Result<JoinGrant> SeedService::join(const std::string& ticket, const JoinRequest& request) {
    constexpr std::chrono::seconds patience{110};
    BEDPLATE_ASSIGN(const auto lock, registry_.lock(request.node.hostname, patience));
    auto grant = join_locked(ticket, request, lock);
    static_cast<void>(registry_.unlock(lock));  // a lease that cannot be given back runs out
    return grant;
}

Result<JoinGrant> SeedService::join_locked(const std::string& ticket, const JoinRequest& request,
                                           const RegistryLock& lock) {
    BEDPLATE_ASSIGN(const bool has_quorum, quorate());
    BEDPLATE_ASSIGN(const auto allotted, registry_.allot(ticket, request, has_quorum, &lock));
    BEDPLATE_TRY(registry_.renew(lock));
    JoinGrant grant{.node = allotted.node};
    BEDPLATE_ASSIGN(grant.identity, registry_.identity());
    BEDPLATE_ASSIGN(grant.certificate, certificate(allotted.node, request.csr));
    BEDPLATE_ASSIGN(grant.ca_certificate, platform_.files.read(places_.ca_certificate));
    const auto take = [&](const std::map<std::string, std::filesystem::path>& secrets) -> Result<void> {
        for (const auto& [name, path] : secrets) {
            BEDPLATE_ASSIGN(auto bytes, platform_.files.read(path));
            grant.secrets[name] = Secret(std::move(bytes));
        }
        return {};
    };
    BEDPLATE_TRY(take(places_.secrets));
    if (allotted.node.control) {
        BEDPLATE_TRY(take(places_.control_secrets));
        if (platform_.files.exists(places_.service_secrets)) {
            BEDPLATE_TRY(take({{"services", places_.service_secrets}}));
        }
    }
    BEDPLATE_TRY(registry_.renew(lock));
    if (allotted.node.remote) {
        BEDPLATE_ASSIGN(const auto plan, corosync_plan(registry_));
        grant.corosync_version = plan.version;
    } else {
        BEDPLATE_ASSIGN(grant.corosync_version,
                        add_to_corosync(platform_, registry_, places_, allotted.node, lock));
    }
    BEDPLATE_ASSIGN(grant.members, registry_.list_members());
    return grant;
}

Result<std::string> SeedService::certificate(const Member& node, const std::string& csr) {
    const std::string key = "/bedplate/certificates/" + node.attempt;
    BEDPLATE_ASSIGN(const auto entry, registry_.etcd().get(key));
    if (entry) {
        BEDPLATE_ASSIGN(const Json json, parse_json(entry->value, key));
        if (json.value("csr", "") == sha256_hex(csr)) {
            return json.value("certificate", "");
        }
        return refuse("join.attempt-taken", "this attempt was made with another key");
    }
    BEDPLATE_ASSIGN(const auto made,
                    sign(platform_, places_.ca_certificate, places_.ca_key, csr, node.hostname,
                         certificate_names(node), certificate_addresses(node), places_.work));
    const Json record{{"csr", sha256_hex(csr)}, {"certificate", made}};
    BEDPLATE_TRY(registry_.etcd().commit({.compares = {{.target = EtcdCompare::Target::created, .key = key}},
                                          .puts = {{key, record.dump()}}}));
    return made;
}

}  // namespace bedplate
