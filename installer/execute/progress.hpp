// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "base/quantities.hpp"
#include "execute/events.hpp"
#include "plan/plan.hpp"
#include "platform/clock.hpp"

namespace bedplate {

/// Turns what the executor does into events: the fraction of the whole by the actions' weights (never
/// falling), the rate over the last seconds, the time left. To be used from one thread.
class Progress {
public:
    Progress(const Plan& plan, EventSink& sink, Clock& clock);

    void begin(const Action& action);
    /// Of the current action; at most four events a second reach the sink. `total` > 0.
    void update(Bytes done, Bytes total);
    void finish(bool satisfied);
    void note(std::string text);
    void fail(const Error& error);
    void done(std::string text);
    /// Id of the action that runs; empty between actions.
    [[nodiscard]] std::string current_action() const {
        return action_ == nullptr ? std::string() : action_->id;
    }

private:
    struct Sample {
        std::chrono::steady_clock::time_point time;
        Bytes done;
    };
    [[nodiscard]] Event event(Event::Type type, std::string text) const;
    void raise_fraction(double of_action);
    void add_rate(Event& event, Bytes done, Bytes total);

    EventSink& sink_;
    Clock& clock_;
    std::uint64_t total_weight_ = 0, weight_done_ = 0;
    double fraction_ = 0;
    const Action* action_ = nullptr;
    std::deque<Sample> samples_;  ///< of the current action, those of the rate's window
    std::chrono::steady_clock::time_point last_update_;
};

}  // namespace bedplate
