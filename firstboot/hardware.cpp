// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/hardware.hpp"

#include <format>

#include "firstboot/node_metrics.hpp"

namespace bedplate::firstboot {

namespace {

constexpr std::chrono::seconds disk_patience{30}, bmc_patience{120};

/// Its exit status has a bit for each thing that is wrong with the disk, and says nothing that the answer
/// does not.
Result<std::optional<DiskHealth>> ask(Platform& platform, const SmartDevice& device) {
    BEDPLATE_ASSIGN(
        const auto result,
        platform.commands.run({.argv = {"smartctl", "--json", "--nocheck=standby", "--info", "--health",
                                        "--attributes", "--device", device.type, device.name},
                               .timeout = disk_patience}));
    return parse_smartctl(result.out);
}

Result<std::vector<DiskFigures>> disks_of(Platform& platform) {
    BEDPLATE_ASSIGN(const auto scan, platform.commands.run({.argv = {"smartctl", "--json", "--scan-open"},
                                                            .timeout = disk_patience}));
    BEDPLATE_ASSIGN(const auto devices, parse_smartctl_scan(scan.out));
    std::vector<DiskFigures> disks;
    for (const auto& device : devices) {
        // Behind a RAID controller all disks have its name.
        const bool behind = device.type.contains(',');
        DiskFigures figures{.device = behind ? std::format("{} {}", device.name, device.type) : device.name,
                            .health = {}};
        const auto health = ask(platform, device);
        if (health && !*health) {
            continue;
        }
        if (health) {
            figures.health = **health;
        }
        disks.push_back(std::move(figures));
    }
    return disks;
}

/// Nothing: no driver found a BMC, or it does not answer.
std::optional<std::vector<Sensor>> sensors_of(Platform& platform) {
    if (!platform.files.exists("/dev/ipmi0")) {
        return std::nullopt;
    }
    const auto result =
        platform.commands.run({.argv = {"ipmitool", "-c", "sdr", "list"}, .timeout = bmc_patience});
    if (!result || result->exit_status != 0) {
        return std::nullopt;
    }
    return parse_ipmitool_sensors(result->out);
}

}  // namespace

Result<void> write_hardware_metrics(Platform& platform) {
    BEDPLATE_ASSIGN(auto disks, disks_of(platform));
    const HardwareFigures figures{.disks = std::move(disks), .sensors = sensors_of(platform)};
    return platform.files.write(std::format("{}/{}", metrics_folder, hardware_metrics_file),
                                to_metrics(figures));
}

}  // namespace bedplate::firstboot
