// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "firstboot/tools.hpp"

namespace bedplate::firstboot {

/// `virsh ARGUMENTS` on this node's libvirt. Errors: command.*.
[[nodiscard]] Result<std::string> virsh(Platform& platform, std::vector<std::string> arguments);

/// "kvm" or "qemu": what machines on this node are, as it has told the registry. Errors: vm.host-unknown,
/// registry.*.
[[nodiscard]] Result<std::string> virt_type(Platform& platform, const std::string& hostname);
[[nodiscard]] Result<std::string> virt_type(Registry& registry, const std::string& hostname);

/// What this node's processor can do for machines goes into the registry, and what all nodes' can: a machine
/// that is given that (virsh hypervisor-cpu-baseline) may run on any of them and move between them.
[[nodiscard]] Steps cpu_steps(Node& node);

/// This node can run what all of them shall: libvirt's verdict on the cluster's baseline ("superset",
/// "identical", "incompatible"). Errors: cpu.no-baseline, and those of registry and virsh.
[[nodiscard]] Result<std::string> compare_with_baseline(Platform& platform, const std::string& hostname);

/// HA machines that were made with a processor which this node cannot give them: it joined later, and the
/// processor that all have in common was a larger one then. Errors: those of registry and virsh.
[[nodiscard]] Result<std::vector<std::string>> beyond_processor(Platform& platform, Registry& registry,
                                                                const std::string& hostname);

}  // namespace bedplate::firstboot
