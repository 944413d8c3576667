// SPDX-License-Identifier: GPL-3.0-or-later
// Drills: what is done to a lab's cluster, and what its configuration lets expect. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace bedplate::lab {

using Span = std::chrono::milliseconds;

enum class DrillKind {
    node_crash,  ///< the emulator of the node on which the machine runs is killed, as a power supply dies
    node_hang,   ///< the node's processors stop, and go on when it has long been given up
    osd_loss,    ///< SIGKILL to one ceph-osd
    disk_error,  ///< every request to an OSD's disk fails
    partition,   ///< one node and the others do not reach one another any more
    leg_loss,    ///< the cable of one leg of a bond is pulled
    mon_leader,  ///< SIGKILL to the leading ceph-mon
    rolling_restart,  ///< each node in turn: emptied, started anew, back
    migrate,          ///< the machine moves to another node and back, while it runs
};

inline constexpr std::array all_drills{DrillKind::node_crash, DrillKind::node_hang,       DrillKind::osd_loss,
                                       DrillKind::disk_error, DrillKind::partition,       DrillKind::leg_loss,
                                       DrillKind::mon_leader, DrillKind::rolling_restart, DrillKind::migrate};

/// "node-crash".
[[nodiscard]] std::string_view to_string(DrillKind kind);
[[nodiscard]] std::optional<DrillKind> parse_drill(std::string_view text);

/// Whether the drill ends with the machine on another node because its own was given up.
[[nodiscard]] bool gives_node_up(DrillKind kind);

/// What the cluster waits for before it acts, as it is configured. Wall-clock time: nothing here is
/// stretched.
struct Timeouts {
    Span token{5650}, consensus{6780};  ///< corosync's, with what it adds for each node
    Span osd_grace{20000};              ///< osd_heartbeat_grace
    Span osd_interval{6000};            ///< osd_heartbeat_interval
    Span mon_lease{5000};               ///< a leader is missed after twice that
    Span mon_election{5000};            ///< mon_election_timeout
    Span restart{10000};                ///< RestartSec of ceph-osd and ceph-mon
    Span link_monitor{100};             ///< miimon of the bonds
    bool operator==(const Timeouts&) const = default;
};

/// What a drill is expected to take, from the moment of the fault. Each where the drill has it.
struct Prediction {
    std::optional<Span> detect, fence;
    Span serve{};     ///< until the machine writes again; how long it does not write, at most
    Span limit{};     ///< `serve` and a fifth: what a round is held to
    std::string how;  ///< the arithmetic in words
};

/// Configured waits, and the work that a machine does `scale` times slower than a server does (fencing,
/// peering, a start): BEDPLATE_TIME_SCALE, 1 or more.
[[nodiscard]] Prediction predict(DrillKind kind, const Timeouts& timeouts, double scale);

/// What a round can choose from.
struct Facts {
    std::vector<std::string> nodes;
    std::string home;                                   ///< the node on which the machine runs
    std::string mon_leader;                             ///< the node with the leading monitor
    std::map<std::string, std::vector<unsigned>> osds;  ///< numbers, by node
    std::size_t legs = 0;                               ///< ports of each node
};

/// One round, chosen by its seed: the same seed and facts give the same.
struct Choice {
    std::string node;  ///< that the fault hits; for migrate, where the machine goes
    Span delay{};      ///< from a healthy cluster to the fault
    Span hold{};       ///< how long the fault stays, where it does not end by itself
    std::optional<unsigned> osd;
    std::size_t leg = 0;
};

/// `round` counts from 1. Errors: drill.nothing (no OSD, no second node, no monitor to choose).
[[nodiscard]] Result<Choice> choose(DrillKind kind, std::uint64_t seed, unsigned round, const Facts& facts,
                                    const Prediction& prediction);

[[nodiscard]] Json to_json(const Timeouts& timeouts);
[[nodiscard]] Json to_json(const Prediction& prediction);
[[nodiscard]] Json to_json(const Choice& choice);

/// Null where there is none.
[[nodiscard]] Json milliseconds(const std::optional<Span>& span);
/// "12.3 s", for people.
[[nodiscard]] std::string seconds_text(Span span);

}  // namespace bedplate::lab
