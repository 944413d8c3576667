// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/timeline.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <set>
#include <utility>

#include "base/text.hpp"

namespace bedplate::lab {

namespace {

using Kind = DrillEvent::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 19> names{{
    {Kind::injected, "injected"},
    {Kind::node_lost, "node-lost"},
    {Kind::node_back, "node-back"},
    {Kind::quorum_lost, "quorum-lost"},
    {Kind::quorum_back, "quorum-back"},
    {Kind::fencing, "fencing"},
    {Kind::fenced, "fenced"},
    {Kind::fencing_failed, "fencing-failed"},
    {Kind::machine_stopped, "machine-stopped"},
    {Kind::machine_started, "machine-started"},
    {Kind::osd_lost, "osd-lost"},
    {Kind::osd_back, "osd-back"},
    {Kind::mon_lost, "mon-lost"},
    {Kind::mon_back, "mon-back"},
    {Kind::mon_election, "mon-election"},
    {Kind::link_lost, "link-lost"},
    {Kind::groups_unclean, "groups-unclean"},
    {Kind::groups_clean, "groups-clean"},
    {Kind::healed, "healed"},
}};

/// What says first that the cluster has noticed.
std::set<Kind> signs(DrillKind kind) {
    switch (kind) {
        case DrillKind::node_crash:
        case DrillKind::node_hang:
        case DrillKind::partition:
            return {Kind::node_lost};
        case DrillKind::osd_loss:
        case DrillKind::disk_error:
            return {Kind::osd_lost};
        case DrillKind::mon_leader:
            // One that is back before the next question was missed all the same.
            return {Kind::mon_lost, Kind::mon_election};
        case DrillKind::leg_loss:
            return {Kind::link_lost};
        case DrillKind::rolling_restart:
        case DrillKind::migrate:
            break;
    }
    return {};
}

std::optional<Span> first_of(const std::vector<DrillEvent>& events, const std::set<Kind>& kinds) {
    std::optional<Span> first;
    for (const auto& event : events) {
        if (event.at >= Span(0) && kinds.contains(event.kind) && (!first || event.at < *first)) {
            first = event.at;
        }
    }
    return first;
}

struct Gap {
    Span from{}, to{};
    [[nodiscard]] Span length() const { return to - from; }
};

/// The longest that ends after the fault.
Gap longest_gap(const std::vector<Ack>& acks) {
    Gap longest;
    for (std::size_t i = 1; i < acks.size(); ++i) {
        const Gap gap{acks[i - 1].at, acks[i].at};
        if (gap.to > Span(0) && gap.length() > longest.length()) {
            longest = gap;
        }
    }
    return longest;
}

/// Losses and double activity, boot by boot.
class Ledger {
public:
    explicit Ledger(Measured& measured) : measured_(measured) {}

    void add(const pulse::Beat& beat) {
        if (!current_ || (beat.boot != *current_ && !earlier_.contains(beat.boot))) {
            begin(beat);
        }
        if (beat.boot != *current_) {
            ++measured_.double_active;
            return;
        }
        ++measured_.acknowledged;
        highest_ = std::max(highest_, beat.sequence);
        foreign_ = std::max(foreign_, beat.foreign);
    }

    void finish() { measured_.double_active += foreign_; }

private:
    void begin(const pulse::Beat& beat) {
        if (current_) {
            ++measured_.starts;
            measured_.lost += highest_ > beat.resumed ? highest_ - beat.resumed : 0;
            measured_.lost += beat.holes;
            measured_.lost_buffered += highest_ > beat.buffered ? highest_ - beat.buffered : 0;
            measured_.double_active += foreign_;
            earlier_.insert(*current_);
        }
        foreign_ = 0;
        current_ = beat.boot;
    }

