// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

/// Writes what the registry says of the members into this node's files (docs/decisions/0072).
class Follower {
public:
    explicit Follower(Node& node) : node_(node) {}

    /// Look once; what could not be written is tried again the next time. Errors: node.removed (this node is
    /// no member any more), registry.*, and those of the files.
    [[nodiscard]] Result<void> once();

private:
    Node& node_;
    bool due_ = true;  ///< the files may not say yet what the list of members does
};

/// While a first boot goes on: others may join meanwhile, and corosync's list is on every node that runs it
/// or on none. Begins once this node has written the list for the first time; ends with the thread. `http` is
/// for this thread alone.
[[nodiscard]] std::jthread follow_membership(Platform& platform, std::string hostname,
                                             std::unique_ptr<Http> http);

}  // namespace bedplate::firstboot
