// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "firstboot/access.hpp"
#include "firstboot/fencing.hpp"
#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

/// When the registry is read as a whole: after a change, where the last time did not come to its end, and
/// every half a minute besides.
class WholeReads {
public:
    using Time = std::chrono::steady_clock::time_point;
    [[nodiscard]] bool due(std::int64_t revision, Time now) const {
        return seen_ != revision || now >= next_;
    }
    void begun() { seen_.reset(); }
    /// `revision` and `now` as they were before the reading.
    void ended(std::int64_t revision, Time now) {
        seen_ = revision;
        next_ = now + std::chrono::seconds{30};
    }

private:
    std::optional<std::int64_t> seen_;
    Time next_;
};

/// Carries `read` out where it is due. Errors: registry.unreachable, registry.refused, and those of `read`.
[[nodiscard]] Result<void> read_if_due(WholeReads& reads, Registry& registry, Clock& clock,
                                       const std::function<Result<void>()>& read);

/// Writes what the registry says of the members into this node's files (docs/decisions/0072).
class Follower {
public:
    explicit Follower(Node& node) : node_(node), fencing_(node) {}

    /// Look once; what could not be written is tried again the next time. Errors: node.removed (this node is
    /// no member any more), registry.*, and those of the files.
    [[nodiscard]] Result<void> once();

private:
    [[nodiscard]] Result<void> follow(Registry& registry);

    Node& node_;
    FencingFollower fencing_;
    bool qdevice_due_ = true;
    bool due_ = true;  ///< the files may not say yet what the list of members does
    WholeReads reads_;
};

/// While a first boot goes on: others may join meanwhile, and corosync's list is on every node that runs it
/// or on none. Begins once this node has written the list for the first time; ends with the thread. `http` is
/// for this thread alone.
[[nodiscard]] std::jthread follow_membership(Platform& platform, std::string hostname,
                                             std::unique_ptr<Http> http);

}  // namespace bedplate::firstboot
