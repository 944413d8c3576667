// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/vm.hpp"

namespace bedplate::guests {

/// What a machine's <domain> is made of, beside its specification. Nothing of it is one node's alone: the
/// same text runs on all of them.
struct DomainPlan {
    VmSpec spec;
    ClusterIdentity identity;
    VmPlatform platform;
    std::string cpu;  ///< libvirt's <cpu> that all nodes can give (Registry::cpu_baseline)
    std::vector<std::optional<std::uint64_t>> vlans;  ///< of each port, as tagged on the bridge
    std::optional<NumaCell> cell;                     ///< pinned to
    std::optional<std::uint64_t> page_kib;            ///< huge pages of that size
};

/// libvirt's XML (domain.rng). Its <name> stands on a line of its own, where Pacemaker's agent looks for it.
/// Errors: vm.cpu (the baseline is no <cpu>).
[[nodiscard]] Result<std::string> domain_xml(const DomainPlan& plan);

/// What a node can offer machines, from libvirt's capabilities and those of its domains. Errors: xml.syntax,
/// vm.host.
[[nodiscard]] Result<VmHost> vm_host_from(const std::string& capabilities,
                                          const std::string& domain_capabilities);

/// RBD images of a machine, in the pool `vms`.
[[nodiscard]] std::string iso_image(const std::string& name);
[[nodiscard]] std::string nvram_image(const std::string& name);
/// What its serial console said, on the node that it runs on.
[[nodiscard]] std::string console_log(const std::string& name);
inline constexpr std::string_view vm_pool = "vms";

}  // namespace bedplate::guests
