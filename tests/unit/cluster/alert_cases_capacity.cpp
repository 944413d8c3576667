// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/cluster/alert_cases.hpp"

namespace bedplate::test {

std::vector<AlertCase> capacity_cases() {
    // Three nodes with room for 100 GiB and 50 threads each; two of them have 200 GiB and 100 threads.
    const auto nodes = [](const std::string& metric, const std::string& value) {
        std::vector<Series> series;
        for (const char* node : {"n1", "n2", "n3"}) {
            series.push_back({metric + "{node=\"" + node + "\"}", value + "x60", value + "x60"});
        }
        return series;
    };
    auto memory = nodes("bedplate_capacity_memory_bytes", "107374182400");
    const std::string promised = "libvirt_domain_info_maximum_memory_bytes";
    memory.push_back({promised + R"({domain="a",node="n1"})", "161061273600x60", "161061273600x60"});
    memory.push_back({promised + R"({domain="b",node="n2"})", "107374182400x60", "53687091200x60"});
    // It is moving: counted once.
    memory.push_back({promised + R"({domain="b",node="n3"})", "107374182400x60", "53687091200x60"});
    auto threads = nodes("bedplate_capacity_threads", "50");
    const std::string cpus = "libvirt_domain_info_virtual_cpus";
    threads.push_back({cpus + R"({domain="a",node="n1"})", "401x60", "400x60"});
    return {
        {"CapacityBelowSpare", memory, Json::object(),
         "machines are promised 250GiB, more than there is without the largest node"},
        {"CapacityCpuBelowSpare", threads, Json::object(),
         "machines have 401 processors, more than four a thread without the largest node"},
    };
}

}  // namespace bedplate::test
