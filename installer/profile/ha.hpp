// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/identifiers.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace bedplate {

/// How a kind of machine is switched off by its cluster.
struct FencingProfile {
    std::string agent, via;
    std::optional<std::uint32_t> cipher;  ///< IPMI 2.0 cipher suite; absent: what ipmitool settles on
    bool watchdog = false;                ///< use a hardware watchdog as the second level, where there is one
};

/// Where a node's BMC is. What is absent comes from the machine itself.
struct BmcSpec {
    std::optional<Ipv4> address;
    std::optional<std::uint32_t> port;  ///< absent: the agent's own, 623 or 443
    std::string user;                   ///< empty: the secrets document's
};

/// What a peer has to have seen of a node's BMC before the node takes machines: that it says whether the
/// power is on; that it switched the node off and on again; nothing.
enum class FencingTest { none, status, cycle };

/// Pacemaker's terms, for the whole cluster (docs/decisions/0101).
struct HaSettings {
    std::chrono::seconds wait_before_moving{30}, failure_timeout{std::chrono::minutes{10}};
    std::uint32_t stickiness = 200, migration_threshold = 3;
    std::optional<std::uint32_t> reserve_percent;  ///< of each node; absent: the profile's
    std::optional<double> memory_overcommit;       ///< absent: the profile's
    std::optional<double> cpu_overcommit;          ///< absent: that of CapacityPolicy
    FencingTest fencing_test = FencingTest::status;
    std::uint32_t fence_loop_times = 3;  ///< so often within the window, and the node stays out
    std::chrono::seconds fence_loop_window{std::chrono::hours{1}};
    std::string qdevice_host;  ///< of corosync-qnetd; empty: none
};

/// What opens a BMC.
struct BmcCredentials {
    std::string user;
    std::optional<Secret> password;
};

/// The same for a site: one for all, and others for single machines.
struct BmcSecrets {
    BmcCredentials common;
    struct Machine {
        std::string service_tag;
        BmcCredentials credentials;
    };
    std::vector<Machine> machines;

    /// Those of the machine with this service tag, which counts whatever its case; what they leave out is the
    /// common.
    [[nodiscard]] BmcCredentials of(std::string_view service_tag) const;
};

/// A BMC's password as it stands in a document. Errors: yaml.value, which never repeats it.
[[nodiscard]] Result<Secret> parse_bmc_password(std::string_view value);

}  // namespace bedplate
