// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/vm.hpp"
#include "execute/carry_out.hpp"
#include "guests/hypervisor.hpp"
#include "guests/images.hpp"
#include "guests/pacemaker.hpp"
#include "registry/vms.hpp"

namespace bedplate::guests {

/// What the verbs of `bedplate vm` work on: this node, its cluster, everybody's libvirt.
struct Guests {
    Platform& platform;
    Registry& registry;
    Connect connect;
    NodeSettings settings;  ///< of this node
    /// A line for whoever watches.
    Say say = [](const std::string&) {};
};

/// One step of a verb: looks first, so that what was cut off is taken up by the same command.
struct Step {
    std::string id, summary;
    Steps steps;
};

/// Show the steps, and with `commit` carry each out, with what it says below it. Errors: the first step's
/// that fails.
[[nodiscard]] Result<void> carry_out(Guests& guests, const std::vector<Step>& steps, bool commit);

/// Ask again and again, with pauses that grow to ten seconds, for `patience` times BEDPLATE_TIME_SCALE.
/// Errors: vm.timeout with the last reason.
[[nodiscard]] Result<void> wait_until(Guests& guests, const std::string& what, std::chrono::seconds patience,
                                      const std::function<Result<bool>()>& holds);

// --- create ------------------------------------------------------------------------------------------------

struct Creation {
    VmFacts facts;
    VmRecord record;
    std::optional<ImageFile> image, iso;
};
/// Look at everything, judge it (may_create), and put the machine's XML together. Changes nothing. Errors:
/// those of check_vm, may_create, common_platform, choose_cell, choose_page_size, look_at_image; vm.network
/// (a VLAN that the bridge does not carry), cpu.no-baseline, and those of asking.
[[nodiscard]] Result<Creation> plan_creation(Guests& guests, const VmSpec& spec);
/// `wait`: for an HA machine to have started.
[[nodiscard]] std::vector<Step> creation_steps(Guests& guests, const Creation& creation, bool wait);

// --- what there is -----------------------------------------------------------------------------------------

struct VmRow {
    std::string name, state, node;
    Bytes memory, disk;
    std::uint32_t cpus = 0;
    bool ha = false, ours = true;
    std::string ip;
};
/// Every machine of the cluster, made by Bedplate or not, by name. Nodes that Pacemaker has not online are
/// not asked. `addresses`: ask the guests' agents, which takes a moment for each.
[[nodiscard]] Result<std::vector<VmRow>> list_machines(Guests& guests, bool addresses);
[[nodiscard]] Json to_json(const VmRow& row);
[[nodiscard]] std::string to_text(const std::vector<VmRow>& rows);

// --- migrate, remove ---------------------------------------------------------------------------------------

/// Move a machine while it runs; `to` empty: to the node with most room. Returns the node that it runs on
/// afterwards. Errors (refused): vm.unknown, vm.off, vm.no-node, vm.node; vm.timeout, and those of Pacemaker
/// and libvirt.
[[nodiscard]] Result<std::string> migrate(Guests& guests, const std::string& name, const std::string& to);

/// Steps that end a machine and forget it; with `purge_disk` its images, too. Errors (refused): vm.unknown.
[[nodiscard]] Result<std::vector<Step>> removal_steps(Guests& guests, const std::string& name,
                                                      bool purge_disk);

// --- the site's machines, this node ------------------------------------------------------------------------

/// What has become of one machine of the site.
struct Applied {
    std::string name;
    enum class State { there, differs, made, wanted, failed } state = State::there;
    std::string detail;
};
/// Every machine of the site's `vms`: made if it is not there; one that is there is left alone, and what
/// differs is said. One that fails does not keep the next from being made. Errors: those of the registry.
[[nodiscard]] Result<std::vector<Applied>> apply(Guests& guests, bool commit);

/// What this node can offer machines, into the registry; `check`: only look. True: it is there.
[[nodiscard]] Result<bool> publish_host(Guests& guests, bool check);

/// Before Pacemaker starts on this node: write the files of the HA machines, since one whose file is missing
/// would be "not installed" here; where there are any, wait up to ten minutes for the pool that their disks
/// are in. Errors: vm.timeout (registry or pool).
[[nodiscard]] Result<void> before_pacemaker(Guests& guests);
/// libvirt starts a node's own machines once, with itself, and that may have been before the pool served:
/// start those that are off now. Errors: vm.timeout with libvirt's reason, libvirt.*.
[[nodiscard]] Result<void> start_left_off(Guests& guests);

// --- shared by the verbs -----------------------------------------------------------------------------------

/// Members that belong to the cluster for good: neither joining nor leaving.
[[nodiscard]] Result<std::vector<std::string>> standing_members(Registry& registry);
/// libvirt of a node of the cluster, this one without the way over the network.
[[nodiscard]] Result<std::unique_ptr<Hypervisor>> libvirt_on(Guests& guests, const std::string& node);
/// The machines that the libvirt of a node knows.
[[nodiscard]] Result<std::vector<Domain>> domains_on(Guests& guests, const std::string& node);
/// Whether to go on without a node whose libvirt could not be asked, which is said: Pacemaker may not know
/// yet that it died. Without this node's own nothing goes on.
[[nodiscard]] bool is_passed_over(Guests& guests, const std::string& node, const Error& error);
/// The nodes with the memory and the processors that their machines have. Offline ones have no networks and
/// nothing used; one that does not answer counts as offline.
[[nodiscard]] Result<std::vector<VmNode>> nodes_now(Guests& guests, const ClusterState& state,
                                                    const VmHosts& hosts, const VmRecords& records);
/// vm.unknown, with the name that may have been meant.
[[nodiscard]] std::unexpected<Error> unknown_machine(const std::string& name, const VmRecords& records);

}  // namespace bedplate::guests
