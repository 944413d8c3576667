// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/lab.hpp"
#include "lab/libvirt.hpp"
#include "lab/node_shell.hpp"
#include "platform/platform.hpp"

namespace bedplate::lab {

/// Marks the flows of a partition in the switch, as ovs-ofctl takes it.
inline constexpr std::string_view partition_cookie = "cookie=0xbed9/-1";

/// The lab as something to be broken: its nodes from outside, and commands on them.
class Rack {
public:
    Rack(Platform& platform, Libvirt& libvirt, const Lab& lab)
        : platform_(platform), libvirt_(libvirt), lab_(lab) {}

    [[nodiscard]] const Lab& lab() const { return lab_; }
    [[nodiscard]] Platform& platform() const { return platform_; }
    [[nodiscard]] Libvirt& libvirt() const { return libvirt_; }
    /// Errors: drill.node.
    [[nodiscard]] Result<const LabNode*> node(std::string_view hostname) const;

    /// What a command line on a node prints; `on_line` hears each line of it when it arrives. Errors:
    /// lab.node-command, command.*.
    [[nodiscard]] Result<std::string> on(std::string_view hostname, const std::string& line,
                                         std::chrono::seconds timeout = std::chrono::seconds{60},
                                         std::function<void(std::string_view line)> on_line = {}) const;
    /// The same on the first node that answers it.
    [[nodiscard]] Result<std::string> on_any(const std::string& line,
                                             std::chrono::seconds timeout = std::chrono::seconds{60}) const;
    /// What the monitors answer to one command without arguments. Errors: those above, json.*.
    [[nodiscard]] Result<Json> ask_monitors(std::string_view prefix) const;

    /// SIGKILL to the emulator of a node. Errors: drill.process (it cannot be told from others).
    [[nodiscard]] Result<void> kill_emulator(std::string_view hostname) const;
    /// The flows by which a switch drops all IPv4 packets between a node's addresses and those of the others;
    /// everything else, this machine and virtual machines included, is reached as before.
    [[nodiscard]] Result<std::string> partition_of(std::string_view hostname) const;
    /// Errors: command.failed.
    [[nodiscard]] Result<void> part(const std::string& flows) const;
    [[nodiscard]] Result<void> reconnect() const;

private:
    Platform& platform_;
    Libvirt& libvirt_;
    const Lab& lab_;
};

/// Addresses that `ip -json -4 address show scope global` prints. Errors: json.*, drill.addresses.
[[nodiscard]] Result<std::vector<std::string>> parse_addresses(const std::string& json);

/// OpenFlow rules that part two groups of addresses in both directions, one a line.
[[nodiscard]] std::string partition_flows(const std::vector<std::string>& one,
                                          const std::vector<std::string>& others);

/// Whether the arguments of a process (as /proc has them) are those of QEMU running this domain.
[[nodiscard]] bool is_emulator_of(std::string_view arguments, std::string_view domain);

/// The line that asks the monitors on a node.
[[nodiscard]] std::string monitor_question(std::string_view prefix);

}  // namespace bedplate::lab
