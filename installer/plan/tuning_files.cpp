// SPDX-License-Identifier: GPL-3.0-or-later
// Where the planned values stand on the node: plain files that systemd, udev and modprobe read at every
// start.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "plan/tuning.hpp"

namespace bedplate {
namespace {

using action::WriteFile;

constexpr std::string_view tuning_heading =
    "# Written by bedplate. Why each value: bedplate node status --json\n";

/// The planned values, by name.
class PlannedValues {
public:
    PlannedValues(const Profile& profile, const Inventory& inventory,
                  std::optional<double> memory_overcommit = {})
        : list_(plan_tuning(profile, inventory, memory_overcommit)) {}

    [[nodiscard]] const std::vector<TuningValue>& list() const { return list_; }
    /// Empty where the value is not planned.
    [[nodiscard]] std::string_view of(std::string_view name) const {
        const auto found = std::ranges::find(list_, name, &TuningValue::name);
        return found == list_.end() ? std::string_view() : std::string_view(found->wanted);
    }

private:
    std::vector<TuningValue> list_;
};

WriteFile plain_file(std::string path, std::string text) {
    WriteFile result;
    result.path = std::move(path);
    result.text = std::move(text);
    return result;
}

WriteFile link_to(std::string path, std::string target) {
    WriteFile result = plain_file(std::move(path), "");
    result.link_target = std::move(target);
    return result;
}

std::string sysctl_text(const PlannedValues& values) {
    std::string text(tuning_heading);
    for (const TuningValue& value : values.list()) {
        if (find_tuning_item(value.name)->means == TuningMeans::sysctl) {
            text += std::format("{} = {}\n", value.name, value.wanted);
        }
    }
    return text;
}

/// "w-": write to a file that is there, and nobody minds if the kernel does not take it (tmpfiles.d(5)).
std::string tmpfiles_text(const PlannedValues& values) {
    std::string text;
    for (const TuningValue& value : values.list()) {
        const TuningItem& item = *find_tuning_item(value.name);
        const bool off = value.wanted == "off";  // as the kernel has it after its start
        if (item.means == TuningMeans::tmpfiles && !off) {
            const std::string_view written = value.wanted == "on" ? "1" : std::string_view(value.wanted);
            text += std::format("w- {} - - - - {}\n", item.file, written);
        }
    }
    return text.empty() ? text : std::string(tuning_heading) + text;
}

std::string queue_attribute(std::string_view name, std::string_view value) {
    return value.empty() ? "" : std::format(", ATTR{{queue/{}}}=\"{}\"", name, value);
}

/// Disks that have no queue of their own (parts of an NVMe multipath device) have no scheduler either.
std::string block_rules(const PlannedValues& values) {
    const auto line = [&](std::string_view match, std::string_view kind) {
        const std::string scheduler =
                              queue_attribute("scheduler", values.of(std::format("io.scheduler.{}", kind))),
                          read_ahead = queue_attribute("read_ahead_kb",
                                                       values.of(std::format("io.read_ahead.{}", kind)));
        return scheduler.empty() && read_ahead.empty()
                   ? ""
                   : std::format("{}, TEST==\"queue/scheduler\"{}{}\n", match, scheduler, read_ahead);
    };
    const std::string lines = line("KERNEL==\"nvme*\"", "nvme") + line("KERNEL==\"vd*\"", "virtual") +
                              line("KERNEL==\"sd*\", ATTR{queue/rotational}==\"0\"", "ssd") +
                              line("KERNEL==\"sd*\", ATTR{queue/rotational}==\"1\"", "hdd");
    if (lines.empty()) {
        return "";
    }
    return std::format(
        "{}ACTION!=\"add|change\", GOTO=\"bedplate_end\"\nSUBSYSTEM!=\"block\", GOTO=\"bedplate_end\"\n"
        "ENV{{DEVTYPE}}!=\"disk\", GOTO=\"bedplate_end\"\n{}LABEL=\"bedplate_end\"\n",
        tuning_heading, lines);
}

/// Half of the memory, 4 GiB at most, is what the generator takes by itself (zram-generator.conf(5)). A file
/// without a section has no device; without any file Debian's package makes one.
std::string zram_conf(bool on) {
    return std::string(tuning_heading) +
           (on ? "[zram0]\ncompression-algorithm = zstd\n" : "# no device: 'compressed_swap' is not zram\n");
}

/// Two paths with one WWID make a map; a path that comes back is used at once; when all are gone, requests
/// fail after a minute, so that a guest stops with an error and not for ever.
constexpr std::string_view multipath_conf =
    "defaults {\n    find_multipaths yes\n    user_friendly_names no\n    polling_interval 5\n"
    "    path_selector \"service-time 0\"\n    failback immediate\n    no_path_retry 12\n"
    "    fast_io_fail_tmo 5\n    dev_loss_tmo 60\n}\n";

void add_swap_files(const PlannedValues& values, std::vector<WriteFile>& files) {
    const std::string_view zram = values.of("zram");
    if (zram.empty()) {
        return;
    }
    files.push_back(plain_file("/etc/systemd/zram-generator.conf", zram_conf(zram == "on")));
    if (zram != "on") {
        // The package loads the driver, which shows an empty disk, at every start.
        files.push_back(link_to("/etc/modules-load.d/20-zram-generator.conf", "/dev/null"));
    }
}

std::string kvm_module(const Inventory& inventory) {
    return inventory.cpu.vendor == "AuthenticAMD" ? "kvm_amd" : "kvm_intel";
}

}  // namespace

std::vector<std::string> tuning_arguments(const Profile& profile, const Inventory& inventory) {
    const PlannedValues values(profile, inventory);
    std::vector<std::string> arguments;
    if (const auto thp = values.of("transparent_hugepage"); !thp.empty()) {
        arguments.push_back(std::format("transparent_hugepage={}", thp));
    }
    if (values.of("iommu") == "on") {
        if (inventory.cpu.vendor == "GenuineIntel") {
            arguments.emplace_back("intel_iommu=on");
        }
        arguments.emplace_back("iommu=pt");
    }
    if (const auto pages = values.of("hugepages.1GiB"); !pages.empty()) {
        arguments.emplace_back("default_hugepagesz=1G");
        arguments.emplace_back("hugepagesz=1G");
        arguments.push_back(std::format("hugepages={}", pages));
    }
    if (const auto pages = values.of("hugepages.2MiB"); !pages.empty()) {
        arguments.emplace_back("hugepagesz=2M");
        arguments.push_back(std::format("hugepages={}", pages));
    }
    if (const auto governor = values.of("cpu.governor"); !governor.empty()) {
        arguments.push_back(std::format("cpufreq.default_governor={}", governor));
    }
    return arguments;
}

std::vector<WriteFile> tuning_files(const Profile& profile, const Inventory& inventory,
                                    std::optional<double> memory_overcommit) {
    const PlannedValues values(profile, inventory, memory_overcommit);
    std::vector<WriteFile> files{
        plain_file(std::string(tuning_path), tuning_document(values.list()).dump(2) + "\n"),
        plain_file("/etc/sysctl.d/60-bedplate.conf", sysctl_text(values))};
    const auto add = [&](std::string path, std::string text) {
        if (!text.empty()) {
            files.push_back(plain_file(std::move(path), std::move(text)));
        }
    };
    add("/etc/tmpfiles.d/bedplate.conf", tmpfiles_text(values));
    add("/etc/udev/rules.d/61-bedplate-block.rules", block_rules(values));
    if (values.of("kvm.nested") == "off") {
        add("/etc/modprobe.d/bedplate-kvm.conf", std::format("options {} nested=0\n", kvm_module(inventory)));
    }
    add_swap_files(values, files);
    if (values.of("multipath") == "on") {
        files.push_back(
            plain_file("/etc/multipath.conf", std::string(tuning_heading) + std::string(multipath_conf)));
        files.push_back(link_to("/etc/systemd/system/sysinit.target.wants/multipathd.service",
                                "/usr/lib/systemd/system/multipathd.service"));
    }
    return files;
}

std::string tuning_of_ports(const TuningProfile& tuning) {
    const auto planned = [&](std::string_view name, bool wanted) {
        return wanted && !std::ranges::contains(tuning.leave, name);
    };
    std::string lines;
    if (planned("net.ring_buffers", tuning.largest_rings)) {
        lines += "RxBufferSize=max\nTxBufferSize=max\n";
    }
    if (planned("net.channels", tuning.all_channels)) {
        lines += "CombinedChannels=max\n";
    }
    return lines;
}

}  // namespace bedplate
