// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"

namespace bedplate {

/// A network port of a virtual machine.
struct VmNetwork {
    std::string network;                ///< as the site and libvirt call it
    std::optional<std::uint64_t> vlan;  ///< another than the network's own
    bool operator==(const VmNetwork&) const = default;
};

/// What a virtual machine shall be: `bedplate vm create`, or an entry of `vms:` in the site.
struct VmSpec {
    std::string name;
    std::uint32_t cpus = 1;
    Bytes memory = gib(1);
    Bytes disk{};            ///< 0: as large as the image
    std::string image, iso;  ///< files on the node that makes it; empty: none
    std::vector<VmNetwork> networks;
    bool ha = false;  ///< a resource of Pacemaker; else it stays with the node that makes it
    std::uint32_t priority = 0;
    bool pin = false, hugepages = false, watchdog = true, uefi = false;
    bool operator==(const VmSpec&) const = default;
};

[[nodiscard]] Json to_json(const VmSpec& spec);
/// Errors: vm.record.
[[nodiscard]] Result<VmSpec> vm_spec_from_json(const Json& json);
/// What can be said of it without looking anywhere. Errors, all refused: vm.name, vm.cpus, vm.memory,
/// vm.disk, vm.network, vm.priority.
[[nodiscard]] Result<void> check_vm(const VmSpec& spec);
/// "service" or "service:210". Errors: vm.network.
[[nodiscard]] Result<VmNetwork> parse_vm_network(std::string_view text);

/// What differs between two machines, as "memory 2 GiB instead of 1 GiB"; what only counts when a machine is
/// made (image, iso, size of the disk) is left out.
[[nodiscard]] std::vector<std::string> differences(const VmSpec& is, const VmSpec& wanted);

}  // namespace bedplate
