// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/quantities.hpp"
#include "base/result.hpp"
#include "cluster/cluster.hpp"
#include "cluster/vm_spec.hpp"

namespace bedplate {

/// The same in every life of a machine of this name in this cluster.
[[nodiscard]] Guid vm_uuid(const ClusterIdentity& identity, std::string_view name);
/// Locally administered and unicast, 40 bits of it derived: "52:..". `port` counts from 0.
[[nodiscard]] std::string vm_mac(const ClusterIdentity& identity, std::string_view name, std::size_t port);

// --- what nodes can offer ----------------------------------------------------------------------------------

/// A NUMA node, as libvirt's capabilities list it.
struct NumaCell {
    unsigned id = 0;
    Bytes memory;
    std::string cpus;  ///< "0-3,8-11"
    std::size_t cpu_count = 0;
    std::map<std::uint64_t, std::uint64_t> pages;  ///< size of a huge page in KiB -> how many there are
    bool operator==(const NumaCell&) const = default;
};

/// What a node's libvirt says of it; every node keeps it in the registry.
struct VmHost {
    std::string type;     ///< "kvm" where libvirt has seen it work, else "qemu"
    std::string machine;  ///< what "q35" is there: "pc-q35-10.0"
    std::uint32_t threads = 0;
    Bytes memory;
    std::vector<NumaCell> cells;
    bool operator==(const VmHost&) const = default;
};
using VmHosts = std::map<std::string, VmHost>;

[[nodiscard]] Json to_json(const VmHost& host);
/// Errors: vm.record.
[[nodiscard]] Result<VmHost> vm_host_from_json(const Json& json);

/// What a new machine is made for, so that each of `nodes` can run it: KVM only where all have it, and the
/// oldest of their machine types. Errors: vm.host-unknown (a node that has not said what it can do).
struct VmPlatform {
    std::string type, machine;
};
[[nodiscard]] Result<VmPlatform> common_platform(const std::vector<std::string>& nodes, const VmHosts& hosts);

/// Memory that a machine has for itself: on one NUMA node, in huge pages, or both.
struct VmPlace {
    Bytes memory;
    std::optional<unsigned> cell;
    std::optional<std::uint64_t> page_kib;
};
/// By node. An HA machine stands with each node, since it may come to any.
using VmPlaces = std::map<std::string, std::vector<VmPlace>>;

/// A NUMA node that all have alike and on which the machine has room on each of them, beside those that are
/// pinned there, and with its huge pages where it asks for those; of several the one that is least taken.
/// Errors (refused): vm.pin.
[[nodiscard]] Result<NumaCell> choose_cell(const VmSpec& spec, const VmHosts& hosts, const VmPlaces& places);
/// The largest size of huge pages (KiB) of which every node has enough left; on that NUMA node alone where
/// one was chosen. A machine that is not pinned counts on each, since it may have its pages there. Errors
/// (refused): vm.hugepages.
[[nodiscard]] Result<std::uint64_t> choose_page_size(const VmSpec& spec, const VmHosts& hosts,
                                                     const VmPlaces& places, std::optional<unsigned> cell);

// --- may it be made? ---------------------------------------------------------------------------------------

/// A node as it is at this moment.
struct VmNode {
    std::string name;
    bool online = true;  ///< Pacemaker gives it resources
    std::uint32_t threads = 0;
    std::uint64_t cpus = 0, cpus_used = 0;  ///< virtual processors for HA machines, and what these have of it
    Bytes capacity, used;                   ///< memory for machines, and what machines have of it
    std::vector<std::string> networks;      ///< active ones of libvirt; asked for where it is online

    [[nodiscard]] Bytes room() const { return used < capacity ? capacity - used : Bytes{0}; }
    [[nodiscard]] std::uint64_t cpu_room() const { return cpus_used < cpus ? cpus - cpus_used : 0; }
    /// It is large enough and has room. Pacemaker counts the processors of HA machines alone.
    [[nodiscard]] bool takes(const VmSpec& spec) const {
        return threads >= spec.cpus && room() >= spec.memory && (!spec.ha || cpu_room() >= spec.cpus);
    }
};

/// What is known when a machine is to be made.
struct VmFacts {
    VmSpec spec;
    std::string taken_by;             ///< who has the name already: "a machine on node2"; empty: nobody
    bool finishing = false;           ///< an earlier run of this very machine was cut off
    std::vector<std::string> images;  ///< RBD images with the machine's names that are there
    Bytes image_size;                 ///< of what is imported, as the guest sees it; 0: nothing is
    Bytes iso_size;
    Bytes pool_used, pool_free;  ///< what fits into the pool, copies and full ratio counted
    std::vector<VmNode> nodes;
};

/// Pure. Errors, all refused: vm.name-taken, vm.disk-taken, vm.disk-small (the image is larger than the disk
/// asked for), vm.pool-full (less than a fifth of the pool would be free with the disk filled), vm.cpus,
/// vm.memory, vm.network, vm.no-node.
[[nodiscard]] Result<void> may_create(const VmFacts& facts);

/// What is not wrong but should be known: "" or a sentence. An HA machine for which no second node has room;
/// nodes that are switched off.
[[nodiscard]] std::vector<std::string> advice(const VmFacts& facts);

/// Size of the disk that is made.
[[nodiscard]] Bytes disk_size(const VmFacts& facts);

// --- as a resource -----------------------------------------------------------------------------------------

/// The folder in which every node keeps the domains of HA machines; outside of /etc/libvirt/qemu, which
/// `virsh undefine` cleans up.
inline constexpr std::string_view vm_folder = "/etc/bedplate/vms";
[[nodiscard]] std::string vm_file(std::string_view name);
/// Name of the resource: "vm-web".
[[nodiscard]] std::string vm_resource(std::string_view name);

/// The machine as CIB XML (schema pacemaker-4.0): one <primitive> for `cibadmin --create --scope resources`.
/// It is looked at every `interval` (HaPolicy::monitor_interval). `scale` stretches the time limits of its
/// operations (BEDPLATE_TIME_SCALE); where it is above 1, the interval is ten seconds times it at least.
[[nodiscard]] std::string vm_resource_xml(const VmSpec& spec, double scale, std::chrono::seconds interval);

}  // namespace bedplate
