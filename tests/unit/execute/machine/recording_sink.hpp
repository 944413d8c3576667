// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "execute/events.hpp"

namespace bedplate::test {

class RecordingSink : public EventSink {
public:
    void on_event(const Event& event) override { events.push_back(event); }
    std::vector<Event> events;
};

}  // namespace bedplate::test
