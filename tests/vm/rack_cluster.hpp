// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server.hpp"
#include "tests/support/rack/rack.hpp"

namespace bedplate::vm {

/// Nodes on the virtual rack, each with a system disk, one disk for Ceph and one port: the first creates a
/// cluster, the others shall join it. They are called vmnode1 and so on.
class RackCluster {
public:
    /// `bridge`: one for machines, of that name, on the management network; empty: none.
    RackCluster(std::string name, unsigned nodes, std::string bridge = {});

    /// Install all, two at a time, and start each when it is installed, until all let us in. The first makes
    /// its cluster while the third is being installed.
    void install();
    /// Install all, and let them become one cluster: each is ready afterwards.
    void unite();
    /// Carry a ticket of the first node to another one. `number` counts from 1.
    void give_ticket(unsigned number);
    /// Wait until its first boot has come to the step with this title.
    void wait_for_step(unsigned number, const std::string& title);
    /// Wait until `bedplate node status` says ready; the test fails where it does not.
    void check_ready(unsigned number, const std::string& what);
    /// Switch the node off in order and install it again, as the next generation, with the same document
    /// otherwise.
    void install_again(unsigned number);
    /// Cut everybody's power and drop the disks.
    void succeeded();

    [[nodiscard]] unsigned size() const { return static_cast<unsigned>(machines_.size()); }
    [[nodiscard]] const GuestSsh& ssh(unsigned number) const {
        return machines_.at(number - 1)->server.ssh();
    }
    [[nodiscard]] const std::filesystem::path& image(unsigned number, std::size_t disk) const {
        return machines_.at(number - 1)->server.image(disk);
    }
    [[nodiscard]] static std::string hostname(unsigned number);

private:
    struct Machine {
        explicit Machine(const std::string& name);
        Workspace workspace;
        Server server;
        std::unique_ptr<Vm> vm;
        unsigned generation = 1;
    };
    [[nodiscard]] std::string site(unsigned generation) const;

    Workspace workspace_;
    std::string name_, bridge_;
    SshKey key_;
    std::unique_ptr<rack::Rack> rack_;
    std::vector<std::unique_ptr<Machine>> machines_;
};

}  // namespace bedplate::vm
