// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what the edge promises is there; HAProxy says so itself.
#include <array>

#include "cluster/alert_rules.hpp"

namespace bedplate {
namespace {

constexpr std::array edge_rules{
    AlertRule{"EdgeServiceDown", R"(haproxy_backend_status{state="UP"} == 0)", "1m", alert_critical,
              "no backend of {{ $labels.proxy }} answers {{ $labels.node }}"},
    AlertRule{"EdgeBackendDown", R"(haproxy_server_status{state="DOWN"} == 1)", "5m", alert_warning,
              "{{ $labels.server }} of {{ $labels.proxy }} does not answer {{ $labels.node }}"},
};

}  // namespace

std::span<const AlertRule> edge_alerts() {
    return edge_rules;
}

}  // namespace bedplate