    Measured& measured_;
    std::optional<pulse::Id> current_;
    std::set<pulse::Id> earlier_;
    std::uint64_t highest_ = 0, foreign_ = 0;
};

std::string named(std::string_view what, unsigned count, unsigned of) {
    return std::format("{} of {} {}", count, of, what);
}

}  // namespace

std::string_view to_string(Kind kind) {
    const auto found = std::ranges::find(names, kind, &std::pair<Kind, std::string_view>::first);
    return found == names.end() ? "?" : found->second;
}

std::vector<DrillEvent> changes(const ClusterView& before, const ClusterView& now, Span at,
                                const std::string& machine) {
    std::vector<DrillEvent> events;
    const auto note = [&](Kind kind, std::string text) { events.push_back({at, kind, std::move(text)}); };
    const auto well = [](const ClusterView& view, const std::string& name) {
        const auto found = view.nodes.find(name);
        return found != view.nodes.end() && found->second.online && !found->second.unclean;
    };
    for (const auto& [name, node] : now.nodes) {
        if (well(before, name) != well(now, name)) {
            note(well(now, name) ? Kind::node_back : Kind::node_lost, name);
        }
    }
    if (before.quorum != now.quorum) {
        note(now.quorum ? Kind::quorum_back : Kind::quorum_lost, "");
    }
    for (const auto& fencing : now.fencings) {
        if (std::ranges::contains(before.fencings, fencing)) {
            continue;
        }
        note(fencing.status == "success"   ? Kind::fenced
             : fencing.status == "pending" ? Kind::fencing
                                           : Kind::fencing_failed,
             fencing.target);
    }
    const auto places = [&](const ClusterView& view) {
        const auto found = view.active.find(machine);
        return found == view.active.end() ? std::vector<std::string>() : found->second;
    };
    const auto was = places(before), is = places(now);
    if (was != is) {
        note(is.empty() ? Kind::machine_stopped : Kind::machine_started, join(is.empty() ? was : is, ", "));
    }
    return events;
}

std::vector<DrillEvent> changes(const CephView& before, const CephView& now, Span at) {
    std::vector<DrillEvent> events;
    const auto count = [&](Kind fewer, Kind more, std::size_t was, std::size_t is, const std::string& text) {
        if (was != is) {
            events.push_back({at, is < was ? fewer : more, text});
        }
    };
    count(Kind::osd_lost, Kind::osd_back, before.osds_up, now.osds_up,
          named("OSDs up", now.osds_up, now.osds));
    count(Kind::mon_lost, Kind::mon_back, before.mons_in_quorum.size(), now.mons_in_quorum.size(),
          join(now.mons_in_quorum, ", "));
    if (before.election_epoch != now.election_epoch) {
        events.push_back({at, Kind::mon_election, std::format("election {}", now.election_epoch)});
    }
    const bool was_clean = before.pgs_clean == before.pgs, is_clean = now.pgs_clean == now.pgs;
    count(Kind::groups_unclean, Kind::groups_clean, was_clean ? 1 : 0, is_clean ? 1 : 0,
          named("placement groups clean", now.pgs_clean, now.pgs));
    return events;
}

Measured measure(DrillKind kind, const std::vector<Ack>& acks, const std::vector<DrillEvent>& events,
                 std::optional<Span> end) {
    Measured measured{.detect = first_of(events, signs(kind)),
                      .fence = first_of(events, {Kind::fenced}),
                      .serve = {},
                      .gap = {}};
    Ledger ledger(measured);
    for (const auto& ack : acks) {
        ledger.add(ack.beat);
    }
    ledger.finish();
    const auto gap = longest_gap(acks);
    const auto last = acks.empty() ? Span(0) : acks.back().at;
    const auto silence = end.value_or(last) - last;
    measured.gap = gap.length();
    if (silence > least_silence) {
        measured.gap = std::max(measured.gap, silence);
    } else if (!acks.empty() && acks.back().at > Span(0)) {
        measured.serve = gap.length() > least_gap ? gap.to : Span(0);
    }
    return measured;
}

}  // namespace bedplate::lab
