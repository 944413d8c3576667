// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill_run.hpp"

#include <algorithm>

#include "lab/collector.hpp"
#include "lab/drill_facts.hpp"
#include "lab/drill_faults.hpp"
#include "lab/pulse_machine.hpp"
#include "lab/rolling.hpp"
#include "lab/watch.hpp"
#include "platform/time_scale.hpp"

namespace bedplate::lab {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Time = Collector::Time;
using Event = DrillEvent::Kind;

/// Older answers say nothing about now; a node is asked every few seconds.
constexpr seconds fresh{30};
/// A machine that was heard of within this serves.
constexpr seconds heard{3};
/// A cluster that is well for this long is; the next question may show what the last one could not know.
constexpr seconds settled{10};
/// How long before the fault the machine's pulse counts.
constexpr seconds before_fault{10};

class Drill {
public:
    Drill(Rack& rack, Watch& watch, Collector& collector, const DrillOptions& options)
        : rack_(rack),
          watch_(watch),
          collector_(collector),
          options_(options),
          healing_(rack.platform(), rack.lab()),
          patience_(*this) {}

    Result<DrillReport> run() {
        report_ = {.kind = options_.kind,
                   .seed = options_.seed,
                   .scale = time_scale(),
                   .lab = rack_.lab().name,
                   .emulator = rack_.lab().emulator,
                   .started = to_rfc3339(rack_.platform().clock.now()),
                   .nodes = rack_.lab().nodes.size(),
                   .timeouts = {},
                   .rounds = {}};
        BEDPLATE_ASSIGN(report_.timeouts, read_timeouts(rack_));
        for (unsigned number = 1; number <= options_.rounds; ++number) {
            auto round = one_round(number);
            if (round && gives_node_up(options_.kind)) {
                round->audits.push_back(powered_on(round->choice.node));
            }
            // Also after an error, and after Ctrl-C.
            const auto healed = heal();
            if (!round) {
                return std::unexpected(std::move(round).error());
            }
            // What was measured is shown, whatever cannot be healed or asked for afterwards.
            const auto judged = judge(*round, healed);
            if (!judged && judged.error().code == "drill.ended") {
                return std::unexpected(judged.error());
            }
            report_.rounds.push_back(*std::move(round));
            options_.show(report_, report_.rounds.back());
            BEDPLATE_TRY(healed);
            BEDPLATE_TRY(judged);
        }
        return std::move(report_);
    }

private:
    /// Waits for something, and gives up at the end of its time or when somebody wants the drill to end.
    class Patience {
    public:
        explicit Patience(const Drill& drill) : drill_(drill) {}
        Result<void> until(std::string_view what, Span most, const std::function<bool()>& done) const {
            auto& clock = drill_.rack_.platform().clock;
            const auto deadline = clock.steady() + scaled(most);
            while (!done()) {
                if (drill_.options_.ended != nullptr && *drill_.options_.ended) {
                    return fail("drill.ended", "the drill was broken off");
                }
                if (clock.steady() >= deadline) {
                    return fail("drill.late",
                                std::format("{} did not come within {}", what, seconds_text(scaled(most))),
                                drill_.rack_.lab().folder.string());
                }
                clock.sleep(Span(200));
            }
            return {};
        }
        Result<void> pass(Span time) const {
            auto& clock = drill_.rack_.platform().clock;
            const auto end = clock.steady() + time;
            return until("the time", time + seconds(1), [&] { return clock.steady() >= end; });
        }

    private:
        const Drill& drill_;
    };

    [[nodiscard]] Time now() const { return rack_.platform().clock.steady(); }
    [[nodiscard]] bool serves() const {
        const auto last = collector_.last();
        return last && now() - last->at < heard;
    }
    [[nodiscard]] std::string state() const {
        const auto since = now() - scaled(fresh);
        const auto views = watch_.clusters(since);
        auto why = complaint(views, watch_.ceph(since), rack_.lab().nodes.size());
        if (why.empty() && home_of(views).empty()) {
            why = "the machine does not run on one node";
        }
        return why.empty() && !serves() ? "the machine is not heard" : why;
    }

    /// Well, and for a moment.
    Result<void> await_health(std::string_view when) {
        options_.say(std::format("waiting until the cluster is well {}", when));
        std::string said;
        auto well_since = now();
        const auto done = patience_.until("a healthy cluster", minutes(30), [&] {
            auto why = state();
            if (!why.empty()) {
                well_since = now();
            }
            if (why != said && !why.empty()) {
                options_.say("  " + why);
            }
            said = std::move(why);
            return now() - well_since >= settled;
        });
        return done || done.error().code == "drill.ended" ? done : with_context(done.error(), said);
    }

