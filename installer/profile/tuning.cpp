// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/tuning.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bedplate {
namespace {

using Means = TuningMeans;
using Reading = TuningReading;

constexpr std::array all_tuning_items{
    // processor and memory
    TuningItem{"iommu", Means::kernel_argument, Reading::own, "",
               "devices can be given to guests, and a device only reaches the memory that is meant for it; "
               "host devices keep direct mappings (iommu=pt) and lose no speed"},
    TuningItem{"transparent_hugepage", Means::kernel_argument, Reading::selected,
               "/sys/kernel/mm/transparent_hugepage/enabled",
               "QEMU asks for huge pages for the memory of its guests; everything else, databases above all, "
               "does not pay for compaction"},
    TuningItem{"hugepages.2MiB", Means::kernel_argument, Reading::at_least,
               "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
               "pages for guests that must not miss in the TLB are set aside at boot, while memory is in one "
               "piece"},
    TuningItem{
        "hugepages.1GiB", Means::kernel_argument, Reading::at_least,
        "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
        "pages of 1 GiB can be had at boot only; they are the default size, so that /dev/hugepages has "
        "them and libvirt finds them"},
    TuningItem{"cpu.governor", Means::kernel_argument, Reading::text,
               "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor",
               "a storage request or a guest that wakes up shall not wait for the clock to rise"},
    TuningItem{"kvm.nested", Means::module_option, Reading::on_off, "/sys/module/kvm_*/parameters/nested",
               "the code for guests within guests can be attacked by every guest; it is on where the profile "
               "asks for it"},
    TuningItem{"kernel.numa_balancing", Means::sysctl, Reading::text, "/proc/sys/kernel/numa_balancing",
               "guests that are not pinned move to where their memory is; with one node of memory, or pinned "
               "guests, the sampling only costs"},
    TuningItem{"vm.swappiness", Means::sysctl, Reading::text, "/proc/sys/vm/swappiness",
               "drop cached files before memory of guests and daemons is swapped out; 0 would mean to be out "
               "of memory before swap is used"},
    TuningItem{"vm.min_free_kbytes", Means::sysctl, Reading::at_least, "/proc/sys/vm/min_free_kbytes",
               "network drivers take memory where they cannot wait for it: keep 1 % free for bursts"},
    TuningItem{"vm.dirty_bytes", Means::sysctl, Reading::text, "/proc/sys/vm/dirty_bytes",
               "as a share of a large memory, unwritten data would be minutes of disk time, and every fsync "
               "would wait for it"},
    TuningItem{
        "vm.dirty_background_bytes", Means::sysctl, Reading::text, "/proc/sys/vm/dirty_background_bytes",
        "writing begins early and goes on steadily, well before writers are stopped at vm.dirty_bytes"},
    TuningItem{"ksm", Means::tmpfiles, Reading::on_off, "/sys/kernel/mm/ksm/run",
               "pages that guests have in common are kept once, which is what a promise of more memory than "
               "there is relies on; else it costs time and lets guests guess at each other's memory"},
    TuningItem{"ksm.advisor", Means::tmpfiles, Reading::selected, "/sys/kernel/mm/ksm/advisor_mode",
               "the kernel itself adjusts how fast it scans; no daemon (ksmtuned) is needed for it"},
    TuningItem{"zswap", Means::tmpfiles, Reading::on_off, "/sys/module/zswap/parameters/enabled",
               "what is swapped out is compressed in memory first and written to the swap volume only when "
               "that is full"},
    TuningItem{"zswap.compressor", Means::tmpfiles, Reading::text, "/sys/module/zswap/parameters/compressor",
               "zstd makes memory of guests smallest, and decompresses faster than any disk reads"},
    TuningItem{"zram", Means::generator, Reading::own, "",
               "compressed swap in memory for a node without a swap volume; beside zswap it would compress "
               "twice and take memory for good, so it is off unless the profile asks for it"},
    // limits
    TuningItem{"kernel.pid_max", Means::sysctl, Reading::at_least, "/proc/sys/kernel/pid_max",
               "a node with many OSDs has tens of thousands of threads, more than the 32768 ids of old"},
    TuningItem{
        "fs.aio-max-nr", Means::sysctl, Reading::at_least, "/proc/sys/fs/aio-max-nr",
        "every OSD takes thousands of asynchronous requests; the kernel's 65536 are too few for a node "
        "with many of them"},
    // network
    TuningItem{"net.core.somaxconn", Means::sysctl, Reading::at_least, "/proc/sys/net/core/somaxconn",
               "when a monitor or OSD comes back, all of its clients connect at once; what does not fit into "
               "the queue waits a second or more"},
    TuningItem{"net.ipv4.tcp_max_syn_backlog", Means::sysctl, Reading::at_least,
               "/proc/sys/net/ipv4/tcp_max_syn_backlog",
               "the same for connections that are still being made"},
    TuningItem{"net.core.netdev_max_backlog", Means::sysctl, Reading::at_least,
               "/proc/sys/net/core/netdev_max_backlog",
               "packets to guests and overlays go through this queue of each processor; at 25 Gbit/s the "
               "kernel's 1000 are half a millisecond"},
    TuningItem{"net.core.rmem_max", Means::sysctl, Reading::at_least, "/proc/sys/net/core/rmem_max",
               "25 Gbit/s are 3 MB for each millisecond of delay: what a connection may hold at most"},
    TuningItem{"net.core.wmem_max", Means::sysctl, Reading::at_least, "/proc/sys/net/core/wmem_max",
               "the same in the other direction"},
    TuningItem{"net.ipv4.tcp_rmem", Means::sysctl, Reading::text, "/proc/sys/net/ipv4/tcp_rmem",
               "the kernel sizes each connection itself, from the middle value up to this limit"},
    TuningItem{"net.ipv4.tcp_wmem", Means::sysctl, Reading::text, "/proc/sys/net/ipv4/tcp_wmem",
               "the same in the other direction"},
    TuningItem{
        "net.ipv4.tcp_congestion_control", Means::sysctl, Reading::text,
        "/proc/sys/net/ipv4/tcp_congestion_control",
        "cubic shares a switch fairly; bbr is for long distances, dctcp for switches that mark packets"},
    TuningItem{"net.ipv4.tcp_mtu_probing", Means::sysctl, Reading::text, "/proc/sys/net/ipv4/tcp_mtu_probing",
               "where a switch on the way loses large packets without a word, connections find a size that "
               "passes instead of hanging"},
    TuningItem{"net.ipv4.tcp_slow_start_after_idle", Means::sysctl, Reading::text,
               "/proc/sys/net/ipv4/tcp_slow_start_after_idle",
               "daemons talk over connections that are idle most of the time; they shall not begin anew with "
               "ten packets after each pause"},
    TuningItem{"net.ring_buffers", Means::link, Reading::own, "",
               "a burst that finds the port's ring full is lost, and with it the time until TCP notices"},
    TuningItem{
        "net.channels", Means::link, Reading::own, "",
        "received packets are spread over processors by as many queues as the port has; server drivers "
        "choose that by themselves, so it is set only where the profile says so"},
    // disks
    TuningItem{"io.scheduler.nvme", Means::udev, Reading::selected, "/sys/block/*/queue/scheduler",
               "an NVMe drive orders its own deep queues; sorting before it costs processor time"},
    TuningItem{"io.scheduler.ssd", Means::udev, Reading::selected, "/sys/block/*/queue/scheduler",
               "one queue of a SATA or SAS drive: reads are not to starve behind writes"},
    TuningItem{"io.scheduler.hdd", Means::udev, Reading::selected, "/sys/block/*/queue/scheduler",
               "requests in order of place, and none older than its deadline"},
    TuningItem{"io.scheduler.virtual", Means::udev, Reading::selected, "/sys/block/*/queue/scheduler",
               "the host below orders requests; doing it twice only delays them"},
    TuningItem{"io.read_ahead.hdd", Means::udev, Reading::text, "/sys/block/*/queue/read_ahead_kb",
               "a rotating disk reads a megabyte in little more than the time of one seek; direct reads of "
               "OSDs are not touched by it"},
    TuningItem{"fs.noatime", Means::fstab, Reading::own, "",
               "reading a file must not write to the disk: monitors' stores and logs are read all the time"},
    TuningItem{
        "multipath", Means::unit, Reading::own, "",
        "disks with two paths become one device where the profile asks for it; on nodes with local disks "
        "a map would only take them away from Ceph"},
};

}  // namespace

std::span<const TuningItem> tuning_items() {
    return all_tuning_items;
}

const TuningItem* find_tuning_item(std::string_view name) {
    const auto* const found = std::ranges::find(all_tuning_items, name, &TuningItem::name);
    return found == all_tuning_items.end() ? nullptr : &*found;
}

std::vector<std::string> tuning_names() {
    std::vector<std::string> names;
    for (const TuningItem& item : all_tuning_items) {
        names.emplace_back(item.name);
    }
    return names;
}

std::string_view to_string(TuningMeans means) {
    switch (means) {
        case TuningMeans::kernel_argument:
            return "kernel argument";
        case TuningMeans::module_option:
            return "modprobe.d";
        case TuningMeans::sysctl:
            return "sysctl.d";
        case TuningMeans::tmpfiles:
            return "tmpfiles.d";
        case TuningMeans::udev:
            return "udev rule";
        case TuningMeans::link:
            return "link file";
        case TuningMeans::fstab:
            return "fstab";
        case TuningMeans::generator:
            return "zram generator";
        case TuningMeans::unit:
            return "multipath.conf";
    }
    std::unreachable();
}

}  // namespace bedplate
