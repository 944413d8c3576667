// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace bedplate::test {

struct Series {
    std::string name, firing, quiet;  ///< values in promtool's notation, one each 30 s
};

/// An alert as somebody is told of it.
struct ToldAlert {
    Json labels;  ///< but for the severity
    std::string summary;
};

/// How an alert comes to fire.
struct AlertCase {
    std::string alert;
    std::vector<Series> series;
    Json labels;  ///< of the alert that fires, but for the severity
    std::string summary;
    std::string at = "25m";            ///< when it is looked at
    bool always = false;               ///< it is never quiet
    std::vector<ToldAlert> also = {};  ///< fire with it
};

// One list for each file of rules, in a file of its own.
[[nodiscard]] std::vector<AlertCase> host_cases();
[[nodiscard]] std::vector<AlertCase> cluster_cases();
[[nodiscard]] std::vector<AlertCase> service_cases();
[[nodiscard]] std::vector<AlertCase> capacity_cases();
[[nodiscard]] std::vector<AlertCase> log_cases();
[[nodiscard]] std::vector<AlertCase> edge_cases();

}  // namespace bedplate::test