    Result<DrillRound> one_round(unsigned number) {
        BEDPLATE_TRY(await_health("before the fault"));
        BEDPLATE_ASSIGN(const auto facts, read_facts(rack_, home_of(watch_.clusters(now() - scaled(fresh)))));
        DrillRound round{.kind = options_.kind,
                         .number = number,
                         .choice = {},
                         .prediction = predict(options_.kind, report_.timeouts, report_.scale),
                         .measured = {},
                         .events = {},
                         .beats = {},
                         .audits = {}};
        BEDPLATE_ASSIGN(round.choice, choose(options_.kind, options_.seed, number, facts, round.prediction));
        BEDPLATE_ASSIGN(crashes_, count_cores(rack_));
        Fault fault(rack_, healing_);
        BEDPLATE_TRY(fault.prepare(options_.kind, round.choice));
        for (const auto& remedy : healing_.remedies()) {
            options_.say("to undo it by hand: " + to_text(remedy, rack_.lab()));
        }
        BEDPLATE_TRY(patience_.pass(round.choice.delay));
        options_.say(std::format("round {}: {} on {}", number, to_string(options_.kind), round.choice.node));
        BEDPLATE_ASSIGN(begin_, fault.inject(options_.kind, round.choice));
        watch_.note(Event::injected, round.choice.node);
        BEDPLATE_TRY(follow(fault, round));
        return round;
    }

    /// Until the machine serves again and everything that belongs to the drill is over.
    Result<void> follow(Fault& fault, const DrillRound& round) {
        if (options_.kind == DrillKind::rolling_restart) {
            return restart_all(rack_, healing_, steps());
        }
        if (options_.kind == DrillKind::migrate) {
            return migrate_there_and_back(rack_, round.choice.node, steps());
        }
        BEDPLATE_TRY(patience_.pass(round.choice.hold));
        BEDPLATE_TRY(fault.release(options_.kind, round.choice));
        // What needs no new start is over when the stall that was predicted is.
        const auto least = begin_ + round.prediction.serve + seconds(10);
        const bool anew = gives_node_up(options_.kind) && options_.kind != DrillKind::node_hang;
        const auto late = std::max<Span>(minutes(15), 3 * round.prediction.limit);
        const auto done = patience_.until("the machine's return", late, [&] {
            return serves() && (anew ? was_started_anew() : now() >= least);
        });
        // A machine that does not come back is what the drill finds, not an error of its own.
        return done || done.error().code == "drill.ended" ? done : Result<void>();
    }

    [[nodiscard]] bool was_started_anew() const {
        const auto arrivals = collector_.since(begin_ - before_fault);
        return !arrivals.empty() && arrivals.front().beat.boot != arrivals.back().beat.boot;
    }

    [[nodiscard]] StepTools steps() {
        return {
            .until = [this](std::string_view what, Span most,
                            const std::function<bool()>& done) { return patience_.until(what, most, done); },
            .say = options_.say,
            .complaint =
                [this] {
                    const auto since = now() - scaled(fresh);
                    return complaint(watch_.clusters(since), watch_.ceph(since), rack_.lab().nodes.size());
                },
            .home = [this] { return home_of(watch_.clusters(now() - scaled(fresh))); }};
    }

    Result<void> heal() {
        if (!healing_.remedies().empty()) {
            options_.say("healing");
        }
        BEDPLATE_TRY(healing_.apply(rack_));
        watch_.note(Event::healed, "");
        return {};
    }

    /// Before anything is healed, which would switch the node on. One that is being fenced is off for a
    /// moment.
    [[nodiscard]] Audit powered_on(const std::string& node) const {
        // A node that stays off is what the audit says.
        static_cast<void>(
            patience_.until("the node to run", minutes(1), [&] { return audit_powered_on(rack_, node).ok; }));
        return audit_powered_on(rack_, node);
    }

    /// Until the cluster is well, and the ring has come round once: then a second writer would have shown.
    Result<void> await_calm() {
        const auto healthy = await_health("after the fault");
        if (!healthy && healthy.error().code == "drill.ended") {
            return healthy;
        }
        if (was_started_anew()) {
            const auto first = collector_.last()->beat.sequence;
            // A machine that is too slow for it is judged by what it has shown.
            const auto round_trip = patience_.until("a round of the machine's ring", minutes(3), [&] {
                return collector_.last()->beat.sequence >= first + pulse::RingLayout::blocks;
            });
            if (!round_trip && round_trip.error().code == "drill.ended") {
                return round_trip;
            }
        }
        return healthy;
    }

