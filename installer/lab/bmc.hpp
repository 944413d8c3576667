// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "lab/lab.hpp"
#include "platform/platform.hpp"

namespace bedplate::lab {

/// Start one BMC for each node (OpenIPMI's ipmi_sim: IPMI 2.0 over the network, cipher suite 3), whose power
/// switch is the virtual machine's. `program` is this program, which they call back. Errors: bmc.start (with
/// what ipmi_sim said).
[[nodiscard]] Result<void> start_bmcs(Platform& platform, const Lab& lab,
                                      const std::filesystem::path& program);

/// End those that are still there. A process that is not one of this lab's is left alone.
[[nodiscard]] Result<void> stop_bmcs(Platform& platform, const Lab& lab);

/// ipmi_sim's configuration for one node, and its commands at start. They hold the password: mode 0600.
[[nodiscard]] std::string bmc_configuration(const Lab& lab, const LabNode& node, const Secret& password,
                                            const std::filesystem::path& program);
[[nodiscard]] std::string bmc_commands();

}  // namespace bedplate::lab
