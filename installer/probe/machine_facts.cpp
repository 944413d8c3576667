// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/machine_facts.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "inventory/cpuinfo.hpp"
#include "inventory/ipmi.hpp"
#include "inventory/meminfo.hpp"

namespace bedplate {
namespace {

constexpr const char* nodes_folder = "/sys/devices/system/node";
constexpr const char* blocks_folder = "/sys/devices/system/memory";

/// The number behind a prefix: ("node12", "node") -> 12.
std::optional<std::uint64_t> numbered(std::string_view name, std::string_view prefix) {
    return name.starts_with(prefix) ? parse_unsigned(name.substr(prefix.size())) : std::nullopt;
}

/// Size of a block of memory, which the kernel writes in hex.
Bytes memory_block_size(const Sources& sources) {
    Bytes size;
    for (const char digit :
         sources.file_or_empty(std::filesystem::path(blocks_folder) / "block_size_bytes")) {
        const auto value = std::string_view("0123456789abcdef").find(digit);
        if (value == std::string_view::npos) {
            return {};
        }
        size = Bytes{size.value << 4U | value};
    }
    return size;
}

Bytes memory_blocks_in(const Sources& sources, const std::filesystem::path& folder, Bytes block) {
    const auto names = sources.list(folder);
    const auto count = std::ranges::count_if(
        names, [](const std::string& name) { return numbered(name, "memory").has_value(); });
    return block * static_cast<std::uint64_t>(count);
}

std::vector<NumaNode> numa_nodes(Sources& sources, Bytes block) {
    std::vector<NumaNode> nodes;
    for (const std::string& name : sources.list(nodes_folder)) {
        const auto id = numbered(name, "node");
        if (!id) {
            continue;
        }
        const std::filesystem::path folder = std::filesystem::path(nodes_folder) / name;
        Bytes bytes = memory_blocks_in(sources, folder, block);
        if (bytes == Bytes{}) {
            const auto total = parse_meminfo_total(sources.file_or_empty(folder / "meminfo"));
            bytes = total.value_or(Bytes{});
        }
        nodes.push_back({.id = static_cast<std::uint32_t>(*id),
                         .bytes = bytes,
                         .cpus = sources.file_or_empty(folder / "cpulist")});
    }
    std::ranges::sort(nodes, {}, &NumaNode::id);
    return nodes;
}

bool has_ipmi_device(const Sources& sources) {
    return sources.exists("/dev/ipmi0") || sources.exists("/dev/ipmi/0") || sources.exists("/dev/ipmidev/0");
}

}  // namespace

SystemFacts system_facts(const Sources& sources, const std::optional<DmiFacts>& dmi) {
    const SystemFacts fallback = dmi ? dmi->system : SystemFacts{};
    const auto text = [&](const char* name, const std::string& otherwise) {
        const std::string value =
            meaningful_dmi_text(sources.file_or_empty(std::filesystem::path("/sys/class/dmi/id") / name));
        return value.empty() ? otherwise : value;
    };
    SystemFacts system{.manufacturer = text("sys_vendor", fallback.manufacturer),
                       .product = text("product_name", fallback.product),
                       .serial = text("product_serial", fallback.serial),
                       .uuid = text("product_uuid", fallback.uuid),
                       .sku = text("product_sku", fallback.sku)};
    // sysfs and dmidecode differ in case between versions.
    std::ranges::transform(system.uuid, system.uuid.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return system;
}

FirmwareFacts firmware_facts(const Sources& sources) {
    FirmwareFacts firmware{
        .mode = sources.exists("/sys/firmware/efi") ? FirmwareMode::uefi : FirmwareMode::bios,
        .secure_boot = false,
        .version = sources.file_or_empty("/sys/class/dmi/id/bios_version")};
    // Four bytes of attributes stand before the variable's one byte (kernel, efivarfs.rst).
    const auto variable =
        sources.file("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
    firmware.secure_boot = variable && variable->size() == 5 && variable->back() == '\1';
    return firmware;
}

CpuFacts cpu_facts(Sources& sources) {
    return sources.accept(parse_cpuinfo(sources.file_or_empty("/proc/cpuinfo"))).value_or(CpuFacts{});
}

MemoryFacts memory_facts(Sources& sources, const std::optional<DmiFacts>& dmi) {
    const Bytes block = memory_block_size(sources);
    MemoryFacts memory{.total = {}, .numa_nodes = numa_nodes(sources, block)};
    if (dmi && dmi->installed_memory) {
        memory.total = *dmi->installed_memory;
        return memory;
    }
    memory.total = memory_blocks_in(sources, blocks_folder, block);
    if (memory.total == Bytes{}) {
        memory.total =
            sources.accept(parse_meminfo_total(sources.file_or_empty("/proc/meminfo"))).value_or(Bytes{});
    }
    return memory;
}

BmcFacts bmc_facts(Sources& sources, const std::optional<DmiFacts>& dmi) {
    BmcFacts bmc;
    if (has_ipmi_device(sources)) {
        bmc.present = true;
        // A BMC that is busy answers late; an installer does not wait for it for long.
        if (const auto text = sources.output({"ipmitool", "lan", "print"}, std::chrono::seconds{10})) {
            bmc = sources.accept(parse_ipmitool_lan(*text)).value_or(bmc);
        }
    }
    bmc.present = bmc.present || (dmi && dmi->ipmi);
    return bmc;
}

}  // namespace bedplate
