// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/cluster.hpp"
#include "cluster/ticket.hpp"
#include "engine/node_report.hpp"
#include "inventory/bonding.hpp"
#include "inventory/ipmi.hpp"
#include "inventory/smart.hpp"

namespace bedplate::firstboot {

/// Where the node exporter reads figures that others write.
inline constexpr std::string_view metrics_folder = "/var/lib/prometheus/node-exporter";
inline constexpr std::string_view node_metrics_file = "bedplate.prom",
                                  hardware_metrics_file = "bedplate-hardware.prom",
                                  log_metrics_file = "bedplate-logs.prom";

/// What a node knows of itself and no exporter tells.
struct NodeFigures {
    std::string version;  ///< of Bedplate
    std::optional<NodeReport> report;
    std::optional<NodeCapacity> room;                  ///< what machines may be promised here
    std::map<std::string, BondState> bonds;            ///< by name
    std::map<std::string, std::int64_t> certificates;  ///< file -> end, seconds since 1970
    std::vector<TicketRecord> tickets;                 ///< control nodes: that somebody may still use
    std::vector<Member> members;                       ///< control nodes
};

/// A disk as it says itself that it is.
struct DiskFigures {
    std::string device;
    std::optional<DiskHealth> health;  ///< nothing: it did not answer
};

struct HardwareFigures {
    std::vector<DiskFigures> disks;
    std::optional<std::vector<Sensor>> sensors;  ///< nothing: the machine has no BMC
};

/// Text for the node exporter. Pure.
[[nodiscard]] std::string to_metrics(const NodeFigures& figures);
[[nodiscard]] std::string to_metrics(const HardwareFigures& figures);

}  // namespace bedplate::firstboot
