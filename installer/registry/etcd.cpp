// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry/etcd.hpp"

#include <format>

#include "base/base64.hpp"
#include "base/text.hpp"

namespace bedplate {
namespace {

// Protocol buffers' JSON form writes 64-bit integers as text, and leaves out what is zero or false.
std::int64_t integer(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end()) {
        return 0;
    }
    return found->is_string()
               ? static_cast<std::int64_t>(parse_unsigned(found->get<std::string>()).value_or(0))
               : found->get<std::int64_t>();
}

Result<EtcdEntry> entry_from_json(const Json& json) {
    EtcdEntry entry{.create_revision = integer(json, "create_revision"),
                    .mod_revision = integer(json, "mod_revision")};
    BEDPLATE_ASSIGN(entry.key, from_base64(json.at("key").get<std::string>()));
    BEDPLATE_ASSIGN(entry.value, from_base64(json.value("value", "")));
    return entry;
}

Result<std::vector<EtcdEntry>> entries(const Json& range) {
    std::vector<EtcdEntry> list;
    for (const Json& kv : range.value("kvs", Json::array())) {
        BEDPLATE_ASSIGN(list.emplace_back(), entry_from_json(kv));
    }
    return list;
}

/// The first key after all those that begin with `prefix`.
std::string range_end(std::string prefix) {
    prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

Json compare_json(const EtcdCompare& compare) {
    Json json{{"key", to_base64(compare.key)}, {"result", "EQUAL"}};
    const bool created = compare.target == EtcdCompare::Target::created || compare.revision == 0;
    json["target"] = created ? "CREATE" : "MOD";
    json[created ? "create_revision" : "mod_revision"] = std::to_string(compare.revision);
    return json;
}

Json put_json(const EtcdPut& put) {
    Json json{{"key", to_base64(put.key)}, {"value", to_base64(put.value)}};
    if (put.lease != 0) {
        json["lease"] = std::to_string(put.lease);
    }
    return Json{{"request_put", json}};
}

std::string error_text(const HttpResponse& response) {
    const auto json = parse_json(response.body, "etcd");
    return json && json->is_object() && json->contains("message") ? json->value("message", "")
                                                                  : elide(response.body, 200);
}

/// 503 and 504 are a member without a leader: another one may do better. Everything else is an answer.
bool is_answer(const HttpResponse& response) {
    return response.status < 500 || response.status == 501;
}

}  // namespace

Result<Json> Etcd::call(const std::string& path, const Json& body) {
    std::string reasons;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        const std::size_t at = (preferred_ + i) % endpoints_.size();
        const std::string url = endpoints_[at] + "/v3/" + path;
        ++requests_;
        const auto response = http_.send({.method = "POST",
                                          .url = url,
                                          .headers = {{"Content-Type", "application/json"}},
                                          .body = body.dump(),
                                          .connect_timeout = std::chrono::seconds{3},
                                          .timeout = std::chrono::seconds{8}});
        if (response && is_answer(*response)) {
            preferred_ = at;
            if (response->status != 200) {
                return fail("registry.refused", std::format("etcd refuses: {}", error_text(*response)), url);
            }
            return parse_json(response->body, url);
        }
        reasons += std::format("{}{}: {}", reasons.empty() ? "" : "; ", endpoints_[at],
                               response ? error_text(*response) : response.error().message);
    }
    return fail("registry.unreachable", std::format("no etcd member answers: {}", reasons), {},
                "look at 'systemctl status etcd' on the control nodes");
}

Result<std::optional<EtcdEntry>> Etcd::get(const std::string& key) {
    BEDPLATE_ASSIGN(const Json answer, call("kv/range", Json{{"key", to_base64(key)}}));
    BEDPLATE_ASSIGN(auto found, entries(answer));
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<std::optional<EtcdEntry>>> Etcd::get_all(const std::vector<std::string>& keys) {
    Json requests = Json::array();
    for (const auto& key : keys) {
        requests.push_back(Json{{"request_range", Json{{"key", to_base64(key)}}}});
    }
    BEDPLATE_ASSIGN(const Json answer, call("kv/txn", Json{{"success", requests}}));
    std::vector<std::optional<EtcdEntry>> result;
    for (const Json& response : answer.value("responses", Json::array())) {
        BEDPLATE_ASSIGN(auto found, entries(response.value("response_range", Json::object())));
        result.push_back(found.empty() ? std::nullopt : std::optional(std::move(found.front())));
    }
    if (result.size() != keys.size()) {
        return fail("registry.refused", "etcd answered with another number of keys than it was asked for");
    }
    return result;
}

Result<std::vector<EtcdEntry>> Etcd::list(const std::string& prefix) {
    BEDPLATE_ASSIGN(const Json answer, call("kv/range", Json{{"key", to_base64(prefix)},
                                                             {"range_end", to_base64(range_end(prefix))}}));
    return entries(answer);
}

Result<std::int64_t> Etcd::revision() {
    BEDPLATE_ASSIGN(
        const Json answer,
        call("kv/range", Json{{"key", to_base64("/")}, {"count_only", true}, {"serializable", true}}));
    return integer(answer.value("header", Json::object()), "revision");
}

Result<bool> Etcd::commit(const EtcdTransaction& transaction) {
    Json compares = Json::array(), operations = Json::array();
    for (const auto& compare : transaction.compares) {
        compares.push_back(compare_json(compare));
    }
    for (const auto& put : transaction.puts) {
        operations.push_back(put_json(put));
    }
    for (const auto& key : transaction.removes) {
        operations.push_back(Json{{"request_delete_range", Json{{"key", to_base64(key)}}}});
    }
    BEDPLATE_ASSIGN(const Json answer, call("kv/txn", Json{{"compare", compares}, {"success", operations}}));
    return answer.value("succeeded", false);
}

Result<std::int64_t> Etcd::grant_lease(std::chrono::seconds ttl) {
    BEDPLATE_ASSIGN(const Json answer, call("lease/grant", Json{{"TTL", std::to_string(ttl.count())}}));
    return integer(answer, "ID");
}

Result<bool> Etcd::keep_alive(std::int64_t lease) {
    BEDPLATE_ASSIGN(const Json answer, call("lease/keepalive", Json{{"ID", std::to_string(lease)}}));
    return integer(answer.value("result", Json::object()), "TTL") > 0;
}

Result<void> Etcd::revoke_lease(std::int64_t lease) {
    BEDPLATE_TRY(call("lease/revoke", Json{{"ID", std::to_string(lease)}}));
    return {};
}

Result<std::vector<EtcdMember>> Etcd::members() {
    BEDPLATE_ASSIGN(const Json answer, call("cluster/member/list", Json::object()));
    std::vector<EtcdMember> list;
    for (const Json& member : answer.value("members", Json::array())) {
        const auto urls = member.value("peerURLs", std::vector<std::string>{});
        list.push_back({.id = member.value("ID", ""),
                        .name = member.value("name", ""),
                        .peer_url = urls.empty() ? "" : urls.front(),
                        .learner = member.value("isLearner", false)});
    }
    return list;
}

Result<void> Etcd::add_learner(const std::string& peer_url) {
    BEDPLATE_TRY(
        call("cluster/member/add", Json{{"peerURLs", Json::array({peer_url})}, {"isLearner", true}}));
    return {};
}

Result<void> Etcd::promote(const std::string& id) {
    BEDPLATE_TRY(call("cluster/member/promote", Json{{"ID", id}}));
    return {};
}

Result<void> Etcd::remove_member(const std::string& id) {
    BEDPLATE_TRY(call("cluster/member/remove", Json{{"ID", id}}));
    return {};
}

}  // namespace bedplate
