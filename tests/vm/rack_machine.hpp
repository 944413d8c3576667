// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "machine.hpp"
#include "tests/support/rack/rack.hpp"

namespace bedplate::vm {

/// The site of the network tests: a node with four VLANs on one LACP bond (profile vm-rack).
[[nodiscard]] std::string rack_site(const std::string& ssh_key, unsigned management_vlan = 100);

/// A virtual rack with two ports for the node, gateways in VLAN 100 and 200 and another node in 300 and 301.
class RackFixture {
public:
    explicit RackFixture(const Workspace& workspace);

    /// The node's two ports as it should be: LACP, VLANs 100, 200, 300 and 301, nothing untagged.
    void connect_well();
    [[nodiscard]] rack::Rack& rack() { return *rack_; }
    /// The two ports, as QEMU is to be given them.
    [[nodiscard]] std::vector<NicSpec> nics() const;

    /// The node, over its management network.
    [[nodiscard]] GuestSsh ssh(const SshKey& key) const;

    /// How long the node could not be reached in each of its networks while `disturb` ran and for
    /// `time` after it, in milliseconds: the longest of them.
    [[nodiscard]] std::chrono::milliseconds loss_during(const std::function<void()>& disturb,
                                                        std::chrono::seconds time);

private:
    std::filesystem::path folder_;
    std::unique_ptr<rack::Rack> rack_;
};

}  // namespace bedplate::vm
