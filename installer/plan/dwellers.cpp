// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "plan/planned_disks.hpp"
#include "plan/teardown.hpp"

namespace bedplate {
namespace {

std::string osd_text(const Holder& osd) {
    const std::string type = osd.detail.value("type", "");
    std::string text = std::format("Ceph OSD {}", osd.name.empty() ? "(number unknown)" : osd.name);
    if (type == "db" || type == "wal") {
        text = std::format("{} of {}", type == "db" ? "database" : "log", text);
    }
    const std::string cluster = osd.detail.value("cluster_fsid", "");
    text += cluster.empty() ? ", cluster unknown" : ", cluster " + cluster;
    if (const auto offsets = osd.detail.find("offsets"); offsets != osd.detail.end() && offsets->is_array()) {
        std::vector<std::string> places;
        for (const Json& offset : *offsets) {
            if (offset.is_number_unsigned()) {
                places.push_back(to_binary_text({offset.get<std::uint64_t>()}));
            }
        }
        text += ", labels at " + join(places, ", ");
    }
    return text;
}

std::string holder_text(const Holder& holder) {
    switch (holder.kind) {
        case Holder::Kind::lvm:
            return holder.name.empty() ? "physical volume of no group" : "volume group " + holder.name;
        case Holder::Kind::md: {
            const std::string level = holder.detail.value("level", "");
            return std::format("md array {}{}", holder.name, level.empty() ? "" : " (" + level + ")");
        }
        case Holder::Kind::raid:
            return std::format("RAID set of the firmware ({})", holder.name);
        case Holder::Kind::crypt:
            return std::format("encrypted device {}", holder.name.empty() ? holder.uuid : holder.name);
        case Holder::Kind::mpath:
            return "multipath map " + holder.name;
        case Holder::Kind::bcache:
            return "bcache " + holder.name;
        case Holder::Kind::zfs:
            return "ZFS pool " + holder.name;
        case Holder::Kind::vmfs:
            return "VMFS datastore " + holder.name;
        case Holder::Kind::ceph_osd:
            return osd_text(holder);
    }
    return std::string(to_string(holder.kind));
}

class Tree {
public:
    Tree(const Disk& disk, const Inventory& inventory, bool erased)
        : disk_(disk), inventory_(inventory), erased_(erased) {}

    std::vector<Dweller> build() {
        if (disk_.installation) {
            const InstallationMark& mark = *disk_.installation;
            add(0, mark.state == InstallationMark::State::incomplete
                       ? "an unfinished installation"
                       : std::format("node {} of cluster {}, generation {}", mark.hostname, mark.cluster,
                                     mark.generation));
        }
        for (const std::string& signature : disk_.signatures) {
            add(0, signature);
        }
        if (!disk_.partition_table.empty()) {
            add(0, std::format("{} partition table", disk_.partition_table));
        }
        for (const PartitionFacts& partition : disk_.partitions) {
            add_partition(partition);
        }
        for (const Holder& holder : disk_.holders) {
            if (!on_listed_partition(holder)) {
                add_holder(holder, 0);
            }
        }
        return std::move(dwellers_);
    }

private:
    void add(std::uint32_t depth, std::string what, std::string_view fate = "erased") {
        dwellers_.push_back(
            {.depth = depth, .what = std::move(what), .fate = std::string(erased_ ? fate : "stays")});
    }

    bool on_listed_partition(const Holder& holder) const {
        return holder.partition && std::ranges::find(disk_.partitions, *holder.partition,
                                                     &PartitionFacts::number) != disk_.partitions.end();
    }

    void add_partition(const PartitionFacts& partition) {
        std::string text = std::format("partition {}, {}", partition.number, to_binary_text(partition.size));
        if (!partition.label.empty()) {
            text += std::format(", '{}'", partition.label);
        }
        add(1, text + (partition.fstype.empty() ? "" : ": " + partition.fstype));
        for (const Holder& holder : disk_.holders) {
            if (holder.partition == partition.number) {
                add_holder(holder, 2);
            }
        }
    }

    void add_holder(const Holder& holder, std::uint32_t depth) {
        std::string text = holder_text(holder);
        if (holder.active == false) {
            text += ", not running";
        }
        const auto others = other_disks(holder);
        if (!others.empty()) {
            text += ", also on " + join(others, ", ");
        }
        add(depth, text, fate_in_teardown(holder));
        for (const Holder& above : holder.holders) {
            add_holder(above, depth + 1);
        }
    }

    /// By serial number, since names change; by name where there is none.
    std::vector<std::string> other_disks(const Holder& holder) const {
        std::vector<std::string> names;
        if (holder.kind == Holder::Kind::crypt || holder.kind == Holder::Kind::ceph_osd) {
            return names;
        }
        for (const Disk& other : inventory_.disks) {
            const bool has_part = std::ranges::any_of(
                all_holders(other), [&](const Holder* part) { return same_thing(holder, *part); });
            if (&other != &disk_ && has_part) {
                names.push_back(other.serial.empty() ? other.name : other.serial);
            }
        }
        std::ranges::sort(names);
        return names;
    }

    const Disk& disk_;
    const Inventory& inventory_;
    bool erased_;
    std::vector<Dweller> dwellers_;
};

}  // namespace

std::vector<Dweller> dwellers_of(const Disk& disk, const Inventory& inventory, bool erased) {
    return Tree(disk, inventory, erased).build();
}

}  // namespace bedplate
