// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "firstboot/node_metrics.hpp"
#include "platform/platform.hpp"

namespace bedplate::firstboot {

/// Tells the node exporter what no other exporter does: look() now and then, tell() as often as the caller
/// comes by. What cannot be read is left out of the figures; its absence is no reason not to tell the rest.
class NodeMetrics {
public:
    explicit NodeMetrics(Platform& platform) : platform_(platform) {}

    /// The node's report as it is now, certificates, what machines may be promised, and on control
    /// nodes tickets.
    void look(const NodeReport& report);
    /// How the bonds are at this moment, and on control nodes who the members are: a target that is new is
    /// waited for as long as it joins (HostDown). Writes the file if anything changed, or a minute after the
    /// last time, so that its age says whether anybody still looks. Errors: file.write.
    [[nodiscard]] Result<void> tell();

private:
    void look_at_certificates();
    void look_at_tickets();
    void look_at_room();

    Platform& platform_;
    NodeFigures figures_;
    std::map<std::string, std::string> certificate_texts_;  ///< as they were when their end was read
    std::string written_;
    std::chrono::steady_clock::time_point written_at_;
};

}  // namespace bedplate::firstboot
