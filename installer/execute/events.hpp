// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace bedplate {

/// What happens during an installation, for whoever shows it: screen, serial line, `--json`, log.
struct Event {
    enum class Type {
        started,   ///< an action begins
        progress,  ///< of the current action
        finished,  ///< an action is done (or was already satisfied)
        note,      ///< something worth a line
        failed,    ///< the end: error is set
        done,      ///< the end: everything holds
    } type = Type::note;

    std::string stage;                                     ///< "extract"
    std::string action;                                    ///< id
    std::string text;                                      ///< one line of English
    double fraction = 0;                                   ///< of the whole installation, 0..1, never falling
    std::optional<std::uint64_t> bytes_done, bytes_total;  ///< of the current action
    std::optional<double> bytes_per_second, seconds_left;
    bool satisfied = false;  ///< finished: nothing had to be done
    std::optional<Error> error;
};

/// "started", "progress", ...: the `type` field of the JSON form.
[[nodiscard]] std::string_view to_string(Event::Type type);

/// {type, stage, action, text, fraction} and those of bytes_done, bytes_total, bytes_per_second,
/// seconds_left, satisfied and error that mean something for the event.
[[nodiscard]] Json to_json(const Event& event);

/// {kind, code, message} and where, hint, context unless they are empty.
[[nodiscard]] Json to_json(const Error& error);

/// "extract  63 %  extracting the node's system  41.2 MB/s, 0:21 left": for lines on a console.
[[nodiscard]] std::string to_line(const Event& event);

class EventSink {
public:
    EventSink() = default;
    EventSink(const EventSink&) = delete;
    EventSink& operator=(const EventSink&) = delete;
    virtual ~EventSink() = default;
    /// May be called from one thread at a time; must not block for long.
    virtual void on_event(const Event& event) = 0;
};

}  // namespace bedplate
