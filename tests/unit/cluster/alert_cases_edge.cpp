// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/cluster/alert_cases.hpp"

namespace bedplate::test {

std::vector<AlertCase> edge_cases() {
    return {
        {"EdgeServiceDown",
         {{R"(haproxy_backend_status{state="UP",proxy="web",node="n1"})", "0x60", "1x60"}},
         {{"state", "UP"}, {"proxy", "web"}, {"node", "n1"}},
         "no backend of web answers n1"},
        {"EdgeBackendDown",
         {{R"(haproxy_server_status{state="DOWN",proxy="web",server="10.0.50.11:8080",node="n1"})", "1x60",
           "0x60"}},
         {{"state", "DOWN"}, {"proxy", "web"}, {"server", "10.0.50.11:8080"}, {"node", "n1"}},
         "10.0.50.11:8080 of web does not answer n1"},
    };
}

}  // namespace bedplate::test