    /// Nobody waits for a lab that could not be healed.
    [[nodiscard]] Result<void> calm_now() const {
        const auto why = state();
        return why.empty() ? Result<void>() : fail("drill.unwell", why);
    }

    /// Everything that is looked at afterwards becomes an audit. Errors: drill.ended, and those of the
    /// questions, when the audits have them.
    Result<void> judge(DrillRound& round, const Result<void>& healed) {
        const auto healthy = healed ? await_calm() : calm_now();
        if (!healthy && healthy.error().code == "drill.ended") {
            return healthy;
        }
        collect(round);
        round.audits.push_back({.name = "healed",
                                .ok = healed.has_value(),
                                .detail = healed ? "what was done is undone" : healed.error().to_text()});
        round.audits.push_back({.name = "health",
                                .ok = healthy.has_value(),
                                .detail = healthy ? "nodes, monitors, OSDs and groups are as before"
                                                  : healthy.error().to_text()});
        round.audits.push_back(audit_active_once(rack_));
        const auto crashes = count_cores(rack_);
        const auto more = crashes && *crashes > crashes_ ? *crashes - crashes_ : 0;
        // An OSD ends itself by an abort when its disk fails.
        round.audits.push_back(
            {.name = "no-cores",
             .ok = crashes && (more == 0 || options_.kind == DrillKind::disk_error),
             .detail = crashes ? std::format("{} programs have crashed", more) : crashes.error().to_text()});
        return crashes ? Result<void>() : std::unexpected(crashes.error());
    }

    void collect(DrillRound& round) const {
        const auto end = std::chrono::duration_cast<Span>(now() - begin_);
        std::vector<Ack> acks;
        for (const auto& arrival : collector_.since(begin_ - before_fault)) {
            acks.push_back({std::chrono::duration_cast<Span>(arrival.at - begin_), arrival.beat});
            // For a chart, two a second are enough.
            if (round.beats.empty() || acks.back().at - round.beats.back() >= Span(500)) {
                round.beats.push_back(acks.back().at);
            }
        }
        const bool broken = gives_node_up(options_.kind);
        round.events = watch_.events(begin_, broken ? round.choice.node : "");
        round.measured = measure(options_.kind, acks, round.events, end);
    }

    Rack& rack_;
    Watch& watch_;
    Collector& collector_;
    const DrillOptions& options_;
    Healing healing_;
    Patience patience_;
    DrillReport report_;
    Time begin_{};
    std::uint64_t crashes_ = 0;  ///< before the fault
};

}  // namespace

Result<void> heal_lab(Platform& platform, const Lab& lab,
                      const std::function<void(const std::string&)>& say) {
    BEDPLATE_ASSIGN(auto libvirt, Libvirt::connect());
    Rack rack(platform, libvirt, lab);
    Healing healing(platform, lab);
    BEDPLATE_TRY(healing.load());
    for (const auto& remedy : healing.remedies()) {
        say("left by an earlier drill: " + to_text(remedy, lab));
    }
    return healing.apply(rack);
}

Result<DrillReport> run_drill(Platform& platform, const Lab& lab, const DrillOptions& options) {
    BEDPLATE_TRY(heal_lab(platform, lab, options.say));
    BEDPLATE_ASSIGN(auto libvirt, Libvirt::connect());
    Rack rack(platform, libvirt, lab);
    BEDPLATE_ASSIGN(const auto settings, pulse_settings(lab));
    BEDPLATE_ASSIGN(const auto collector, Collector::open(settings.collector, settings.port));
    // One that is there and does not run is waited for with the rest of the cluster.
    BEDPLATE_ASSIGN(const auto state, pulse_state(rack));
    const bool there = state == PulseState::running || state == PulseState::stopped;
    if (!there) {
        options.say(state == PulseState::absent ? "making the machine that is watched"
                                                : "finishing the machine that is watched");
        BEDPLATE_TRY(create_pulse(rack, options.program));
    }
    Watch watch(rack, std::string(pulse_resource), options.kind == DrillKind::leg_loss);
    auto report = Drill(rack, watch, *collector, options).run();
    if (!there && !options.keep) {
        const auto removed = remove_pulse(rack);
        return report && !removed ? std::unexpected(removed.error()) : std::move(report);
    }
    return report;
}

}  // namespace bedplate::lab
