// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "inventory/dmi.hpp"
#include "inventory/lldp.hpp"
#include "probe/disks.hpp"
#include "probe/machine_facts.hpp"
#include "probe/nics.hpp"
#include "probe/parallel.hpp"

namespace bedplate {
namespace {

/// What the tools that look at the whole machine say.
struct Survey {
    Result<std::vector<BlockNode>> nodes;
    std::vector<IpLink> links;
    std::map<std::string, Lldp> neighbours;
    std::optional<DmiFacts> dmi;
    VolumeFacts volumes;
    BmcFacts bmc;
};

/// The tool's answer through its parser, or an empty one.
template <typename T>
T ask(Sources& sources, std::vector<std::string> argv, Result<T> (*parse)(std::string_view)) {
    const auto text = sources.output(std::move(argv));
    return text ? sources.accept(parse(*text)).value_or(T{}) : T{};
}

Result<std::vector<BlockNode>> list_block_devices(Platform& platform) {
    auto text = run_checked(platform.commands,
                            {.argv = {"lsblk", "-J", "-b", "-O"}, .timeout = std::chrono::seconds{60}});
    if (!text) {
        Error error = std::move(text).error();
        error.code = "probe.lsblk";
        return with_context(std::move(error), "while listing the disks");
    }
    return parse_lsblk(*text);
}

Survey survey(Platform& platform, Sources& sources, unsigned parallel) {
    Survey survey;
    run_parallel(
        {
            [&] { survey.nodes = list_block_devices(platform); },
            [&] { survey.links = ask(sources, {"ip", "-j", "-d", "link"}, parse_ip_link); },
            [&] {
                // Without a running lldpd there is nothing to tell, and the complaint is not worth a note.
                const auto text = sources.partial_output({"lldpcli", "-f", "json0", "show", "neighbors"});
                if (text && !text->empty()) {
                    survey.neighbours =
                        sources.accept(parse_lldpcli(*text)).value_or(std::map<std::string, Lldp>{});
                }
            },
            [&] {
                if (const auto text = sources.output({"dmidecode", "-t", "1,17,38"})) {
                    survey.dmi = sources.accept(parse_dmidecode(*text));
                }
                survey.bmc = bmc_facts(sources, survey.dmi);
            },
            [&] {
                // --readonly: neither locks nor repairs anything, also where a volume group is incomplete.
                survey.volumes.physical_volumes = ask(
                    sources,
                    {"pvs", "--readonly", "--reportformat", "json", "-o", "pv_name,pv_uuid,vg_name,vg_uuid"},
                    parse_pvs);
                survey.volumes.osds =
                    osd_volumes(ask(sources,
                                    {"lvs", "--readonly", "--reportformat", "json", "--units", "b",
                                     "--nosuffix", "-o", "lv_name,lv_uuid,vg_name,lv_size,lv_tags,devices"},
                                    parse_lvs));
            },
        },
        parallel);
    return survey;
}

const UdevDevice* device_named(const std::vector<UdevDevice>& devices, std::string_view sysname) {
    const auto found = std::ranges::find(devices, sysname, &UdevDevice::sysname);
    return found == devices.end() ? nullptr : &*found;
}

/// udev's records of these disks and ports in one call; udevadm answers for those it knows.
std::vector<UdevDevice> udev_devices(Sources& sources, const std::vector<BlockNode>& disks,
                                     const std::vector<IpLink>& ports) {
    std::vector<std::string> argv{"udevadm", "info"};
    for (const BlockNode& disk : disks) {
        argv.push_back("/sys/class/block/" + disk.kname);
    }
    for (const IpLink& port : ports) {
        argv.push_back("/sys/class/net/" + port.name);
    }
    if (argv.size() == 2) {
        return {};
    }
    const auto text = sources.partial_output(std::move(argv));
    return text ? sources.accept(parse_udevadm(*text)).value_or(std::vector<UdevDevice>{})
                : std::vector<UdevDevice>{};
}

Json recorded_with(const Sources& sources) {
    return Json{{"how", "probed"},
                {"bedplate", BEDPLATE_VERSION},
                {"kernel", sources.file_or_empty("/proc/sys/kernel/osrelease")},
                {"missing", sources.missing()},
                {"notes", sources.notes()}};
}

}  // namespace

Result<Inventory> probe(Platform& platform, unsigned parallel) {
    Sources sources(platform);
    Survey found = survey(platform, sources, parallel);
    BEDPLATE_TRY(found.nodes);
    std::vector<BlockNode>& disks = *found.nodes;
    std::erase_if(disks, [](const BlockNode& node) { return !is_disk(node); });
    std::erase_if(found.links, [&](const IpLink& link) { return !is_network_port(sources, link); });
    const auto udev = udev_devices(sources, disks, found.links);

    Inventory inventory;
    inventory.disks.resize(disks.size());
    inventory.nics.resize(found.links.size());
    for_each_parallel(disks.size() + found.links.size(), parallel, [&](std::size_t i) {
        if (i < disks.size()) {
            const DiskContent content = read_content(sources, disks[i]);
            inventory.disks[i] =
                disk_of(sources, disks[i], device_named(udev, disks[i].kname), content, found.volumes);
        } else {
            const IpLink& link = found.links[i - disks.size()];
            inventory.nics[i - disks.size()] =
                nic_of(sources, link, device_named(udev, link.name), found.neighbours);
        }
    });
    mark_multipath(inventory.disks);
    inventory.system = system_facts(sources, found.dmi);
    inventory.firmware = firmware_facts(sources);
    inventory.bmc = found.bmc;
    inventory.cpu = cpu_facts(sources);
    inventory.memory = memory_facts(sources, found.dmi);
    inventory.recorded_with = recorded_with(sources);
    return inventory;
}

}  // namespace bedplate
