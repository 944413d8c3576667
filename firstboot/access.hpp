// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firstboot/steps.hpp"
#include "registry/names.hpp"
#include "registry/registry.hpp"

namespace bedplate::firstboot {

/// etcd on a control node: its configuration and the service; on every node, how the registry is reached.
[[nodiscard]] std::vector<Step> etcd_steps(Node& node);

/// What makes a control node a seed: the user that tickets log in as, and its sshd configuration.
[[nodiscard]] std::vector<Step> seed_steps(Node& node);

/// A registry over this node's own access file.
class RegistryConnection {
public:
    explicit RegistryConnection(Platform& platform) : platform_(platform) {}
    /// Errors: registry.none.
    [[nodiscard]] Result<void> open();
    /// After open() succeeded.
    [[nodiscard]] Registry& registry() { return *registry_; }

private:
    Platform& platform_;
    std::unique_ptr<Etcd> etcd_;
    std::unique_ptr<Registry> registry_;
};

}  // namespace bedplate::firstboot
