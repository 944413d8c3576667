// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/vm.hpp"
#include "platform/platform.hpp"
#include "registry/registry.hpp"

namespace bedplate {

/// A virtual machine as the registry keeps it: vms/NAME.
struct VmRecord {
    VmSpec spec;
    std::string xml;                        ///< libvirt's <domain>
    std::string type;                       ///< "kvm" or "qemu": what a node needs to run it
    std::string node;                       ///< who made it; a machine that is not HA began there
    std::optional<unsigned> cell;           ///< the NUMA node that it is pinned to
    std::optional<std::uint64_t> page_kib;  ///< size of the huge pages that its memory is in
    bool ready = false;                     ///< made to the end; else the command that makes it was cut off
    bool operator==(const VmRecord&) const = default;
};
using VmRecords = std::map<std::string, VmRecord>;

/// Every machine, by name. One request.
[[nodiscard]] Result<VmRecords> vm_records(Registry& registry);
[[nodiscard]] Result<std::optional<VmRecord>> vm_record(Registry& registry, const std::string& name);
/// Claim the name. False: somebody has it. One request.
[[nodiscard]] Result<bool> claim_vm(Registry& registry, const VmRecord& record);
[[nodiscard]] Result<void> store_vm(Registry& registry, const VmRecord& record);
[[nodiscard]] Result<void> forget_vm(Registry& registry, const std::string& name);

/// What nodes can offer machines: vm-hosts/NAME.
[[nodiscard]] Result<VmHosts> vm_hosts(Registry& registry);
[[nodiscard]] Result<void> publish_vm_host(Registry& registry, const std::string& hostname,
                                           const VmHost& host);

/// Write the files of all HA machines into vm_folder, take away those of machines that are gone, and say so
/// in the registry (vm-acks/HOSTNAME) where this node has not yet. What every member does every few seconds.
/// Returns the machines that are made to the end and whose file was missing here: Pacemaker may have looked
/// for it.
[[nodiscard]] Result<std::vector<std::string>> follow_vms(Platform& platform, Registry& registry,
                                                          const std::string& hostname);
/// Of `nodes` those that have not said that they have the files as the registry has them now.
[[nodiscard]] Result<std::vector<std::string>> without_vm_files(Registry& registry,
                                                                const std::vector<std::string>& nodes);

/// A processor that HA machines were made with: libvirt's <cpu> without its topology, for "kvm" or "qemu".
struct VmProcessor {
    std::string type, cpu;
    std::vector<std::string> machines;
};
/// Each once. One request.
[[nodiscard]] Result<std::vector<VmProcessor>> vm_processors(Registry& registry);

/// HA machines that need KVM, where this node has none: it must not be given machines.
[[nodiscard]] Result<std::vector<std::string>> vms_beyond(Registry& registry, const std::string& hostname);

}  // namespace bedplate
