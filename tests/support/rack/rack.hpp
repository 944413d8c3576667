// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/command_runner.hpp"
#include "platform/descriptor.hpp"

namespace bedplate::rack {

/// How the ports of one bond hang on the switch.
struct Trunk {
    std::string name;                ///< Open vSwitch's port
    std::vector<std::string> ports;  ///< of the rack; one: no bond
    std::vector<unsigned> vlans;     ///< tagged; empty: all
    unsigned native = 0;             ///< VLAN of untagged frames; 0: none
    bool lacp = true, fast = true;
};

/// A switch with wires to virtual machines (QEMU: NicSpec::rack_port), in a network namespace of its own; see
/// main.cpp. It is gone with this object. Everything is a command of Open vSwitch's or iproute2's, so that a
/// test can also run any other of them.
class Rack {
public:
    /// `directory` must have a short path: Unix sockets allow 107 bytes. Errors: rack.start.
    [[nodiscard]] static Result<std::unique_ptr<Rack>> start(CommandRunner& commands,
                                                             const std::filesystem::path& directory,
                                                             const std::vector<std::string>& ports);
    ~Rack();
    Rack(const Rack&) = delete;
    Rack& operator=(const Rack&) = delete;

    /// Ports and VLANs of the switch. A trunk of this name is replaced.
    [[nodiscard]] Result<void> connect(const Trunk& trunk);
    /// Another machine in a VLAN (0: untagged): a gateway, or somebody who has a node's address.
    /// `name` has 15 characters at most.
    [[nodiscard]] Result<void> add_host(const std::string& name, unsigned vlan, const std::string& address,
                                        unsigned mtu = 1500);
    [[nodiscard]] Result<void> remove_host(const std::string& name);
    /// A DHCP server that nobody asked for, on a host that is there already.
    [[nodiscard]] Result<void> rogue_dhcp(const std::string& host, const std::string& first,
                                          const std::string& last);
    /// The switch's name as LLDP tells it, on one port.
    [[nodiscard]] Result<void> speak_lldp(const std::string& port);

    /// The switch's end of a cable; the node's end is QEMU's (Vm::set_link).
    [[nodiscard]] Result<void> set_link(const std::string& port, bool up);
    /// Link stays, nothing gets through, LACP neither.
    [[nodiscard]] Result<void> mute(const std::string& port, bool muted);
    /// Larger packets are lost; 0: no limit.
    [[nodiscard]] Result<void> limit(const std::string& port, unsigned bytes);

    /// ovs-vsctl with these arguments; its output.
    [[nodiscard]] Result<std::string> vsctl(std::vector<std::string> arguments);
    /// A program in the rack's network namespace.
    [[nodiscard]] Result<CommandResult> run(std::vector<std::string> argv,
                                            std::chrono::milliseconds timeout = std::chrono::seconds(60));
    [[nodiscard]] std::vector<std::string> inside(std::vector<std::string> argv) const;
    /// TCP ports of an address that accept a connection, tried from inside the rack.
    [[nodiscard]] Result<std::vector<unsigned>> open_ports(const std::string& address);

private:
    Rack(CommandRunner& commands, std::filesystem::path directory, pid_t pid, Descriptor control)
        : commands_(commands), directory_(std::move(directory)), pid_(pid), control_(std::move(control)) {}
    [[nodiscard]] Result<void> order(const std::string& line);

    CommandRunner& commands_;
    std::filesystem::path directory_;
    pid_t pid_;
    Descriptor control_;
};

}  // namespace bedplate::rack
