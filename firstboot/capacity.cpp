// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/capacity.hpp"

#include "inventory/cpuinfo.hpp"
#include "inventory/meminfo.hpp"

namespace bedplate::firstboot {

Result<NodeMachine> read_machine(Platform& platform, const NodeSettings& settings, bool control) {
    BEDPLATE_ASSIGN(const auto processors, platform.files.read("/proc/cpuinfo"));
    BEDPLATE_ASSIGN(const auto cpu, parse_cpuinfo(processors));
    BEDPLATE_ASSIGN(const auto memory, platform.files.read("/proc/meminfo"));
    BEDPLATE_ASSIGN(const auto total, parse_meminfo_total(memory));
    return NodeMachine{.threads = cpu.threads,
                       .memory = total,
                       .osds = settings.osds.size(),
                       .osd_memory_target = settings.osd_memory_target,
                       .control = control};
}

}  // namespace bedplate::firstboot
