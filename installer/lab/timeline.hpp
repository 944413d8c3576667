// SPDX-License-Identifier: GPL-3.0-or-later
// What happened in a drill, out of what the pulse acknowledged and of how the cluster described itself. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/cluster_view.hpp"
#include "lab/drill.hpp"
#include "lab/guest/beat.hpp"

namespace bedplate::lab {

/// A beat that arrived, and when; moments count from the fault, those before it are negative.
struct Ack {
    Span at{};
    pulse::Beat beat;
};

struct DrillEvent {
    enum class Kind {
        injected,
        node_lost,
        node_back,
        quorum_lost,
        quorum_back,
        fencing,
        fenced,
        fencing_failed,
        machine_stopped,
        machine_started,
        osd_lost,
        osd_back,
        mon_lost,
        mon_back,
        mon_election,  ///< the monitors chose a leader anew
        link_lost,
        groups_unclean,
        groups_clean,
        healed,
    };
    Span at{};
    Kind kind{};
    std::string text;  ///< which node, OSDs or machine
};

[[nodiscard]] std::string_view to_string(DrillEvent::Kind kind);

/// What became different from one look to the next; `machine` is the only resource that counts.
[[nodiscard]] std::vector<DrillEvent> changes(const ClusterView& before, const ClusterView& now, Span at,
                                              const std::string& machine);
[[nodiscard]] std::vector<DrillEvent> changes(const CephView& before, const CephView& now, Span at);

/// What a round came to.
struct Measured {
    std::optional<Span> detect;  ///< the first event that the drill's fault leads to
    std::optional<Span> fence;   ///< the lost node was switched off, as Pacemaker says
    /// The first acknowledgement after the longest gap; zero: there was no gap. Nothing: it was silent at the
    /// end.
    std::optional<Span> serve;
    Span gap{};  ///< the longest time without an acknowledgement, the one at the end included
    std::uint64_t acknowledged = 0;
    std::uint64_t lost = 0;           ///< acknowledged sequences that the disk did not have afterwards
    std::uint64_t lost_buffered = 0;  ///< writes through the guest's page cache that it did not have
    std::uint64_t double_active = 0;  ///< acknowledgements and blocks of a boot that another had followed
    unsigned starts = 0;              ///< how often the machine began anew
};

/// Gaps shorter than this are how a busy host looks, whatever happens to the cluster.
inline constexpr Span least_gap = std::chrono::seconds(1);

/// A machine that was silent for longer than this when nobody looked any more did not come back.
inline constexpr Span least_silence = std::chrono::seconds(3);

/// `acks` in the order of their arrival, of one machine. Those of a time before the fault say how it was
/// before. `end`: until when it was listened to; without, until its last word.
[[nodiscard]] Measured measure(DrillKind kind, const std::vector<Ack>& acks,
                               const std::vector<DrillEvent>& events, std::optional<Span> end = {});

}  // namespace bedplate::lab
