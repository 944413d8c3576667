// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/occupancy.hpp"

#include <algorithm>
#include <format>
#include <utility>

#include "base/text.hpp"
#include "plan/layout.hpp"

namespace bedplate {
namespace {

constexpr std::string_view bluestore = "ceph_bluestore";

bool is_blank(const Disk& disk) {
    return disk.partition_table.empty() && disk.partitions.empty() && disk.signatures.empty() &&
           disk.holders.empty() && !disk.installation;
}

bool same_guid(std::string_view text, const Guid& guid) {
    const auto parsed = Guid::parse(text);
    return parsed && *parsed == guid;
}

/// UUIDs of arrays are written with colons by mdadm and with dashes by libblkid.
std::string only_hex(std::string_view text) {
    std::string hex;
    std::ranges::copy_if(text, std::back_inserter(hex), [](char c) { return c != ':' && c != '-'; });
    return hex;
}

bool holds_array(const Disk& disk, const Guid& uuid) {
    const std::string wanted = only_hex(uuid.to_text());
    return std::ranges::any_of(all_holders(disk), [&](const Holder* holder) {
        return holder->kind == Holder::Kind::md && only_hex(holder->uuid) == wanted;
    });
}

/// The table of a fast disk was written, and nothing else yet. Other systems keep a table's GUID when they
/// are installed into it: so nothing but our own empty partition may be there.
bool is_unfinished_fast(const Disk& disk, const PlanIds& ids) {
    return same_guid(disk.partition_table_uuid, ids.disk()) && disk.holders.empty() &&
           disk.signatures.empty() && disk.partitions.size() == 1 &&
           disk.partitions.front().label == fast_partition_name && disk.partitions.front().fstype.empty();
}

Occupant kind_of_osds(const std::vector<std::string>& clusters, const NodeSpec& node) {
    const std::string own = node.fsid.to_text();
    if (clusters == std::vector{own}) {
        return Occupant::own_osd;
    }
    if (std::ranges::find(clusters, own) != clusters.end()) {
        return Occupant::mixed_osd;
    }
    return clusters.front().empty() ? Occupant::unknown_osd : Occupant::foreign_osd;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
    return !text.empty() && std::ranges::find(list, text) != list.end();
}

}  // namespace

std::vector<std::string> clusters_of_osds(const Disk& disk) {
    std::vector<std::string> clusters;
    for (const Holder* holder : all_holders(disk)) {
        if (holder->kind == Holder::Kind::ceph_osd) {
            const std::string text = holder->detail.value("cluster_fsid", "");
            const auto fsid = Guid::parse(text);
            clusters.push_back(fsid ? fsid->to_text() : "");
        }
    }
    // A label that only a signature tells of, with no OSD that was made of it.
    const bool label =
        std::ranges::find(disk.signatures, bluestore) != disk.signatures.end() ||
        std::ranges::find(disk.partitions, bluestore, &PartitionFacts::fstype) != disk.partitions.end();
    if (label && clusters.empty()) {
        clusters.emplace_back();
    }
    std::ranges::sort(clusters);
    clusters.erase(std::ranges::unique(clusters).begin(), clusters.end());
    return clusters;
}

Occupant occupant_of(const Disk& disk, const NodeSpec& node, const PlanIds& ids) {
    if (is_blank(disk)) {
        return Occupant::blank;
    }
    if (const auto clusters = clusters_of_osds(disk); !clusters.empty()) {
        return kind_of_osds(clusters, node);
    }
    if (holds_array(disk, fast_array_id(node))) {
        return Occupant::own_fast;
    }
    if (!disk.installation) {
        return is_unfinished_fast(disk, ids) ? Occupant::own_incomplete : Occupant::other;
    }
    const InstallationMark& mark = *disk.installation;
    if (mark.state == InstallationMark::State::incomplete) {
        return same_guid(mark.disk_guid, ids.disk()) ? Occupant::own_incomplete : Occupant::other;
    }
    if (mark.cluster != node.cluster_name || mark.hostname != node.hostname) {
        return Occupant::foreign_node;
    }
    return mark.generation < node.install.generation ? Occupant::own_older : Occupant::own_current;
}

Permission permission_for(const Disk& disk, const NodeSpec& node) {
    Permission permission{
        .policy = node.install.wipe, .serial = contains(node.wipe.serials, disk.serial), .content = false};
    const auto clusters = clusters_of_osds(disk);
    const auto listed = [&](const std::string& fsid) { return contains(node.wipe.fsids, fsid); };
    if (!clusters.empty()) {
        permission.content = std::ranges::all_of(clusters, listed);
    } else if (disk.installation) {
        permission.content = contains(node.wipe.clusters, disk.installation->cluster);
    }
    return permission;
}

Result<void> check_group_name(const std::vector<const Disk*>& own, const Inventory& inventory,
                              const std::string& group) {
    for (const Disk& disk : inventory.disks) {
        const bool is_own = std::ranges::any_of(
            own, [&](const Disk* one) { return &disk == one || disk.multipath_of == one->name; });
        const bool holds = std::ranges::any_of(all_holders(disk), [&](const Holder* holder) {
            return holder->kind == Holder::Kind::lvm && holder->name == group;
        });
        if (!is_own && holds) {
            return refuse(
                "lvm.name-taken",
                std::format("another disk already holds a volume group named {}: {}", group, describe(disk)),
                own.empty() ? std::string() : describe(*own.front()),
                "rename that group (vgrename), erase that disk, or set layout.volume_group in the "
                "profile");
        }
    }
    return {};
}

std::string contents_text(const Disk& disk) {
    std::vector<std::string> parts;
    const auto add = [&parts](std::string part) {
        if (!part.empty() && std::ranges::find(parts, part) == parts.end()) {
            parts.push_back(std::move(part));
        }
    };
    if (disk.installation) {
        add(disk.installation->state == InstallationMark::State::incomplete
                ? "an unfinished installation"
                : std::format("node {} of cluster {}, generation {}", disk.installation->hostname,
                              disk.installation->cluster, disk.installation->generation));
    }
    if (!disk.partition_table.empty()) {
        add(std::format("a {} partition table with {} partition{}", disk.partition_table,
                        disk.partitions.size(), disk.partitions.size() == 1 ? "" : "s"));
    }
    for (const std::string& signature : disk.signatures) {
        add(signature);
    }
    for (const PartitionFacts& partition : disk.partitions) {
        add(partition.fstype);
    }
    for (const Holder* holder : all_holders(disk)) {
        add(std::string(trim(std::format("{} {}", to_string(holder->kind), holder->name))));
    }
    return parts.empty() ? "nothing" : join(parts, ", ");
}

}  // namespace bedplate
