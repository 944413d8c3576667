// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/holders.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace bedplate {
namespace {

using Holders = std::vector<Holder>;

void add(Holders& holders, Holder holder) {
    const auto same = [&](const Holder& other) {
        return other.kind == holder.kind && other.name == holder.name &&
               other.detail.value("type", "") == holder.detail.value("type", "");
    };
    if (std::ranges::none_of(holders, same)) {
        holders.push_back(std::move(holder));
    }
}

void visit(const BlockNode& node, const std::function<void(const BlockNode&)>& call) {
    call(node);
    for (const BlockNode& child : node.children) {
        visit(child, call);
    }
}

/// Every name under which the disk or something on it may be called.
std::set<std::string> device_names(const BlockNode& disk) {
    std::set<std::string> names;
    visit(disk, [&](const BlockNode& node) {
        names.insert(node.path);
        names.insert("/dev/" + node.kname);
        names.insert("/dev/mapper/" + node.name);
    });
    return names;
}

void add_lvm(Holders& holders, const BlockNode& disk, const VolumeFacts& volumes,
             const std::set<std::string>& names) {
    for (const PhysicalVolume& volume : volumes.physical_volumes) {
        if (names.contains(volume.device)) {
            add(holders, {.kind = Holder::Kind::lvm,
                          .name = volume.volume_group,
                          .detail = Json{{"device", volume.device},
                                         {"pv_uuid", volume.uuid},
                                         {"vg_uuid", volume.volume_group_uuid}}});
        }
    }
    // Without LVM's tools the names of active volumes still tell the group.
    visit(disk, [&](const BlockNode& node) {
        if (const std::string group = volume_group_of_mapper_name(node.name);
            node.type == "lvm" && !group.empty()) {
            add(holders, {.kind = Holder::Kind::lvm, .name = group});
        }
    });
}

bool is_md(const BlockNode& node) {
    return node.type.starts_with("raid") || node.type == "linear" || node.type == "md" ||
           node.kname.starts_with("md");
}

/// A member of an array carries the array's name ("host:boot") as its label, whether the array runs or not.
void add_md(Holders& holders, const BlockNode& disk) {
    visit(disk, [&](const BlockNode& node) {
        if (node.fstype != "linux_raid_member") {
            return;
        }
        const auto array = std::ranges::find_if(node.children, is_md);
        const bool active = array != node.children.end();
        std::string name = active ? array->kname : node.label.empty() ? node.uuid : node.label;
        Json detail{
            {"device", node.path}, {"array", node.label}, {"array_uuid", node.uuid}, {"active", active}};
        if (active) {
            detail["level"] = array->type;
        }
        add(holders, {.kind = Holder::Kind::md, .name = std::move(name), .detail = std::move(detail)});
    });
}

void add_mapped(Holders& holders, const BlockNode& disk) {
    visit(disk, [&](const BlockNode& node) {
        if (node.type == "crypt") {
            add(holders, {.kind = Holder::Kind::crypt, .name = node.name});
        } else if (node.type == "mpath") {
            add(holders, {.kind = Holder::Kind::mpath, .name = node.name});
        }
    });
}

void add_osds(Holders& holders, const VolumeFacts& volumes, const std::set<std::string>& names,
              const std::vector<BluestoreLabel>& labels) {
    for (const OsdVolume& osd : volumes.osds) {
        const bool here = std::ranges::any_of(
            osd.devices, [&](const std::string& device) { return names.contains(device); });
        if (here) {
            add(holders,
                {.kind = Holder::Kind::ceph_osd,
                 .name = osd.osd_id,
                 .detail = Json{
                     {"osd_fsid", osd.osd_fsid}, {"cluster_fsid", osd.cluster_fsid}, {"type", osd.type}}});
        }
    }
    for (const BluestoreLabel& label : labels) {
        add(holders, {.kind = Holder::Kind::ceph_osd,
                      .name = label.meta_value("whoami"),
                      .detail = Json{{"osd_fsid", label.osd_uuid},
                                     {"cluster_fsid", label.meta_value("ceph_fsid")},
                                     {"type", "raw"}}});
    }
}

}  // namespace

std::vector<Holder> holders_of(const BlockNode& disk, const VolumeFacts& volumes,
                               const std::vector<BluestoreLabel>& osd_labels) {
    Holders holders;
    const std::set<std::string> names = device_names(disk);
    add_lvm(holders, disk, volumes, names);
    add_md(holders, disk);
    add_mapped(holders, disk);
    add_osds(holders, volumes, names, osd_labels);
    return holders;
}

}  // namespace bedplate
