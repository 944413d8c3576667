// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/cluster/alert_cases.hpp"

namespace bedplate::test {

std::vector<AlertCase> log_cases() {
    const std::string received = R"(bedplate_log_received_timestamp_seconds{from="n2",node="n1"})";
    return {
        {"LogForwardingStuck",
         {{received, "0x60", "0+30x60"}, {R"(up{job="node",node="n2"})", "1x60", "1x60"}},
         {{"from", "n2"}, {"node", "n1"}},
         "no line of the log of n2 reaches n1"},
        // A node that is down sends nothing, and is told of as such.
        {"LogForwardingStuck",
         {{received, "0x60", "0x60"}, {R"(up{job="node",node="n2"})", "1x60", "0x60"}},
         {{"from", "n2"}, {"node", "n1"}},
         "no line of the log of n2 reaches n1"},
        {"LogQueueFilling",
         {{R"(bedplate_log_queue_bytes{to="n3",node="n1"})", "900x60", "800x60"},
          {R"(bedplate_log_queue_limit_bytes{to="n3",node="n1"})", "1000x60", "1000x60"}},
         {{"to", "n3"}, {"node", "n1"}},
         "what n1 keeps of its log for n3 has nearly filled its space"},
    };
}

}  // namespace bedplate::test
