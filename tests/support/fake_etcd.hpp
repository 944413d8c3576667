// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.hpp"
#include "tests/support/fake_http.hpp"

namespace bedplate::fakes {

/// As much of etcd as a registry asks for, without leases: keys with their revisions, ranges and
/// transactions. Answers at FakeEtcd::endpoint once it is attached.
class FakeEtcd {
public:
    static constexpr std::string_view endpoint = "https://etcd:2379";

    explicit FakeEtcd(FakeHttp& http);
    FakeEtcd(const FakeEtcd&) = delete;
    FakeEtcd& operator=(const FakeEtcd&) = delete;

    void put(const std::string& key, const std::string& value);
    /// The value; empty where there is none.
    [[nodiscard]] std::string get(const std::string& key) const;
    /// Everything that is kept, by key.
    [[nodiscard]] std::map<std::string, std::string> values() const;

private:
    struct Entry {
        std::string value;
        std::int64_t created = 0, modified = 0;
    };
    [[nodiscard]] Json range(const Json& request) const;
    [[nodiscard]] Json transaction(const Json& request);
    [[nodiscard]] bool holds(const Json& compare) const;
    [[nodiscard]] Json operation(const Json& request);

    std::map<std::string, Entry> entries_;
    std::int64_t revision_ = 1;
};

}  // namespace bedplate::fakes
