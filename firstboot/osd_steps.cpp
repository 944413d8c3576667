// SPDX-License-Identifier: GPL-3.0-or-later
// The OSDs that the plan gave this node.
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "firstboot/ceph.hpp"
#include "firstboot/steps.hpp"

namespace bedplate::firstboot {

namespace {

/// Real paths of the devices that carry an OSD of this cluster according to ceph-volume.
Result<std::vector<std::string>> prepared_devices(Node& node) {
    BEDPLATE_ASSIGN(const auto identity, read_identity(node.platform.files));
    BEDPLATE_ASSIGN(const auto out, run_checked(node.platform.commands,
                                                {.argv = {"ceph-volume", "lvm", "list", "--format", "json"},
                                                 .timeout = std::chrono::minutes{3}}));
    BEDPLATE_ASSIGN(const Json list, parse_json(out, "ceph-volume lvm list"));
    std::vector<std::string> devices;
    for (const auto& [id, volumes] : list.items()) {
        for (const Json& volume : volumes) {
            const Json tags = volume.value("tags", Json::object());
            if (tags.value("ceph.cluster_fsid", "") == identity.fsid.to_text()) {
                for (const Json& device : volume.value("devices", Json::array())) {
                    devices.push_back(device.get<std::string>());
                }
            }
        }
    }
    return devices;
}

Result<std::vector<OsdDisk>> missing_disks(Node& node) {
    BEDPLATE_ASSIGN(const auto prepared, prepared_devices(node));
    std::vector<OsdDisk> missing;
    for (const auto& disk : node.settings.osds) {
        BEDPLATE_ASSIGN(const auto real, node.platform.files.resolve(disk.path));
        if (std::ranges::find(prepared, real.string()) == prepared.end()) {
            missing.push_back(disk);
        }
    }
    return missing;
}

Result<bool> all_up(Node& node) {
    BEDPLATE_ASSIGN(const Json tree, ceph_json(node.platform, {"osd", "tree"}));
    std::size_t up = 0;
    std::vector<int> own;
    for (const Json& item : tree.value("nodes", Json::array())) {
        if (item.value("type", "") == "host" && item.value("name", "") == node.settings.hostname) {
            own = item.value("children", std::vector<int>{});
        }
    }
    for (const Json& item : tree.value("nodes", Json::array())) {
        const bool mine = std::ranges::find(own, item.value("id", -1)) != own.end();
        up += mine && item.value("status", "") == "up" ? 1 : 0;
    }
    return up >= node.settings.osds.size();
}

/// Somebody's data is never written over: a planned disk is blank, or was made blank on purpose before.
Result<void> expect_blank(Platform& platform, const OsdDisk& disk) {
    BEDPLATE_ASSIGN(
        const auto signatures,
        run_checked(platform.commands, {.argv = {"wipefs", "--no-act", "--noheadings", disk.path}}));
    return trim(signatures).empty()
               ? Result<void>()
               : refuse("osd.not-blank",
                        std::format("the disk with serial {} is planned for an OSD and is not blank",
                                    disk.serial),
                        disk.path,
                        "look at what is on it with 'wipefs PATH'; erase it only if it is nobody's");
}

Result<void> make_osds(Node& node) {
    BEDPLATE_ASSIGN(const auto missing, missing_disks(node));
    for (const auto& disk : missing) {
        BEDPLATE_TRY(expect_blank(node.platform, disk));
        Command command{.argv = {"ceph-volume", "lvm", "create", "--bluestore", "--data", disk.path},
                        .timeout = std::chrono::minutes{10}};
        if (!node.settings.device_class.empty()) {
            command.argv.insert(command.argv.end(), {"--crush-device-class", node.settings.device_class});
        }
        if (node.settings.dmcrypt) {
            command.argv.emplace_back("--dmcrypt");
        }
        BEDPLATE_TRY(run_checked(node.platform.commands, command));
    }
    return {};
}

}  // namespace

Steps osd_steps(Node& node) {
    return {.observe = [&node]() -> Result<Observation> {
                if (node.settings.osds.empty()) {
                    return satisfied();
                }
                BEDPLATE_ASSIGN(const auto missing, missing_disks(node));
                if (!missing.empty()) {
                    return needed();
                }
                BEDPLATE_ASSIGN(const bool up, all_up(node));
                return up ? satisfied() : needed();
            },
            .apply = [&node]() -> Result<void> {
                BEDPLATE_TRY(run_all(node.platform, {{"systemctl", "enable", "--now", "ceph-osd.target"}}));
                BEDPLATE_TRY(make_osds(node));
                BEDPLATE_TRY(
                    run_checked(node.platform.commands, {.argv = {"ceph-volume", "lvm", "activate", "--all"},
                                                         .timeout = std::chrono::minutes{5}}));
                return wait_until(node.platform, "the OSDs of this node to be up", std::chrono::seconds{120},
                                  [&node] { return all_up(node); });
            }};
}

}  // namespace bedplate::firstboot
