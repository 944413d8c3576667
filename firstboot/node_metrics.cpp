// SPDX-License-Identifier: GPL-3.0-or-later
// Names that the alerts (installer/cluster/alerts_*.cpp) and the page (firstboot/dashboard) ask for.
#include "firstboot/node_metrics.hpp"

#include <algorithm>
#include <array>

#include "firstboot/exposition.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::string_view lacp = "802.3ad";

/// "IEEE 802.3ad Dynamic link aggregation" -> "802.3ad", as it is configured.
std::string mode_of(const BondState& bond) {
    return bond.mode.contains(lacp) ? std::string(lacp) : bond.mode;
}

/// How many ports carry packets or would if they had to.
std::int64_t in_service(const BondState& bond) {
    const bool grouped = bond.mode.contains(lacp);
    return std::ranges::count_if(bond.ports, [&](const BondPort& port) {
        return grouped ? port.in_service() && port.aggregator == bond.aggregator : port.up;
    });
}

void add_report(Exposition& out, const NodeReport& report) {
    out.family("bedplate_node_ready", "Whether every check of the node holds that is more than advice.");
    out.sample({}, report.state == NodeReport::State::ready);
    out.family("bedplate_node_state", "1 for the state that the node's report says.");
    for (const auto state : {NodeReport::State::installing, NodeReport::State::joining,
                             NodeReport::State::ready, NodeReport::State::failed}) {
        out.sample({{"state", std::string(to_string(state))}}, report.state == state);
    }
    out.family("bedplate_node_check", "Whether a check of 'bedplate node status' holds.");
    for (const auto& check : report.checks) {
        out.sample({{"check", check.id}}, check.ok);
    }
}

void add_bonds(Exposition& out, const std::map<std::string, BondState>& bonds) {
    const auto each = [&](std::string_view name, std::string_view help, const auto& figure) {
        out.family(name, help);
        for (const auto& [bond, state] : bonds) {
            out.sample({{"master", bond}, {"mode", mode_of(state)}}, figure(state));
        }
    };
    each("bedplate_bond_ports", "Ports that a bond consists of.",
         [](const BondState& bond) { return static_cast<std::int64_t>(bond.ports.size()); });
    each("bedplate_bond_ports_in_service", "Ports in the group with the switch, or with a link.", in_service);
}

/// In the terms of Pacemaker's placement, so that the alerts and it never disagree.
void add_room(Exposition& out, const NodeCapacity& room) {
    out.family("bedplate_capacity_memory_bytes", "Memory that machines may be promised on this node.");
    out.sample({}, mib(room.hv_memory).value);
    out.family("bedplate_capacity_threads", "Threads that machines may use on this node.");
    out.sample({}, room.threads);
}

void add_members(Exposition& out, const std::vector<Member>& members) {
    constexpr std::array states{Member::State::joining, Member::State::standby, Member::State::member,
                                Member::State::leaving};
    out.family("bedplate_member", "1 for the state that the registry says of a member.");
    for (const auto& member : members) {
        for (const auto state : states) {
            out.sample({{"member", member.hostname}, {"state", std::string(to_string(state))}},
                       member.state == state);
        }
    }
}

/// Everything that is told of a disk that answers, one figure after the other.
void add_health(Exposition& out, const std::vector<DiskFigures>& disks) {
    const auto each = [&](std::string_view name, std::string_view help, const auto& figure) {
        out.family(name, help);
        for (const auto& disk : disks) {
            if (!disk.health) {
                continue;
            }
            if (const auto value = figure(*disk.health)) {
                out.sample(
                    {{"device", disk.device}, {"serial", disk.health->serial}, {"model", disk.health->model}},
                    *value);
            }
        }
    };
    each("bedplate_disk_healthy", "What the disk says of its own health.",
         [](const DiskHealth& disk) { return disk.passed; });
    each("bedplate_disk_bad_sectors", "Sectors that wait for a spare, or that could not be read.",
         [](const DiskHealth& disk) { return disk.bad_sectors; });
    each("bedplate_disk_used_ratio", "How much of its writes a flash disk has behind it.",
         [](const DiskHealth& disk) { return disk.used_ratio; });
    each("bedplate_disk_temperature_celsius", "Temperature of the disk.",
         [](const DiskHealth& disk) { return disk.celsius; });
}

void add_sensors(Exposition& out, const std::vector<Sensor>& sensors) {
    out.family("bedplate_sensor_state", "0: within its limits, 1: beyond the first, 2: critical.");
    for (const auto& sensor : sensors) {
        out.sample({{"sensor", sensor.name}}, static_cast<std::int64_t>(sensor.state));
    }
    out.family("bedplate_sensor_reading", "What a sensor reads, in its own unit.");
    for (const auto& sensor : sensors) {
        if (sensor.reading) {
            out.sample({{"sensor", sensor.name}, {"unit", sensor.unit}}, *sensor.reading);
        }
    }
}

}  // namespace

std::string to_metrics(const NodeFigures& figures) {
    Exposition out;
    out.family("bedplate_info", "Which Bedplate runs here.");
    out.sample({{"version", figures.version}}, true);
    if (figures.report) {
        add_report(out, *figures.report);
    }
    if (figures.room) {
        add_room(out, *figures.room);
    }
    add_bonds(out, figures.bonds);
    out.family("bedplate_certificate_expires_timestamp_seconds", "When a certificate of the node ends.");
    for (const auto& [file, end] : figures.certificates) {
        out.sample({{"file", file}}, end);
    }
    out.family("bedplate_ticket_expires_timestamp_seconds", "When a join ticket that is not used up ends.");
    for (const auto& ticket : figures.tickets) {
        out.sample({{"ticket", ticket.id}}, ticket.expires);
    }
    add_members(out, figures.members);
    return out.text();
}

std::string to_metrics(const HardwareFigures& figures) {
    Exposition out;
    out.family("bedplate_disk_answers", "Whether the disk said anything of its health.");
    for (const auto& disk : figures.disks) {
        out.sample({{"device", disk.device}, {"serial", disk.health ? disk.health->serial : ""}},
                   disk.health.has_value());
    }
    add_health(out, figures.disks);
    out.family("bedplate_bmc_present", "Whether the machine has a BMC that answers it.");
    out.sample({}, figures.sensors.has_value());
    if (figures.sensors) {
        add_sensors(out, *figures.sensors);
    }
    return out.text();
}

}  // namespace bedplate::firstboot
