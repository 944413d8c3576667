// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/holders.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <set>

#include "base/text.hpp"

namespace bedplate {
namespace {

using Holders = std::vector<Holder>;
using Kind = Holder::Kind;

/// What libblkid calls the members of firmware RAID; the first part of the name is what people call it.
constexpr std::array<std::string_view, 10> firmware_raids{
    "ddf_raid_member",          "isw_raid_member",
    "lsi_mega_raid_member",     "adaptec_raid_member",
    "via_raid_member",          "silicon_medley_raid_member",
    "nvidia_raid_member",       "promise_fasttrack_raid_member",
    "highpoint37x_raid_member", "jmicron_raid_member"};

bool is_md(const BlockNode& node) {
    return node.type.starts_with("raid") || node.type == "linear" || node.type == "md" ||
           (node.kname.starts_with("md") && node.type != "part");
}

bool is_bcache(const BlockNode& node) {
    return node.kname.starts_with("bcache") && node.type != "part";
}

const BlockNode* child_of_type(const BlockNode& node, bool (*matches)(const BlockNode&)) {
    const auto found = std::ranges::find_if(node.children, matches);
    return found == node.children.end() ? nullptr : &*found;
}

std::optional<std::uint32_t> partition_of(const BlockNode& node) {
    if (node.type != "part") {
        return std::nullopt;
    }
    const auto digits = node.kname.find_last_not_of("0123456789") + 1;
    const auto number = node.partn ? std::optional<std::uint64_t>(*node.partn)
                                   : parse_unsigned(std::string_view(node.kname).substr(digits));
    return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

/// Follows what is built on a disk from its members up: by the kernel's tree where it is active, by the
/// tools' and our own reading of the labels where it is not.
class Tree {
public:
    Tree(const VolumeFacts& volumes, const DiskContent& content) : volumes_(volumes), content_(content) {}

    Holders of_disk(const BlockNode& disk) {
        Holders holders = on(disk);
        // lsblk shows one signature of a disk; behind a partition table there may be more (DDF at the end).
        for (const Signature& signature : content_.signatures) {
            if (signature.type != disk.fstype) {
                BlockNode other = disk;
                other.fstype = signature.type;
                other.uuid = signature.uuid;
                other.label = signature.label;
                merge(holders, member(other));
            }
        }
        merge(holders, raw_osds(content_.osd_labels, std::nullopt));
        for (const BlockNode& child : disk.children) {
            if (child.type == "part") {
                merge(holders, on(child));
            }
        }
        return holders;
    }

private:
    /// Each thing once, though several members or labels may show it.
    static void merge(Holders& holders, Holders more) {
        for (Holder& holder : more) {
            const bool known = std::ranges::any_of(holders, [&](const Holder& other) {
                return other.kind == holder.kind && other.name == holder.name && other.uuid == holder.uuid &&
                       other.partition == holder.partition &&
                       other.detail.value("type", "") == holder.detail.value("type", "");
            });
            if (!known) {
                holders.push_back(std::move(holder));
            }
        }
    }

    /// Everything that stands on a device, not looking at its partitions.
    Holders on(const BlockNode& node) {
        Holders holders = member(node);
        if (node.type == "part") {
            const auto labels = content_.partition_labels.find(partition_of(node).value_or(0));
            if (labels != content_.partition_labels.end()) {
                merge(holders, raw_osds(labels->second, partition_of(node)));
            }
        }
        for (const BlockNode& child : node.children) {
            if (child.type == "mpath") {
                merge(holders, {mapped(Kind::mpath, node, child)});
            } else if (child.type == "crypt") {
                merge(holders, {mapped(Kind::crypt, node, child)});
            } else if (child.type == "lvm" && node.fstype != "LVM2_member") {
                merge(holders, group_by_name(node, child));
            }
        }
        return holders;
    }

    /// What the device is a member of, by its label.
    Holders member(const BlockNode& node) {
        const std::string& type = node.fstype;
        if (type == "LVM2_member") {
            return {group(node)};
        }
        if (type == "linux_raid_member") {
            return {array(node)};
        }
        if (std::ranges::contains(firmware_raids, type)) {
            return {firmware_raid(node)};
        }
        if (type == "crypto_LUKS" &&
            child_of_type(node, [](const BlockNode& child) { return child.type == "crypt"; }) == nullptr) {
            return {plain(Kind::crypt, node, "")};
        }
        if (type == "bcache") {
            return {cache(node)};
        }
        if (type == "zfs_member") {
            return {plain(Kind::zfs, node, node.label)};
        }
        if (type == "VMFS_volume_member" || type == "VMFS") {
            return {plain(Kind::vmfs, node, node.label)};
        }
        return volume_on(node) != nullptr ? Holders{group(node)} : Holders{};
    }

    /// Known by its label alone: the kernel runs nothing of it.
    static Holder plain(Kind kind, const BlockNode& node, std::string name) {
        return {.kind = kind,
                .name = std::move(name),
                .detail = Json{{"device", node.path}},
                .partition = partition_of(node),
                .uuid = node.uuid,
                .device = {},
                .active = false,
                .holders = {}};
    }

    Holder mapped(Kind kind, const BlockNode& node, const BlockNode& map) {
        Holder holder = plain(kind, node, map.name);
        holder.uuid = kind == Kind::crypt ? node.uuid : std::string();
        holder.device = "/dev/mapper/" + map.name;
        holder.active = true;
        holder.holders = on(map);
        return holder;
    }

    Holder array(const BlockNode& node) {
        Holder holder = plain(Kind::md, node, node.label.empty() ? node.uuid : node.label);
        holder.detail["array"] = node.label;
        holder.detail["array_uuid"] = node.uuid;
        if (const BlockNode* running = child_of_type(node, is_md)) {
            holder.name = running->kname;
            holder.device = "/dev/" + running->kname;
            holder.active = true;
            holder.detail["level"] = running->type;
            holder.holders = on(*running);
            for (const BlockNode& part : running->children) {
                if (part.type == "part") {
                    merge(holder.holders, on(part));
                }
            }
        }
        holder.detail["active"] = *holder.active;
        return holder;
    }

    Holder firmware_raid(const BlockNode& node) {
        Holder holder = plain(Kind::raid, node, node.fstype.substr(0, node.fstype.find("_raid")));
        if (const BlockNode* running = child_of_type(node, is_md)) {
            holder.device = "/dev/" + running->kname;
            holder.active = true;
            holder.holders = on(*running);
        }
        return holder;
    }

    Holder cache(const BlockNode& node) {
        Holder holder = plain(Kind::bcache, node, node.uuid);
        if (const BlockNode* running = child_of_type(node, is_bcache)) {
            holder.name = running->kname;
            holder.device = "/dev/" + running->kname;
            holder.active = true;
            holder.holders = on(*running);
        }
        return holder;
    }

    const PhysicalVolume* volume_on(const BlockNode& node) const {
        const auto found = std::ranges::find_if(volumes_.physical_volumes, [&](const PhysicalVolume& volume) {
            return volume.device == node.path || volume.device == "/dev/" + node.kname ||
                   volume.device == "/dev/mapper/" + node.name;
        });
        return found == volumes_.physical_volumes.end() ? nullptr : &*found;
    }

    Holder group(const BlockNode& node) {
        const PhysicalVolume* known = volume_on(node);
        Holder holder = plain(Kind::lvm, node, known == nullptr ? std::string() : known->volume_group);
        holder.uuid = known == nullptr ? std::string() : known->volume_group_uuid;
        holder.detail = Json{{"device", known == nullptr ? node.path : known->device},
                             {"pv_uuid", known == nullptr ? node.uuid : known->uuid},
                             {"vg_uuid", holder.uuid}};
        for (const BlockNode& child : node.children) {
            if (child.type == "lvm") {
                holder.active = true;
                // Without LVM's tools the names of active volumes still tell the group.
                holder.name = holder.name.empty() ? volume_group_of_mapper_name(child.name) : holder.name;
                merge(holder.holders, on(child));
            }
        }
        merge(holder.holders, volume_osds(holder.name, holder.detail["device"].get<std::string>(), node));
        return holder;
    }

    Holders group_by_name(const BlockNode& node, const BlockNode& volume) {
        const std::string name = volume_group_of_mapper_name(volume.name);
        if (name.empty()) {
            return {};
        }
        Holder holder = plain(Kind::lvm, node, name);
        holder.uuid.clear();
        holder.active = true;
        holder.holders = on(volume);
        return {holder};
    }

    /// OSDs in volumes that have a part of theirs on this physical volume.
    Holders volume_osds(const std::string& group, const std::string& device, const BlockNode& node) const {
        Holders holders;
        for (const OsdVolume& osd : volumes_.osds) {
            const bool here = std::ranges::any_of(osd.devices, [&](const std::string& on) {
                return on == device || on == node.path || on == "/dev/" + node.kname;
            });
            if (!here || (!osd.volume_group.empty() && osd.volume_group != group)) {
                continue;
            }
            Json detail{{"osd_fsid", osd.osd_fsid},
                        {"cluster_fsid", osd.cluster_fsid},
                        {"encrypted", osd.encrypted},
                        {"type", osd.type}};
            if (!osd.volume.empty()) {
                detail["volume"] = osd.volume_group + "/" + osd.volume;
            }
            if (osd.size != Bytes{}) {
                detail["size_bytes"] = osd.size.value;
            }
            holders.push_back({.kind = Kind::ceph_osd,
                               .name = osd.osd_id,
                               .detail = std::move(detail),
                               .partition = {},
                               .uuid = osd.osd_fsid,
                               .device = {},
                               .active = {},
                               .holders = {}});
        }
        return holders;
    }

    /// OSDs without LVM around them, from their labels; one OSD may have up to five.
    static Holders raw_osds(const std::vector<BluestoreLabel>& labels,
                            std::optional<std::uint32_t> partition) {
        std::map<std::string, Holder> by_uuid;
        std::vector<std::string> order;
        for (const BluestoreLabel& label : labels) {
            auto [found, fresh] = by_uuid.try_emplace(label.osd_uuid);
            Holder& holder = found->second;
            if (fresh) {
                order.push_back(label.osd_uuid);
                holder.kind = Kind::ceph_osd;
                holder.uuid = label.osd_uuid;
                holder.partition = partition;
                holder.detail = Json{{"osd_fsid", label.osd_uuid},
                                     {"cluster_fsid", ""},
                                     {"type", "raw"},
                                     {"offsets", Json::array()}};
            }
            // A damaged copy says less than a good one.
            if (holder.name.empty()) {
                holder.name = label.meta_value("whoami");
            }
            if (const std::string fsid = label.meta_value("ceph_fsid"); !fsid.empty()) {
                holder.detail["cluster_fsid"] = fsid;
            }
            holder.detail["offsets"].push_back(label.offset.value);
        }
        Holders holders;
        for (const std::string& uuid : order) {
            holders.push_back(std::move(by_uuid.at(uuid)));
        }
        return holders;
    }

    const VolumeFacts& volumes_;
    const DiskContent& content_;
};

}  // namespace

std::vector<Holder> holders_of(const BlockNode& disk, const VolumeFacts& volumes,
                               const DiskContent& content) {
    return Tree(volumes, content).of_disk(disk);
}

}  // namespace bedplate
