// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/http.hpp"

namespace bedplate {

/// One key of etcd with what transactions compare.
struct EtcdEntry {
    std::string key, value;
    std::int64_t create_revision = 0, mod_revision = 0;
};

/// What has to hold for a transaction to be carried out.
struct EtcdCompare {
    enum class Target { created, modified } target = Target::modified;
    std::string key;
    std::int64_t revision = 0;  ///< 0: the key does not exist
};

struct EtcdPut {
    std::string key, value;
    std::int64_t lease = 0;  ///< 0: for good
};

struct EtcdTransaction {
    std::vector<EtcdCompare> compares;
    std::vector<EtcdPut> puts;
    std::vector<std::string> removes;
};

struct EtcdMember {
    std::string id, name, peer_url;
    bool learner = false;
};

/// etcd's v3 interface through its JSON gateway (etcd documentation, "gRPC gateway"). Endpoints are tried in
/// their order; the one that answered last is tried first the next time. Errors: registry.unreachable (with
/// every endpoint's reason), registry.refused (etcd's own message).
class Etcd {
public:
    /// `http` has to show a certificate of the cluster's CA.
    Etcd(Http& http, std::vector<std::string> endpoints) : http_(http), endpoints_(std::move(endpoints)) {}

    [[nodiscard]] Result<std::optional<EtcdEntry>> get(const std::string& key);
    /// Several keys as they were at one moment; absent ones are nullopt.
    [[nodiscard]] Result<std::vector<std::optional<EtcdEntry>>> get_all(const std::vector<std::string>& keys);
    /// Every key that begins with `prefix`, sorted.
    [[nodiscard]] Result<std::vector<EtcdEntry>> list(const std::string& prefix);
    /// Grows with every change of any key. Asked of one member without the others, so it costs little, and
    /// one that lags behind says an older one.
    [[nodiscard]] Result<std::int64_t> revision();
    /// False: one of the comparisons did not hold and nothing was changed.
    [[nodiscard]] Result<bool> commit(const EtcdTransaction& transaction);
    [[nodiscard]] Result<std::int64_t> grant_lease(std::chrono::seconds ttl);
    /// False: the lease is gone.
    [[nodiscard]] Result<bool> keep_alive(std::int64_t lease);
    [[nodiscard]] Result<void> revoke_lease(std::int64_t lease);

    [[nodiscard]] Result<std::vector<EtcdMember>> members();
    [[nodiscard]] Result<void> add_learner(const std::string& peer_url);
    [[nodiscard]] Result<void> promote(const std::string& id);
    [[nodiscard]] Result<void> remove_member(const std::string& id);

    /// How many requests this object has sent: what "registry work" means in the tests.
    [[nodiscard]] std::size_t requests() const { return requests_; }

private:
    [[nodiscard]] Result<Json> call(const std::string& path, const Json& body);

    Http& http_;
    std::vector<std::string> endpoints_;
    std::size_t preferred_ = 0;
    std::size_t requests_ = 0;
};

}  // namespace bedplate
