// SPDX-License-Identifier: GPL-3.0-or-later
// What `bedplate size` judges before a cluster is built, of the one that runs.
#include <array>

#include "cluster/alert_rules.hpp"

namespace bedplate {
namespace {

// A machine that moves runs on two nodes for a moment: `max by (domain)` counts it once. A node that is down
// tells nothing, so that what is left of the others counts. One node alone has nothing to spare.
constexpr std::array capacity_rules{
    AlertRule{
        "CapacityBelowSpare",
        "sum(max by (domain) (libvirt_domain_info_maximum_memory_bytes)) > "
        "sum(bedplate_capacity_memory_bytes) - max(bedplate_capacity_memory_bytes) "
        "and on () count(bedplate_capacity_memory_bytes) > 1",
        "10m", alert_warning,
        "machines are promised {{ $value | humanize1024 }}B, more than there is without the largest node"},
    // Four virtual processors share a thread, as in a site's `load.parallelism`.
    AlertRule{"CapacityCpuBelowSpare",
              "sum(max by (domain) (libvirt_domain_info_virtual_cpus)) > "
              "4 * (sum(bedplate_capacity_threads) - max(bedplate_capacity_threads)) "
              "and on () count(bedplate_capacity_threads) > 1",
              "10m", alert_warning,
              "machines have {{ $value }} processors, more than four a thread without the largest node"},
};

}  // namespace

std::span<const AlertRule> capacity_alerts() {
    return capacity_rules;
}

}  // namespace bedplate
