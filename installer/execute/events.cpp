// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/events.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>

#include "base/json.hpp"

namespace bedplate {
namespace {

constexpr std::array<std::pair<Event::Type, std::string_view>, 6> type_names{{
    {Event::Type::started, "started"},
    {Event::Type::progress, "progress"},
    {Event::Type::finished, "finished"},
    {Event::Type::note, "note"},
    {Event::Type::failed, "failed"},
    {Event::Type::done, "done"},
}};

// Two decimals are all that a reader can use, and shorter lines travel faster over 115200 baud.
double rounded(double value, double unit) {
    return std::round(value / unit) * unit;
}

std::string rate_text(const Event& event) {
    std::string text;
    if (event.bytes_per_second) {
        text += std::format("  {:.1f} MB/s", *event.bytes_per_second / 1e6);
    }
    if (event.seconds_left) {
        const auto seconds = static_cast<std::uint64_t>(std::ceil(std::max(0.0, *event.seconds_left)));
        text += std::format(", {}:{:02} left", seconds / 60, seconds % 60);
    }
    return text;
}

}  // namespace

std::string_view to_string(Event::Type type) {
    const auto* const found = std::ranges::find(type_names, type, &decltype(type_names)::value_type::first);
    return found == type_names.end() ? "unknown" : found->second;
}

Json to_json(const Error& error) {
    Json json{{"kind", to_string(error.kind)}, {"code", error.code}, {"message", error.message}};
    if (!error.where.empty()) {
        json["where"] = error.where;
    }
    if (!error.hint.empty()) {
        json["hint"] = error.hint;
    }
    if (!error.context.empty()) {
        json["context"] = error.context;
    }
    return json;
}

Json to_json(const Event& event) {
    Json json{{"type", to_string(event.type)},
              {"stage", event.stage},
              {"action", event.action},
              {"text", event.text},
              {"fraction", rounded(event.fraction, 0.0001)}};
    if (event.bytes_done) {
        json["bytes_done"] = *event.bytes_done;
    }
    if (event.bytes_total) {
        json["bytes_total"] = *event.bytes_total;
    }
    if (event.bytes_per_second) {
        json["bytes_per_second"] = rounded(*event.bytes_per_second, 1);
    }
    if (event.seconds_left) {
        json["seconds_left"] = rounded(*event.seconds_left, 0.1);
    }
    if (event.type == Event::Type::finished) {
        json["satisfied"] = event.satisfied;
    }
    if (event.error) {
        json["error"] = to_json(*event.error);
    }
    return json;
}

std::string to_line(const Event& event) {
    // Rounded down: 100 % is only said when everything holds.
    const auto percent = static_cast<int>(std::floor(std::clamp(event.fraction, 0.0, 1.0) * 100));
    std::string line = std::format("{:<10} {:>3} %  {}", event.stage, percent, event.text);
    if (event.type == Event::Type::finished) {
        line += event.satisfied ? ": nothing to do" : ": done";
    }
    line += rate_text(event);
    if (event.error) {
        line += std::format(": {} [{}]", event.error->message, event.error->code);
    }
    return line;
}

}  // namespace bedplate
