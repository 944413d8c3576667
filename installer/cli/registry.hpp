// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "cli/machine.hpp"
#include "registry/registry.hpp"

namespace bedplate::cli {

/// The registry of the cluster that this machine is a member of.
class ClusterRegistry {
public:
    /// Errors: registry.none.
    [[nodiscard]] Result<void> open();
    /// After open().
    [[nodiscard]] Registry& registry() { return *registry_; }
    [[nodiscard]] Platform& platform() { return machine_.platform(); }

private:
    Machine machine_;
    std::unique_ptr<Http> http_;
    std::unique_ptr<Etcd> etcd_;
    std::unique_ptr<Registry> registry_;
};

}  // namespace bedplate::cli
