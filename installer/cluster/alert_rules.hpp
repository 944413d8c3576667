// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace bedplate {

/// One alert. Its page is docs/runbooks/NAME.md; a case in tests/unit/cluster makes it fire.
struct AlertRule {
    std::string_view name;
    std::string_view expression;  ///< PromQL
    std::string_view duration;    ///< how long it has to hold before somebody is told
    std::string_view severity;
    std::string_view summary;  ///< a line with Prometheus' {{ $labels.NAME }}
};

/// Somebody has to look now; somebody has to look in working hours; nobody has to look.
inline constexpr std::string_view alert_critical = "critical", alert_warning = "warning", alert_none = "none";

// One list for each area, in a file of its own (alerts_*.cpp).
[[nodiscard]] std::span<const AlertRule> host_alerts();
[[nodiscard]] std::span<const AlertRule> hardware_alerts();
[[nodiscard]] std::span<const AlertRule> network_alerts();
[[nodiscard]] std::span<const AlertRule> cluster_alerts();  ///< corosync, Pacemaker, fencing, etcd
[[nodiscard]] std::span<const AlertRule> member_alerts();   ///< what nodes say of themselves
[[nodiscard]] std::span<const AlertRule> ceph_alerts();
[[nodiscard]] std::span<const AlertRule> capacity_alerts();    ///< whether a node may be lost
[[nodiscard]] std::span<const AlertRule> log_alerts();         ///< whether the nodes' logs arrive
[[nodiscard]] std::span<const AlertRule> edge_alerts();        ///< what is behind the edge's address
[[nodiscard]] std::span<const AlertRule> monitoring_alerts();  ///< of the monitoring itself

}  // namespace bedplate
