// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "base/result.hpp"
#include "platform/platform.hpp"

namespace bedplate::guests {

/// A machine as Pacemaker sees it.
struct Resource {
    std::string role;  ///< Started, Stopped, Migrating, ...
    std::string node;  ///< where it runs; empty: nowhere
    bool failed = false, pending = false;
    [[nodiscard]] bool runs() const { return role == "Started" && !failed && !pending && !node.empty(); }
};

/// What machines may be promised on a node, as its attributes say; nothing: it has none of that name.
struct Utilization {
    std::optional<std::uint64_t> cpus;
    std::optional<Bytes> memory;
    bool operator==(const Utilization&) const = default;
};

/// What crm_mon and the CIB say at one moment.
struct ClusterState {
    std::vector<std::string> present;  ///< nodes on which Pacemaker runs
    std::vector<std::string> online;   ///< of them those that take resources: not in standby nor maintenance
    std::map<std::string, Resource> resources;       ///< by id
    bool fences = false;                             ///< there is a fencing device
    std::map<std::string, Utilization> utilization;  ///< by node
};

/// From `crm_mon --output-as=xml` and `cibadmin --query --scope nodes`. Errors: xml.syntax.
[[nodiscard]] Result<ClusterState> cluster_state_from(const std::string& crm_mon, const std::string& nodes);
/// Errors: command.*, xml.syntax.
[[nodiscard]] Result<ClusterState> ask_pacemaker(Platform& platform);

/// A new resource, from its <primitive>. Errors: command.*.
[[nodiscard]] Result<void> add_resource(Platform& platform, const std::string& xml);
/// Started or Stopped, and it stays so. Errors: command.*.
[[nodiscard]] Result<void> set_role(Platform& platform, const std::string& id, std::string_view role);
[[nodiscard]] Result<void> delete_resource(Platform& platform, const std::string& id);
/// Prefer a node. The wish ends by itself after two hours, whatever becomes of who made it. Errors:
/// command.*.
[[nodiscard]] Result<void> prefer_node(Platform& platform, const std::string& id, const std::string& node);
/// No wish any more.
[[nodiscard]] Result<void> clear_preferences(Platform& platform, const std::string& id);

}  // namespace bedplate::guests
