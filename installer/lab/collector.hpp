// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "lab/guest/beat.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::lab {

/// Hears what the pulse acknowledges, outside of the cluster, and notes when.
class Collector {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Arrival {
        Time at;
        pulse::Beat beat;
    };

    /// Listen on a UDP port of an address of this machine (port 0: any that is free). Errors:
    /// drill.collector.
    [[nodiscard]] static Result<std::unique_ptr<Collector>> open(const std::string& address,
                                                                 std::uint16_t port);
    ~Collector();
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// What arrived at `from` and later, in its order.
    [[nodiscard]] std::vector<Arrival> since(Time from) const;
    [[nodiscard]] std::optional<Arrival> last() const;

private:
    Collector(Descriptor handle, std::uint16_t port);
    void listen(const std::stop_token& stop);

    Descriptor handle_;
    std::uint16_t port_;
    mutable std::mutex mutex_;
    std::vector<Arrival> arrivals_;
    std::jthread thread_;
};

}  // namespace bedplate::lab
