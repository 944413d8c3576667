// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/progress.hpp"

#include <algorithm>
#include <utility>

namespace bedplate {
namespace {

constexpr std::chrono::milliseconds least_interval{250};
constexpr std::chrono::seconds rate_window{5};

}  // namespace

Progress::Progress(const Plan& plan, EventSink& sink, Clock& clock) : sink_(sink), clock_(clock) {
    for (const Action& action : plan.actions) {
        total_weight_ += action.weight;
    }
}

Event Progress::event(Event::Type type, std::string text) const {
    return {.type = type,
            .stage = action_ == nullptr ? std::string() : std::string(to_string(action_->stage)),
            .action = action_ == nullptr ? std::string() : action_->id,
            .text = std::move(text),
            .fraction = fraction_,
            .bytes_done = {},
            .bytes_total = {},
            .bytes_per_second = {},
            .seconds_left = {},
            .satisfied = false,
            .error = {}};
}

void Progress::raise_fraction(double of_action) {
    if (total_weight_ == 0) {
        return;
    }
    const double weight = action_ == nullptr ? 0 : action_->weight;
    const double now = (static_cast<double>(weight_done_) + weight * std::clamp(of_action, 0.0, 1.0)) /
                       static_cast<double>(total_weight_);
    fraction_ = std::max(fraction_, std::min(now, 1.0));
}

void Progress::begin(const Action& action) {
    action_ = &action;
    samples_.clear();
    last_update_ = clock_.steady();
    sink_.on_event(event(Event::Type::started, action.summary));
}

void Progress::add_rate(Event& event, Bytes done, Bytes total) {
    const auto now = clock_.steady();
    samples_.push_back({now, done});
    while (samples_.size() > 2 && now - samples_.front().time > rate_window) {
        samples_.pop_front();
    }
    const std::chrono::duration<double> span = now - samples_.front().time;
    if (span.count() <= 0 || done <= samples_.front().done) {
        return;
    }
    const double rate = static_cast<double>((done - samples_.front().done).value) / span.count();
    event.bytes_per_second = rate;
    event.seconds_left = static_cast<double>((total - std::min(done, total)).value) / rate;
}

void Progress::update(Bytes done, Bytes total) {
    if (action_ == nullptr || total.value == 0) {
        return;
    }
    const auto now = clock_.steady();
    if (samples_.empty()) {
        samples_.push_back({last_update_, Bytes{0}});
    }
    if (now - last_update_ < least_interval) {
        return;
    }
    last_update_ = now;
    raise_fraction(static_cast<double>(done.value) / static_cast<double>(total.value));
    Event progress = event(Event::Type::progress, action_->summary);
    progress.bytes_done = done.value;
    progress.bytes_total = total.value;
    add_rate(progress, done, total);
    sink_.on_event(progress);
}

void Progress::finish(bool satisfied) {
    if (action_ == nullptr) {
        return;
    }
    raise_fraction(1);
    weight_done_ += action_->weight;
    Event finished = event(Event::Type::finished, action_->summary);
    finished.satisfied = satisfied;
    sink_.on_event(finished);
    action_ = nullptr;
}

void Progress::note(std::string text) {
    sink_.on_event(event(Event::Type::note, std::move(text)));
}

void Progress::fail(const Error& error) {
    Event failed = event(Event::Type::failed, action_ == nullptr ? "failed" : action_->summary);
    failed.error = error;
    sink_.on_event(failed);
}

void Progress::done(std::string text) {
    action_ = nullptr;
    fraction_ = 1;
    sink_.on_event(event(Event::Type::done, std::move(text)));
}

}  // namespace bedplate
