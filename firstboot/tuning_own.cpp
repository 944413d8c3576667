// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/tuning_own.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <functional>
#include <map>

#include "base/text.hpp"

namespace bedplate::firstboot {

namespace {

using State = NodeTuning::State;

std::vector<std::string> names_in(const FileSystem& files, const std::string& folder) {
    return files.list(folder).value_or(std::vector<std::string>{});
}

std::string line_of(const FileSystem& files, const std::string& path) {
    const auto text = files.read(path);
    return text ? std::string(trim(*text)) : "";
}

Seen seen(bool holds, std::string actual) {
    return {.state = holds ? State::holds : State::differs, .actual = std::move(actual)};
}

/// The command line only asks; groups are what there is when the hardware answered.
Seen iommu(Platform& platform, const std::string& /*wanted*/) {
    const std::size_t groups = names_in(platform.files, "/sys/kernel/iommu_groups").size();
    if (groups > 0) {
        return seen(true, std::format("on (groups: {})", groups));
    }
    const bool offered = platform.files.exists("/sys/firmware/acpi/tables/DMAR") ||
                         platform.files.exists("/sys/firmware/acpi/tables/IVRS");
    return offered ? seen(false, "off, though the firmware has one")
                   : not_applicable("the firmware shows no IOMMU (switched off in its set-up, or none)");
}

Seen zram(Platform& platform, const std::string& wanted) {
    const auto swaps = platform.files.read("/proc/swaps");
    if (!swaps) {
        return not_applicable("no /proc/swaps");
    }
    const std::string actual = swaps->contains("/dev/zram") ? "on" : "off";
    return seen(actual == wanted, actual);
}

/// "nic0", "nic12": names that the plan gave to ports.
bool is_port(std::string_view name) {
    return name.starts_with("nic") && parse_unsigned(name.substr(3)).has_value();
}

/// What `ethtool --json` tells of a port; empty where its driver has no such numbers.
Json numbers_of_port(Platform& platform, const std::string& option, const std::string& port) {
    const auto out = run_checked(platform.commands, {.argv = {"ethtool", "--json", option, port}});
    const auto json = out ? parse_json(*out, "ethtool --json") : Result<Json>(Json::array());
    return json && json->is_array() && !json->empty() ? json->front() : Json::object();
}

std::uint64_t number_in(const Json& numbers, const std::string& field) {
    const auto found = numbers.find(field);
    return found != numbers.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// Each of `fields` shall be what "FIELD-max" is, on every port that tells.
Seen at_maximum(Platform& platform, const std::string& option, const std::vector<std::string>& fields) {
    std::vector<std::string> below;
    std::size_t told = 0;
    for (const auto& port : names_in(platform.files, "/sys/class/net")) {
        if (!is_port(port)) {
            continue;
        }
        const Json numbers = numbers_of_port(platform, option, port);
        for (const auto& field : fields) {
            const std::uint64_t now = number_in(numbers, field), most = number_in(numbers, field + "-max");
            told += most > 0 ? 1 : 0;
            if (now < most) {
                below.push_back(std::format("{} {} {} of {}", port, field, now, most));
            }
        }
    }
    if (told == 0) {
        return not_applicable("no port tells");
    }
    return below.empty() ? seen(true, "max") : seen(false, join(below, ", "));
}

/// Every file system on a disk of this node.
Seen noatime(Platform& platform, const std::string& wanted) {
    const auto mounts = platform.files.read("/proc/mounts");
    std::vector<std::string> others;
    std::size_t looked_at = 0;
    for (const auto& line : split(mounts.value_or(""), '\n')) {
        const auto fields = split(line, ' ');
        const bool on_disk = fields.size() >= 4 && fields[0].starts_with("/dev/") &&
                             (fields[2] == "ext4" || fields[2] == "xfs");
        if (!on_disk) {
            continue;
        }
        ++looked_at;
        if (!std::ranges::contains(split(fields[3], ','), wanted)) {
            others.push_back(fields[1]);
        }
    }
    if (looked_at == 0) {
        return not_applicable("no file system on a disk");
    }
    return others.empty() ? seen(true, std::format("{} ({})", wanted, looked_at))
                          : seen(false, "not on " + join(others, ", "));
}

/// Disks with one WWID, which are one disk with several paths.
std::vector<std::vector<std::string>> disks_with_paths(const FileSystem& files) {
    std::map<std::string, std::vector<std::string>> by_wwid;
    for (const auto& disk : names_in(files, "/sys/block")) {
        if (const auto wwid = line_of(files, std::format("/sys/block/{}/device/wwid", disk)); !wwid.empty()) {
            by_wwid[wwid].push_back(disk);
        }
    }
    std::vector<std::vector<std::string>> found;
    for (auto& [wwid, paths] : by_wwid) {
        if (paths.size() > 1) {
            found.push_back(std::move(paths));
        }
    }
    return found;
}

Seen multipath(Platform& platform, const std::string& wanted) {
    const FileSystem& files = platform.files;
    const auto is_map = [&](const std::string& name) {
        return line_of(files, std::format("/sys/block/{}/dm/uuid", name)).starts_with("mpath-");
    };
    const auto maps = std::ranges::count_if(names_in(files, "/sys/block"), is_map);
    if (wanted == "off") {
        return seen(maps == 0, maps == 0 ? "off" : std::format("maps: {}", maps));
    }
    const auto disks = disks_with_paths(files);
    if (disks.empty()) {
        return not_applicable("no disk has a second path");
    }
    std::vector<std::string> bare;
    for (const auto& paths : disks) {
        const bool mapped = std::ranges::all_of(paths, [&](const std::string& path) {
            return std::ranges::any_of(names_in(files, std::format("/sys/block/{}/holders", path)), is_map);
        });
        if (!mapped) {
            bare.push_back(join(paths, " and "));
        }
    }
    return bare.empty() ? seen(true, std::format("on (disks: {})", disks.size()))
                        : seen(false, "one disk each, and no map: " + join(bare, ", "));
}

}  // namespace

Seen not_applicable(std::string_view why) {
    return {.state = State::not_applicable, .actual = std::format("not applicable: {}", why)};
}

std::string_view kind_of_disk(const FileSystem& files, std::string_view disk) {
    if (disk.starts_with("nvme")) {
        return "nvme";
    }
    if (disk.starts_with("vd")) {
        return "virtual";
    }
    if (!disk.starts_with("sd")) {
        return "";
    }
    return line_of(files, std::format("/sys/block/{}/queue/rotational", disk)) == "1" ? "hdd" : "ssd";
}

Seen look_with_own_rule(Platform& platform, const TuningValue& planned) {
    if (planned.name == "net.ring_buffers") {
        return at_maximum(platform, "--show-ring", {"rx", "tx"});
    }
    if (planned.name == "net.channels") {
        return at_maximum(platform, "--show-channels", {"combined"});
    }
    using Rule = Seen (*)(Platform&, const std::string&);
    constexpr std::array<std::pair<std::string_view, Rule>, 4> rules{
        {{"iommu", iommu}, {"zram", zram}, {"fs.noatime", noatime}, {"multipath", multipath}}};
    for (const auto& [name, rule] : rules) {
        if (name == planned.name) {
            return rule(platform, planned.wanted);
        }
    }
    return not_applicable("this version does not know how to look");
}

}  // namespace bedplate::firstboot
