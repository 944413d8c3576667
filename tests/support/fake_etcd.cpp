// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_etcd.hpp"

#include <algorithm>

#include "base/base64.hpp"

namespace bedplate::fakes {

namespace {

std::string text(const Json& json, const char* key) {
    return from_base64(json.value(key, "")).value();
}

}  // namespace

FakeEtcd::FakeEtcd(FakeHttp& http) {
    http.on(std::string(endpoint) + "/v3/kv/*", [this](const HttpRequest& request) -> Result<HttpResponse> {
        const Json body = Json::parse(request.body);
        const Json answer = request.url.ends_with("/txn") ? transaction(body) : range(body);
        return HttpResponse{.status = 200, .content_type = "application/json", .body = answer.dump()};
    });
}

void FakeEtcd::put(const std::string& key, const std::string& value) {
    auto& entry = entries_[key];
    ++revision_;
    entry = {
        .value = value, .created = entry.created == 0 ? revision_ : entry.created, .modified = revision_};
}

std::string FakeEtcd::get(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? "" : found->second.value;
}

std::map<std::string, std::string> FakeEtcd::values() const {
    std::map<std::string, std::string> all;
    for (const auto& [key, entry] : entries_) {
        all[key] = entry.value;
    }
    return all;
}

Json FakeEtcd::range(const Json& request) const {
    const std::string first = text(request, "key"), end = text(request, "range_end");
    Json found = Json::array();
    for (const auto& [key, entry] : entries_) {
        if (end.empty() ? key == first : key >= first && key < end) {
            found.push_back({{"key", to_base64(key)},
                             {"value", to_base64(entry.value)},
                             {"create_revision", std::to_string(entry.created)},
                             {"mod_revision", std::to_string(entry.modified)}});
        }
    }
    return Json{{"header", {{"revision", std::to_string(revision_)}}}, {"kvs", found}};
}

bool FakeEtcd::holds(const Json& compare) const {
    const auto entry = entries_.find(text(compare, "key"));
    const bool created = compare.at("target") == "CREATE";
    const std::int64_t is = entry == entries_.end() ? 0
                            : created               ? entry->second.created
                                                    : entry->second.modified;
    return compare.at(created ? "create_revision" : "mod_revision") == std::to_string(is);
}

Json FakeEtcd::operation(const Json& request) {
    if (request.contains("request_range")) {
        return Json{{"response_range", range(request.at("request_range"))}};
    }
    if (request.contains("request_put")) {
        put(text(request.at("request_put"), "key"), text(request.at("request_put"), "value"));
    } else {
        revision_ +=
            static_cast<std::int64_t>(entries_.erase(text(request.at("request_delete_range"), "key")));
    }
    return Json::object();
}

Json FakeEtcd::transaction(const Json& request) {
    const Json compares = request.value("compare", Json::array());
    const bool good = std::ranges::all_of(compares, [this](const Json& compare) { return holds(compare); });
    Json responses = Json::array();
    for (const Json& wanted : good ? request.value("success", Json::array()) : Json::array()) {
        responses.push_back(operation(wanted));
    }
    return Json{{"succeeded", good}, {"responses", responses}};
}

}  // namespace bedplate::fakes
