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

Event Progress::event(Event::Type type, const Action* action, std::string text) const {
    return {.type = type,
            .stage = action == nullptr ? std::string() : std::string(to_string(action->stage)),
            .action = action == nullptr ? std::string() : action->id,
            .text = std::move(text),
            .fraction = fraction_,
            .bytes_done = {},
            .bytes_total = {},
            .bytes_per_second = {},
            .seconds_left = {},
            .satisfied = false,
            .error = {}};
}

void Progress::raise_fraction(const Action* action, double of_action) {
    if (total_weight_ == 0) {
        return;
    }
    const double weight = action == nullptr ? 0 : action->weight;
    const double now = (static_cast<double>(weight_done_) + weight * std::clamp(of_action, 0.0, 1.0)) /
                       static_cast<double>(total_weight_);
    fraction_ = std::max(fraction_, std::min(now, 1.0));
}

void Progress::begin(const Action& action) {
    const std::scoped_lock lock(mutex_);
    running_.push_back(&action);
    samples_.clear();
    last_update_ = clock_.steady();
    sink_.on_event(event(Event::Type::started, &action, action.summary));
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
    const std::scoped_lock lock(mutex_);
    const Action* const action = current();
    if (action == nullptr || total.value == 0) {
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
    raise_fraction(action, static_cast<double>(done.value) / static_cast<double>(total.value));
    Event progress = event(Event::Type::progress, action, action->summary);
    progress.bytes_done = done.value;
    progress.bytes_total = total.value;
    add_rate(progress, done, total);
    sink_.on_event(progress);
}

void Progress::finish(const Action& action, bool satisfied) {
    const std::scoped_lock lock(mutex_);
    raise_fraction(&action, 1);
    weight_done_ += action.weight;
    Event finished = event(Event::Type::finished, &action, action.summary);
    finished.satisfied = satisfied;
    sink_.on_event(finished);
    std::erase(running_, &action);
}

void Progress::note(std::string text) {
    const std::scoped_lock lock(mutex_);
    sink_.on_event(event(Event::Type::note, current(), std::move(text)));
}

void Progress::fail(const Error& error, const Action* action) {
    const std::scoped_lock lock(mutex_);
    Event failed = event(Event::Type::failed, action, action == nullptr ? "failed" : action->summary);
    failed.error = error;
    sink_.on_event(failed);
}

void Progress::done(std::string text) {
    const std::scoped_lock lock(mutex_);
    running_.clear();
    fraction_ = 1;
    sink_.on_event(event(Event::Type::done, nullptr, std::move(text)));
}

std::vector<const Action*> Progress::running() const {
    const std::scoped_lock lock(mutex_);
    return running_;
}

}  // namespace bedplate
