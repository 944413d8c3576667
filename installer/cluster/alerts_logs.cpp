// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the nodes' logs arrive.
#include <array>

#include "cluster/alert_rules.hpp"

namespace bedplate {
namespace {

constexpr std::array log_rules{
    // Every node sends a mark every five minutes. What the receiver has is the only proof that all of the way
    // is open; a node that is down is HostDown.
    AlertRule{"LogForwardingStuck",
              R"((time() - bedplate_log_received_timestamp_seconds > 900) and on (from) )"
              R"x(label_replace(up{job="node"} == 1, "from", "$1", "node", "(.*)"))x",
              "5m", alert_warning, "no line of the log of {{ $labels.from }} reaches {{ $labels.node }}"},
    AlertRule{"LogQueueFilling", "bedplate_log_queue_bytes / bedplate_log_queue_limit_bytes > 0.8", "5m",
              alert_warning,
              "what {{ $labels.node }} keeps of its log for {{ $labels.to }} has nearly filled its space"},
};

}  // namespace

std::span<const AlertRule> log_alerts() {
    return log_rules;
}

}  // namespace bedplate
