// SPDX-License-Identifier: GPL-3.0-or-later
#include "lab/drill_report.hpp"

namespace bedplate::lab {

namespace {

Span span_at(const Json& json, const char* key) {
    return Span(json.at(key).get<std::int64_t>());
}

std::optional<Span> maybe_at(const Json& json, const char* key) {
    return json.at(key).is_null() ? std::nullopt : std::optional(span_at(json, key));
}

Json to_json(const Measured& measured) {
    return {{"detect_ms", milliseconds(measured.detect)},
            {"fence_ms", milliseconds(measured.fence)},
            {"serve_ms", milliseconds(measured.serve)},
            {"rto_ms", measured.gap.count()},
            {"acknowledged", measured.acknowledged},
            {"rpo_lost", measured.lost},
            {"rpo_lost_buffered", measured.lost_buffered},
            {"double_active", measured.double_active},
            {"starts", measured.starts}};
}

Json to_json(const DrillRound& round) {
    Json events = Json::array(), beats = Json::array(), audits = Json::array();
    for (const auto& event : round.events) {
        events.push_back(
            {{"at_ms", event.at.count()}, {"event", to_string(event.kind)}, {"text", event.text}});
    }
    for (const auto& beat : round.beats) {
        beats.push_back(beat.count());
    }
    for (const auto& audit : round.audits) {
        audits.push_back({{"audit", audit.name}, {"ok", audit.ok}, {"detail", audit.detail}});
    }
    return {{"round", round.number},
            {"choice", to_json(round.choice)},
            {"predicted", to_json(round.prediction)},
            {"measured", to_json(round.measured)},
            {"failures", round.failures()},
            {"audits", audits},
            {"events", events},
            {"beats_ms", beats}};
}

Timeouts timeouts_from(const Json& json) {
    return {.token = span_at(json, "token_ms"),
            .consensus = span_at(json, "consensus_ms"),
            .osd_grace = span_at(json, "osd_grace_ms"),
            .osd_interval = span_at(json, "osd_interval_ms"),
            .mon_lease = span_at(json, "mon_lease_ms"),
            .mon_election = span_at(json, "mon_election_ms"),
            .restart = span_at(json, "restart_ms"),
            .link_monitor = span_at(json, "link_monitor_ms")};
}

Choice choice_from(const Json& json) {
    Choice choice{.node = json.at("node").get<std::string>(),
                  .delay = span_at(json, "delay_ms"),
                  .hold = span_at(json, "hold_ms"),
                  .osd = {},
                  .leg = json.at("leg").get<std::size_t>()};
    if (!json.at("osd").is_null()) {
        choice.osd = json.at("osd").get<unsigned>();
    }
    return choice;
}

Measured measured_from(const Json& json) {
    return {.detect = maybe_at(json, "detect_ms"),
            .fence = maybe_at(json, "fence_ms"),
            .serve = maybe_at(json, "serve_ms"),
            .gap = span_at(json, "rto_ms"),
            .acknowledged = json.at("acknowledged").get<std::uint64_t>(),
            .lost = json.at("rpo_lost").get<std::uint64_t>(),
            .lost_buffered = json.at("rpo_lost_buffered").get<std::uint64_t>(),
            .double_active = json.at("double_active").get<std::uint64_t>(),
            .starts = json.at("starts").get<unsigned>()};
}

/// An event whose name is not known any more is left out.
std::vector<DrillEvent> events_from(const Json& json) {
    std::vector<DrillEvent> events;
    for (const auto& one : json) {
        for (int kind = 0; kind <= static_cast<int>(DrillEvent::Kind::healed); ++kind) {
            if (one.at("event").get<std::string>() == to_string(static_cast<DrillEvent::Kind>(kind))) {
                events.push_back({span_at(one, "at_ms"), static_cast<DrillEvent::Kind>(kind),
                                  one.at("text").get<std::string>()});
            }
        }
    }
    return events;
}

DrillRound round_from(DrillKind kind, const Json& json) {
    const auto& predicted = json.at("predicted");
    DrillRound round{.kind = kind,
                     .number = json.at("round").get<unsigned>(),
                     .choice = choice_from(json.at("choice")),
                     .prediction = {.detect = maybe_at(predicted, "detect_ms"),
                                    .fence = maybe_at(predicted, "fence_ms"),
                                    .serve = span_at(predicted, "serve_ms"),
                                    .limit = span_at(predicted, "limit_ms"),
                                    .how = predicted.at("how").get<std::string>()},
                     .measured = measured_from(json.at("measured")),
                     .events = events_from(json.at("events")),
                     .beats = {},
                     .audits = {}};
    for (const auto& beat : json.at("beats_ms")) {
        round.beats.emplace_back(beat.get<std::int64_t>());
    }
    for (const auto& audit : json.at("audits")) {
        round.audits.push_back({.name = audit.at("audit").get<std::string>(),
                                .ok = audit.at("ok").get<bool>(),
                                .detail = audit.at("detail").get<std::string>()});
    }
    return round;
}

}  // namespace

std::vector<std::string> DrillRound::failures() const {
    std::vector<std::string> reasons;
    if (!measured.serve) {
        reasons.emplace_back("the machine did not come back");
    }
    // One that hangs may go on before it is fenced.
    if (gives_node_up(kind) && kind != DrillKind::node_hang && !measured.fence) {
        reasons.emplace_back("it was never fenced");
    }
    if (measured.gap > prediction.limit) {
        reasons.push_back(std::format("{} without service, {} are allowed", seconds_text(measured.gap),
                                      seconds_text(prediction.limit)));
    }
    if (measured.lost != 0) {
        reasons.push_back(std::format("{} acknowledged writes are lost", measured.lost));
    }
    if (measured.double_active != 0) {
        reasons.push_back(std::format("active twice ({} signs)", measured.double_active));
    }
    for (const auto& audit : audits) {
        if (!audit.ok) {
            reasons.push_back(std::format("{}: {}", audit.name, audit.detail));
        }
    }
    return reasons;
}

Json to_json(const DrillReport& report) {
    Json rounds = Json::array();
    for (const auto& round : report.rounds) {
        rounds.push_back(to_json(round));
    }
    return {{"schema", DrillReport::schema},
            {"drill", to_string(report.kind)},
            {"seed", report.seed},
            {"time_scale", report.scale},
            {"lab", report.lab},
            {"emulator", report.emulator},
            {"nodes", report.nodes},
            {"started", report.started},
            {"timeouts", to_json(report.timeouts)},
            {"rounds", rounds}};
}

Result<DrillReport> drill_report_from_json(const Json& json, const std::string& origin) {
    if (!json.is_object() || json.value("schema", "") != DrillReport::schema) {
        return fail("drill.schema", "this is not a drill's report of this version", origin);
    }
    try {
        const auto name = json.at("drill").get<std::string>();
        const auto kind = parse_drill(name);
        if (!kind) {
            return fail("drill.field", "there is no drill " + name, origin);
        }
        DrillReport report{.kind = *kind,
                           .seed = json.at("seed").get<std::uint64_t>(),
                           .scale = json.at("time_scale").get<double>(),
                           .lab = json.at("lab").get<std::string>(),
                           .emulator = json.at("emulator").get<std::string>(),
                           .started = json.at("started").get<std::string>(),
                           .nodes = json.at("nodes").get<std::size_t>(),
                           .timeouts = timeouts_from(json.at("timeouts")),
                           .rounds = {}};
        for (const auto& round : json.at("rounds")) {
            report.rounds.push_back(round_from(*kind, round));
        }
        return report;
    } catch (const Json::exception& error) {
        return fail("drill.field", error.what(), origin);
    }
}

}  // namespace bedplate::lab
