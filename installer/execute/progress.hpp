// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/quantities.hpp"
#include "execute/events.hpp"
#include "plan/plan.hpp"
#include "platform/clock.hpp"

namespace bedplate {

/// Turns what the executor does into events: the fraction of the whole by the actions' weights (never
/// falling), the rate over the last seconds, the time left. May be used from several threads, as several
/// actions may go on at a time.
class Progress {
public:
    Progress(const Plan& plan, EventSink& sink, Clock& clock);

    void begin(const Action& action);
    /// Of the action begun last; at most four events a second reach the sink. `total` > 0.
    void update(Bytes done, Bytes total);
    void finish(const Action& action, bool satisfied);
    void note(std::string text);
    /// `action`: the one that failed; null where it was none.
    void fail(const Error& error, const Action* action);
    void done(std::string text);
    /// The actions that go on, in the order in which they began.
    [[nodiscard]] std::vector<const Action*> running() const;

private:
    struct Sample {
        std::chrono::steady_clock::time_point time;
        Bytes done;
    };
    [[nodiscard]] const Action* current() const { return running_.empty() ? nullptr : running_.back(); }
    [[nodiscard]] Event event(Event::Type type, const Action* action, std::string text) const;
    void raise_fraction(const Action* action, double of_action);
    void add_rate(Event& event, Bytes done, Bytes total);

    EventSink& sink_;
    Clock& clock_;
    std::uint64_t total_weight_ = 0, weight_done_ = 0;
    double fraction_ = 0;
    mutable std::mutex mutex_;
    std::vector<const Action*> running_;
    std::deque<Sample> samples_;  ///< of the current action, those of the rate's window
    std::chrono::steady_clock::time_point last_update_;
};

}  // namespace bedplate
