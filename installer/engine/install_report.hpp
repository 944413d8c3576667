// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "engine/fetch.hpp"
#include "execute/events.hpp"
#include "platform/platform.hpp"

namespace bedplate {

/// Tells a server how an installation goes (bedplate.report=URL): a POST of one JSON object (schema
/// bedplate/install-report/v1) when it begins, at every new stage, and at the end: {state: installing |
/// installed | refused | failed, service_tag, uuid, macs, stage, text, hostname?, plan_digest?, error?}. A
/// server that does not answer never holds the installation up for long, and is given up after two tries but
/// for the last word.
class InstallReport {
public:
    /// `machine` is node_request()'s object.
    InstallReport(Platform& platform, ServerTrust trust, std::string url, Json machine)
        : platform_(platform), trust_(std::move(trust)), url_(std::move(url)), base_(std::move(machine)) {
        base_["schema"] = "bedplate/install-report/v1";
    }

    void set(const std::string& field, const std::string& value) { base_[field] = value; }
    void on_event(const Event& event);
    void refused_or_failed(const Error& error);

private:
    void send(const Json& document, bool last_word);

    Platform& platform_;
    ServerTrust trust_;
    std::string url_;
    Json base_;
    std::string stage_;
    unsigned failures_ = 0;
    bool ended_ = false;
};

/// Events of several threads for a sink that takes one at a time, and for a report.
class OrderedEvents : public EventSink {
public:
    explicit OrderedEvents(EventSink& next) : next_(next) {}
    void on_event(const Event& event) override;
    void set_report(InstallReport* report) { report_ = report; }

private:
    EventSink& next_;
    InstallReport* report_ = nullptr;
    std::mutex mutex_;
};

}  // namespace bedplate
