// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "lab/guest/ring.hpp"
#include "lab/rack.hpp"

namespace bedplate::lab {

/// UDP, on this machine's address in the management network.
inline constexpr std::uint16_t collector_port = 9700;

/// Where the machine that drills watch has its address and its collector: the 200th of the management
/// network, and this machine. Errors: drill.address (the network is too small or not one of 256 addresses or
/// fewer).
[[nodiscard]] Result<pulse::Settings> pulse_settings(const Lab& lab);

/// `bedplate vm ...` for a node's shell. Nodes do not know how slow their lab is: BEDPLATE_TIME_SCALE goes
/// with it.
[[nodiscard]] std::string vm_line(std::string_view arguments);

/// What the cluster has of the machine.
enum class PulseState {
    absent,
    unfinished,  ///< was begun: create_pulse goes on with it
    stopped,     ///< is there whole and does not run now
    running
};
/// Errors: lab.node-command, json.*, drill.machines.
[[nodiscard]] Result<PulseState> pulse_state(const Rack& rack);
/// Write its image from the lab's own medium, carry it to a node and have it made there, highly available.
/// Done again, it finishes what was begun. Errors: those of make_guest, lab.node-command, command.*.
[[nodiscard]] Result<void> create_pulse(const Rack& rack, const std::filesystem::path& program);
/// Errors: lab.node-command, command.*.
[[nodiscard]] Result<void> remove_pulse(const Rack& rack);

}  // namespace bedplate::lab
