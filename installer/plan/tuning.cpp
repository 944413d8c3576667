// SPDX-License-Identifier: GPL-3.0-or-later
// Which values a node's kernel is to have. Why each of them is in tuning_items() and docs/tuning.md.
#include "plan/tuning.hpp"

#include <algorithm>
#include <format>
#include <map>

namespace bedplate {
namespace {

using WantedByName = std::map<std::string, std::string, std::less<>>;

// As Ceph's and systemd's own files have them.
constexpr std::string_view most_ids = "4194304", aio_requests = "1048576";
constexpr std::string_view backlog = "8192", packets_waiting = "30000";

std::string switch_text(bool on) {
    return on ? "on" : "off";
}

/// A whole number of MiB between the two.
Bytes part_of_memory(Bytes memory, std::uint64_t percent, Bytes smallest, Bytes largest) {
    return std::clamp((memory / 100 * percent).floor_to(mib(1)), smallest, largest);
}

void want_memory(const Profile& profile, const Inventory& inventory, double overcommit,
                 WantedByName& values) {
    const TuningProfile& tuning = profile.tuning;
    const bool known = inventory.memory.total.value > 0;
    const std::size_t nodes = inventory.memory.numa_nodes.size();
    values["kernel.numa_balancing"] = tuning.numa_balancing.value_or(nodes > 1) ? "1" : "0";
    values["vm.swappiness"] = std::to_string(tuning.swappiness);
    if (known || tuning.min_free) {
        const Bytes free =
            tuning.min_free.value_or(part_of_memory(inventory.memory.total, 1, mib(16), gib(2)));
        values["vm.min_free_kbytes"] = std::to_string(free.value >> 10U);
    }
    if (known || tuning.dirty) {
        const Bytes dirty =
            tuning.dirty.value_or(part_of_memory(inventory.memory.total, 10, mib(64), gib(1)));
        values["vm.dirty_bytes"] = std::to_string(dirty.value);
        values["vm.dirty_background_bytes"] = std::to_string((dirty / 4).value);
    }
    const bool ksm = tuning.ksm.value_or(overcommit > 1.0);
    values["ksm"] = switch_text(ksm);
    if (ksm) {
        values["ksm.advisor"] = "scan-time";
    }
    const CompressedSwap swap = tuning.compressed_swap.value_or(
        profile.layout.swap.value > 0 ? CompressedSwap::zswap : CompressedSwap::none);
    values["zswap"] = switch_text(swap == CompressedSwap::zswap);
    if (swap == CompressedSwap::zswap) {
        values["zswap.compressor"] = "zstd";
    }
    values["zram"] = switch_text(swap == CompressedSwap::zram);
}

void want_processor(const Profile& profile, WantedByName& values) {
    if (profile.kvm.iommu) {
        values["iommu"] = "on";
    }
    values["transparent_hugepage"] = "madvise";
    if (profile.kvm.hugepage_size && profile.kvm.hugepages_reserved > 0) {
        const std::string name = "hugepages." + to_exact_text(*profile.kvm.hugepage_size);
        values[name] = std::to_string(profile.kvm.hugepages_reserved);
    }
    values["cpu.governor"] = profile.tuning.governor;
    values["kvm.nested"] = switch_text(profile.kvm.nested);
}

void want_network(const TuningProfile& tuning, WantedByName& values) {
    const std::string most = std::to_string(tuning.socket_buffer.value);
    values["net.core.somaxconn"] = backlog;
    values["net.ipv4.tcp_max_syn_backlog"] = backlog;
    values["net.core.netdev_max_backlog"] = packets_waiting;
    values["net.core.rmem_max"] = most;
    values["net.core.wmem_max"] = most;
    values["net.ipv4.tcp_rmem"] = "4096 131072 " + most;
    values["net.ipv4.tcp_wmem"] = "4096 65536 " + most;
    values["net.ipv4.tcp_congestion_control"] = tuning.tcp_congestion;
    values["net.ipv4.tcp_mtu_probing"] = "1";
    values["net.ipv4.tcp_slow_start_after_idle"] = "0";
    if (tuning.largest_rings) {
        values["net.ring_buffers"] = "max";
    }
    if (tuning.all_channels) {
        values["net.channels"] = "max";
    }
}

void want_disks(const TuningProfile& tuning, WantedByName& values) {
    values["kernel.pid_max"] = most_ids;
    values["fs.aio-max-nr"] = aio_requests;
    values["io.scheduler.nvme"] = tuning.scheduler_nvme;
    values["io.scheduler.ssd"] = tuning.scheduler_ssd;
    values["io.scheduler.hdd"] = tuning.scheduler_hdd;
    values["io.scheduler.virtual"] = tuning.scheduler_virtual;
    values["io.read_ahead.hdd"] = std::to_string(tuning.read_ahead.value >> 10U);
    values["fs.noatime"] = "noatime";
    values["multipath"] = switch_text(tuning.multipath);
}

}  // namespace

std::vector<TuningValue> plan_tuning(const Profile& profile, const Inventory& inventory,
                                     std::optional<double> memory_overcommit) {
    WantedByName values;
    want_processor(profile, values);
    want_memory(profile, inventory, memory_overcommit.value_or(profile.kvm.memory_overcommit), values);
    want_network(profile.tuning, values);
    want_disks(profile.tuning, values);
    std::vector<TuningValue> planned;
    for (const TuningItem& item : tuning_items()) {
        const auto found = values.find(item.name);
        if (found != values.end() && !std::ranges::contains(profile.tuning.leave, item.name)) {
            planned.push_back({.name = found->first,
                               .wanted = found->second,
                               .required = std::ranges::contains(profile.tuning.required, item.name)});
        }
    }
    return planned;
}

Result<void> check_tuning_fits(const Profile& profile, const Inventory& inventory) {
    const Bytes memory = inventory.memory.total;
    const KvmProfile& kvm = profile.kvm;
    if (!kvm.hugepage_size || memory.value == 0) {
        return {};
    }
    const Bytes pages = *kvm.hugepage_size * kvm.hugepages_reserved;
    const Bytes room = memory / 100 * (100 - kvm.reserved_host_memory_percent);
    if (pages > room) {
        return refuse(
            "tuning.hugepages",
            std::format("{} huge pages of {} are {}, and of {} memory {} % are never given to guests",
                        kvm.hugepages_reserved, to_exact_text(*kvm.hugepage_size), to_binary_text(pages),
                        to_binary_text(memory), kvm.reserved_host_memory_percent),
            std::format("profile {}, kvm.hugepages", profile.name), "reserve fewer of them");
    }
    return {};
}

Json tuning_document(const std::vector<TuningValue>& values) {
    Json document{{"schema", "bedplate/tuning/v1"}, {"values", Json::object()}, {"required", Json::array()}};
    for (const TuningValue& value : values) {
        document["values"][value.name] = value.wanted;
        if (value.required) {
            document["required"].push_back(value.name);
        }
    }
    return document;
}

Result<std::vector<TuningValue>> tuning_from_document(const Json& document) {
    try {
        const auto required = document.at("required").get<std::vector<std::string>>();
        std::vector<TuningValue> all;
        for (const auto& [name, wanted] : document.at("values").items()) {
            all.push_back({.name = name,
                           .wanted = wanted.get<std::string>(),
                           .required = std::ranges::contains(required, name)});
        }
        return all;
    } catch (const nlohmann::json::exception& e) {
        return fail("tuning.file", std::format("cannot be read: {}", e.what()), std::string(tuning_path));
    }
}

}  // namespace bedplate
