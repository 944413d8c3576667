// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill.hpp"

#include <algorithm>
#include <format>
#include <random>
#include <tuple>
#include <utility>

namespace bedplate::lab {

namespace {

using std::chrono::seconds;

constexpr std::array<std::pair<DrillKind, std::string_view>, all_drills.size()> names{{
    {DrillKind::node_crash, "node-crash"},
    {DrillKind::node_hang, "node-hang"},
    {DrillKind::osd_loss, "osd-loss"},
    {DrillKind::disk_error, "disk-error"},
    {DrillKind::partition, "partition"},
    {DrillKind::leg_loss, "leg-loss"},
    {DrillKind::mon_leader, "mon-leader"},
    {DrillKind::rolling_restart, "rolling-restart"},
    {DrillKind::migrate, "migrate"},
}};

// What a server takes at most, without any waiting that is configured.
constexpr Span fencing_work = seconds(20);   ///< a BMC cycles a machine
constexpr Span peering_work = seconds(5);    ///< placement groups agree again
constexpr Span start_work = seconds(10);     ///< Pacemaker starts a machine
constexpr Span boot_work = seconds(60);      ///< firmware, loader, kernel of the machine
constexpr Span io_error_work = seconds(30);  ///< a disk's error comes up to its OSD, which ends itself
constexpr Span crash_work = seconds(2);      ///< a peer's connection is refused
constexpr Span pause_work = seconds(1);      ///< a migration's last copy; a bond's other leg
/// corosync.conf(5): the membership is formed anew in about this.
constexpr Span reform = Span(50);

Span times(double scale, Span work) {
    return std::chrono::duration_cast<Span>(work * scale);
}

Prediction giving_up(const Timeouts& timeouts, double scale) {
    const auto detect = timeouts.token + timeouts.consensus + reform;
    const auto fence = detect + times(scale, fencing_work);
    // A silent OSD is reported one interval after its last answer at the latest.
    const auto storage = timeouts.osd_grace + timeouts.osd_interval + times(scale, peering_work);
    const auto serve = std::max(fence, storage) + times(scale, start_work + boot_work);
    return {.detect = detect,
            .fence = fence,
            .serve = serve,
            .how = std::format(
                "detect = token {} + consensus {} + {}; fence = detect + {} x {:g}; storage = "
                "OSD grace {} + interval {} + {} x {:g}; serve = the later of both + ({} + {}) x "
                "{:g}",
                timeouts.token, timeouts.consensus, reform, fencing_work, scale, timeouts.osd_grace,
                timeouts.osd_interval, peering_work, scale, start_work, boot_work, scale)};
}

Prediction stall(Span detect, Span pause, std::string how) {
    return {.detect = detect, .fence = {}, .serve = pause, .how = std::move(how)};
}

Prediction without_limit(DrillKind kind, const Timeouts& timeouts, double scale) {
    switch (kind) {
        case DrillKind::node_crash:
        case DrillKind::node_hang:
        case DrillKind::partition:
            return giving_up(timeouts, scale);
        case DrillKind::osd_loss: {
            const auto detect = times(scale, crash_work), pause = detect + times(scale, peering_work);
            return stall(detect, pause,
                         std::format("detect = a refused connection, {} x {:g}; stall = that + "
                                     "peering {} x {:g}; the OSD is back {} later",
                                     crash_work, scale, peering_work, scale, timeouts.restart));
        }
        case DrillKind::disk_error: {
            const auto detect = times(scale, io_error_work), pause = detect + times(scale, peering_work);
            return stall(
                detect, pause,
                std::format("detect = the error ends the OSD, {} x {:g}; stall = that + peering {} x "
                            "{:g}",
                            io_error_work, scale, peering_work, scale));
        }
        case DrillKind::leg_loss:
            return stall(timeouts.link_monitor, timeouts.link_monitor + times(scale, pause_work),
                         std::format("detect = miimon {}; pause = that + {} x {:g}", timeouts.link_monitor,
                                     pause_work, scale));
        case DrillKind::mon_leader: {
            const auto detect = 2 * timeouts.mon_lease;
            return stall(
                detect, times(scale, pause_work),
                std::format("detect = 2 x lease {}; maps stand still for that + election {}, what has "
                            "a map goes on: pause {} x {:g}",
                            timeouts.mon_lease, timeouts.mon_election, pause_work, scale));
        }
        case DrillKind::rolling_restart: {
            const auto pause = times(scale, pause_work) + times(scale, peering_work);
            return {.detect = {},
                    .fence = {},
                    .serve = pause,
                    .how = std::format("pause = the last copy of a migration {} x {:g} + peering {} x {:g}",
                                       pause_work, scale, peering_work, scale)};
        }
        case DrillKind::migrate:
            break;
    }
    return {.detect = {},
            .fence = {},
            .serve = times(scale, pause_work),
            .how = std::format("pause = the last copy of a migration, {} x {:g}", pause_work, scale)};
}

/// Numbers that every standard library draws alike, unlike its distributions.
class Dice {
public:
    Dice(std::uint64_t seed, unsigned round, DrillKind kind)
        : engine_((seed * 1000003 + round) * 31 + static_cast<std::uint64_t>(kind)) {}
    /// 0..below-1; `below` is at least 1.
    std::uint64_t draw(std::uint64_t below) { return engine_() % below; }

private:
    std::mt19937_64 engine_;
};

Result<std::string> other_node(const Facts& facts, Dice& dice) {
    std::vector<std::string> others = facts.nodes;
    std::erase(others, facts.home);
    if (others.empty()) {
        return fail("drill.nothing", "the lab has no second node", facts.home);
    }
    return others[dice.draw(others.size())];
}

Result<void> choose_osd(const Facts& facts, Dice& dice, Choice& choice) {
    std::vector<std::pair<std::string, unsigned>> all;
    for (const auto& [node, numbers] : facts.osds) {
        for (const auto number : numbers) {
            all.emplace_back(node, number);
        }
    }
    if (all.empty()) {
        return fail("drill.nothing", "no node has an OSD", {}, "bedplate lab up --osds 1");
    }
    std::tie(choice.node, choice.osd) = all[dice.draw(all.size())];
    return {};
}

}  // namespace

std::string_view to_string(DrillKind kind) {
    const auto found = std::ranges::find(names, kind, &std::pair<DrillKind, std::string_view>::first);
    return found == names.end() ? "?" : found->second;
}

std::optional<DrillKind> parse_drill(std::string_view text) {
    const auto found = std::ranges::find(names, text, &std::pair<DrillKind, std::string_view>::second);
    return found == names.end() ? std::nullopt : std::optional(found->first);
}

bool gives_node_up(DrillKind kind) {
    return kind == DrillKind::node_crash || kind == DrillKind::node_hang || kind == DrillKind::partition;
}

Prediction predict(DrillKind kind, const Timeouts& timeouts, double scale) {
    auto prediction = without_limit(kind, timeouts, scale);
    prediction.limit = prediction.serve + prediction.serve / 5;
    return prediction;
}

Result<Choice> choose(DrillKind kind, std::uint64_t seed, unsigned round, const Facts& facts,
                      const Prediction& prediction) {
    Dice dice(seed, round, kind);
    Choice choice{.node = facts.home, .delay = Span(dice.draw(10000)), .osd = {}};
    switch (kind) {
        case DrillKind::osd_loss:
        case DrillKind::disk_error:
            BEDPLATE_TRY(choose_osd(facts, dice, choice));
            break;
        case DrillKind::mon_leader:
            choice.node = facts.mon_leader;
            break;
        case DrillKind::migrate: {
            BEDPLATE_ASSIGN(choice.node, other_node(facts, dice));
            break;
        }
        case DrillKind::leg_loss:
            choice.leg = facts.legs == 0 ? 0 : dice.draw(facts.legs);
            choice.hold = seconds(20);
            break;
        case DrillKind::node_hang:
            // Between the moment in which it is missed and the end of all: it may come back before it is
            // fenced.
            choice.hold = *prediction.detect + Span(dice.draw(static_cast<std::uint64_t>(
                                                   (prediction.serve - *prediction.detect).count() + 1)));
            break;
        case DrillKind::node_crash:
        case DrillKind::partition:
        case DrillKind::rolling_restart:
            break;
    }
    if (choice.node.empty()) {
        return fail("drill.nothing", "there is no node for it to happen to", std::string(to_string(kind)));
    }
    return choice;
}

Json to_json(const Timeouts& timeouts) {
    return {{"token_ms", timeouts.token.count()},         {"consensus_ms", timeouts.consensus.count()},
            {"osd_grace_ms", timeouts.osd_grace.count()}, {"osd_interval_ms", timeouts.osd_interval.count()},
            {"mon_lease_ms", timeouts.mon_lease.count()}, {"mon_election_ms", timeouts.mon_election.count()},
            {"restart_ms", timeouts.restart.count()},     {"link_monitor_ms", timeouts.link_monitor.count()}};
}

Json to_json(const Prediction& prediction) {
    return {{"detect_ms", milliseconds(prediction.detect)},
            {"fence_ms", milliseconds(prediction.fence)},
            {"serve_ms", prediction.serve.count()},
            {"limit_ms", prediction.limit.count()},
            {"how", prediction.how}};
}

Json to_json(const Choice& choice) {
    return {{"node", choice.node},
            {"delay_ms", choice.delay.count()},
            {"hold_ms", choice.hold.count()},
            {"osd", choice.osd ? Json(*choice.osd) : Json()},
            {"leg", choice.leg}};
}

Json milliseconds(const std::optional<Span>& span) {
    return span ? Json(span->count()) : Json();
}

std::string seconds_text(Span span) {
    return std::format("{}.{} s", span.count() / 1000, span.count() % 1000 / 100);
}

}  // namespace bedplate::lab
