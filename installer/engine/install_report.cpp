// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/install_report.hpp"

#include <utility>

namespace bedplate {

namespace {

constexpr unsigned enough_failures = 2;
constexpr std::chrono::seconds short_timeout{5};
constexpr std::chrono::seconds last_patience{30};

}  // namespace

void InstallReport::on_event(const Event& event) {
    if (event.type == Event::Type::failed && event.error) {
        refused_or_failed(*event.error);
        return;
    }
    const bool done = event.type == Event::Type::done;
    if (event.type == Event::Type::progress || ended_ || (event.stage == stage_ && !done)) {
        return;
    }
    stage_ = event.stage;
    ended_ = done;
    Json document = base_;
    document["state"] = done ? "installed" : "installing";
    document["stage"] = event.stage;
    document["text"] = event.text;
    send(document, done);
}

void InstallReport::refused_or_failed(const Error& error) {
    if (std::exchange(ended_, true)) {
        return;
    }
    Json document = base_;
    document["state"] = error.kind == ErrorKind::failed ? "failed" : "refused";
    document["stage"] = stage_;
    document["text"] = error.message;
    document["error"] = to_json(error);
    send(document, true);
}

void InstallReport::send(const Json& document, bool last_word) {
    if (failures_ >= enough_failures && !last_word) {
        return;
    }
    const auto answer = fetch(
        platform_, trust_,
        {.method = "POST",
         .url = url_,
         .body = document.dump(-1, ' ', false, Json::error_handler_t::replace),
         .timeout = short_timeout,
         .patience = last_word ? std::chrono::milliseconds(last_patience) : std::chrono::milliseconds(0)});
    // Nobody can be told that nobody could be told; the consoles and the journal have it all.
    failures_ = answer && answer->status < 300 ? 0 : failures_ + 1;
}

void OrderedEvents::on_event(const Event& event) {
    const std::scoped_lock lock(mutex_);
    next_.on_event(event);
    if (report_ != nullptr) {
        report_->on_event(event);
    }
}

}  // namespace bedplate
