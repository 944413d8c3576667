// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/teardown.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <map>

#include "base/text.hpp"

namespace bedplate {
namespace {

using Ids = std::vector<std::string>;

constexpr std::uint32_t weight_wipe = 5;

/// BlueStore of Squid and later keeps copies of its label here; older ones at the start only.
constexpr std::array label_offsets{Bytes{0}, gib(1), gib(10), gib(100), gib(1000)};

/// A kind whose parts are on several disks; what stands on it goes when one of them goes.
bool is_shared_kind(Holder::Kind kind) {
    switch (kind) {
        case Holder::Kind::lvm:
        case Holder::Kind::md:
        case Holder::Kind::raid:
        case Holder::Kind::mpath:
        case Holder::Kind::bcache:
        case Holder::Kind::zfs:
        case Holder::Kind::vmfs:
            return true;
        case Holder::Kind::crypt:
        case Holder::Kind::ceph_osd:
            return false;
    }
    return true;
}

bool is_same_disk(const Disk& one, const Disk& other) {
    const auto head = [](const Disk& disk) {
        return disk.multipath_of.empty() ? disk.name : disk.multipath_of;
    };
    return head(one) == head(other);
}

std::string_view kind_text(Holder::Kind kind) {
    switch (kind) {
        case Holder::Kind::lvm:
            return "volume group";
        case Holder::Kind::md:
            return "md array";
        case Holder::Kind::raid:
            return "RAID set of the firmware";
        case Holder::Kind::mpath:
            return "multipath map";
        case Holder::Kind::bcache:
            return "bcache set";
        case Holder::Kind::zfs:
            return "ZFS pool";
        case Holder::Kind::vmfs:
            return "VMFS datastore";
        case Holder::Kind::crypt:
            return "encrypted device";
        case Holder::Kind::ceph_osd:
            return "Ceph OSD";
    }
    return "device";
}

/// How the disk is taken out of what it shares with others.
std::string_view way_out(Holder::Kind kind) {
    switch (kind) {
        case Holder::Kind::lvm:
            return "take the disk out of the volume group first (pvmove, vgreduce), or let the site give up "
                   "both disks";
        case Holder::Kind::md:
            return "take the disk out of the array first (mdadm --fail, --remove), or let the site give up "
                   "all disks";
        default:
            return "take it apart by hand in the rescue shell, or let the site give up all its disks";
    }
}

Result<void> check_not_shared(const Inventory& inventory, const std::vector<ErasedDisk>& disks) {
    for (const ErasedDisk& erased : disks) {
        for (const Holder* holder : all_holders(*erased.disk)) {
            if (!is_shared_kind(holder->kind)) {
                continue;
            }
            for (const Disk& other : inventory.disks) {
                const bool goes_too = std::ranges::any_of(
                    disks, [&](const ErasedDisk& one) { return is_same_disk(*one.disk, other); });
                const bool has_part = std::ranges::any_of(
                    all_holders(other), [&](const Holder* part) { return same_thing(*holder, *part); });
                if (!goes_too && has_part) {
                    return refuse(
                        "disk.shared",
                        std::format("{} {} is on this disk and on another, which must not be touched: {}",
                                    kind_text(holder->kind), holder->name, describe(other)),
                        describe(*erased.disk), std::string(way_out(holder->kind)));
                }
            }
        }
    }
    return {};
}

/// Part of an id: letters, digits, dots and dashes of the name.
std::string id_part(std::string_view name) {
    std::string part;
    for (const char c : name) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '.' || c == '-' || c == '_';
        part += plain ? c : '-';
    }
    return part;
}

/// Builds the actions. What stands on several disks is taken apart once, as an action that names all of them.
class TearDown {
public:
    TearDown(const std::vector<ErasedDisk>& disks, std::string first)
        : disks_(disks), first_(std::move(first)) {}

    std::vector<Action> build() {
        for (const ErasedDisk& disk : disks_) {
            disk_ = &disk;
            Ids quiet;
            for (const Holder& holder : disk.disk->holders) {
                append(quiet, take_apart(holder, ""));
            }
            append(quiet, forget_raw_labels());
            wipe(quiet);
        }
        for (Action& action : actions_) {
            std::ranges::sort(action.after);
            action.after.erase(std::ranges::unique(action.after).begin(), action.after.end());
        }
        return std::move(actions_);
    }

private:
    static void append(Ids& ids, Ids more) { ids.insert(ids.end(), more.begin(), more.end()); }

    /// The actions after which neither the holder nor anything on it is in the way. `group`: the volume group
    /// that it stands in.
    Ids take_apart(const Holder& holder, const std::string& group) {
        Ids above;
        const std::string inner = holder.kind == Holder::Kind::lvm ? holder.name : group;
        for (const Holder& child : holder.holders) {
            append(above, take_apart(child, inner));
        }
        // Erasing labels in a volume switched its group on.
        const bool woken =
            std::ranges::any_of(above, [](const std::string& id) { return id.starts_with("teardown.zap."); });
        const std::optional<Step> step = step_for(holder, group, woken);
        return step ? Ids{add(*step, std::move(above))} : above;
    }

    struct Step {
        std::string name;
        ActionKind kind;
        std::string summary;
    };

    static std::optional<Step> step_for(const Holder& holder, const std::string& group, bool woken) {
        if (holder.kind == Holder::Kind::ceph_osd) {
            return zap_volume(holder, group);
        }
        if ((holder.active == false && !woken) || holder.name.empty()) {
            return std::nullopt;
        }
        const std::string& name = holder.name;
        switch (holder.kind) {
            case Holder::Kind::lvm:
                return Step{"vg." + id_part(name),
                            action::DeactivateVolumeGroup{.name = name, .uuid = holder.uuid},
                            std::format("switch off volume group {}", name)};
            case Holder::Kind::md:
                return Step{"array." + id_part(name),
                            action::StopArray{.name = name, .device = array_path(holder)},
                            std::format("stop the array {}", name)};
            case Holder::Kind::crypt:
                return Step{"crypt." + id_part(name), action::CloseCrypt{.name = name},
                            std::format("close the encrypted device {}", name)};
            case Holder::Kind::mpath:
                return Step{"mpath." + id_part(name), action::RemoveMultipathMap{.name = name},
                            std::format("remove the multipath map {}", name)};
            case Holder::Kind::bcache:
                return Step{"bcache." + id_part(name), action::StopBcache{.name = name, .uuid = holder.uuid},
                            std::format("stop bcache {}", name)};
            default:
                // ZFS, VMFS and the sets of a RAID firmware: nothing in the installer runs them.
                return std::nullopt;
        }
    }

    /// By its UUID where it is known: the kernel counts arrays anew at every start.
    static std::string array_path(const Holder& holder) {
        std::string text = holder.uuid;
        std::erase_if(text, [](char c) { return c == ':' || c == '-'; });
        if (text.size() == 32) {
            for (const std::size_t at : {8U, 13U, 18U, 23U}) {
                text.insert(at, "-");
            }
            if (const auto uuid = Guid::parse(text)) {
                return array_device(*uuid);
            }
        }
        return holder.device.empty() ? "/dev/" + holder.name : holder.device;
    }

    /// The labels of an encrypted OSD are beneath its encryption, and gone with the key slots.
    static std::optional<Step> zap_volume(const Holder& osd, const std::string& group) {
        const std::string volume = osd.detail.value("volume", "");
        if (volume.empty() || group.empty() || osd.detail.value("encrypted", false)) {
            return std::nullopt;
        }
        const std::string path = group + "/" + volume;
        return Step{
            "zap." + id_part(group) + "." + id_part(volume),
            action::ZapBluestore{
                .partition = {}, .volume = path, .offsets = {label_offsets.begin(), label_offsets.end()}},
            std::format("erase the labels of OSD {} in {}", osd.name.empty() ? "?" : osd.name, path)};
    }

    /// OSDs that stand on the disk or a partition without LVM.
    Ids forget_raw_labels() {
        const Disk& disk = *disk_->disk;
        std::vector<std::optional<std::uint32_t>> places;
        const auto note = [&](std::optional<std::uint32_t> place) {
            if (std::ranges::find(places, place) == places.end()) {
                places.push_back(place);
            }
        };
        for (const Holder& holder : disk.holders) {
            if (holder.kind == Holder::Kind::ceph_osd) {
                note(holder.partition);
            }
        }
        if (std::ranges::find(disk.signatures, "ceph_bluestore") != disk.signatures.end()) {
            note(std::nullopt);
        }
        for (const PartitionFacts& partition : disk.partitions) {
            if (partition.fstype == "ceph_bluestore") {
                note(partition.number);
            }
        }
        Ids ids;
        for (const auto& place : places) {
            ids.push_back(zap_place(disk, place));
        }
        return ids;
    }

    std::string zap_place(const Disk& disk, std::optional<std::uint32_t> place) {
        Bytes size = disk.size;
        if (place) {
            const auto found = std::ranges::find(disk.partitions, *place, &PartitionFacts::number);
            size = found == disk.partitions.end() ? Bytes{} : found->size;
        }
        std::vector<Bytes> offsets;
        for (const Bytes offset : label_offsets) {
            if (offset + kib(4) <= size) {
                offsets.push_back(offset);
            }
        }
        const std::string where = place ? std::format("partition {} of {}", *place, disk_->identity.to_text())
                                        : disk_->identity.to_text();
        return add({std::format("zap{}{}", disk_->label, place ? std::format(".part{}", *place) : ""),
                    action::ZapBluestore{.partition = place, .volume = "", .offsets = offsets},
                    std::format("erase every label of a Ceph OSD on {}", where)},
                   {});
    }

    void wipe(Ids after) {
        add({"wipe" + disk_->label, action::WipeDisk{.partitions = disk_->disk->partitions},
             std::format("erase every signature on {}", disk_->identity.to_text())},
            std::move(after));
        actions_.back().destructive = true;
        actions_.back().weight = weight_wipe;
    }

    static bool same_commands(const Action& known, const Step& step) {
        Action action;
        action.kind = step.kind;
        return commands(known, {}) == commands(action, {});
    }

    std::string add(Step step, Ids after) {
        std::string id = "teardown." + step.name;
        auto known = std::ranges::find(actions_, id, &Action::id);
        while (known != actions_.end() && !same_commands(*known, step)) {
            id += "-2";  // another thing of the same name
            known = std::ranges::find(actions_, id, &Action::id);
        }
        if (known != actions_.end()) {
            append(known->after, std::move(after));
            if (known->device != disk_->identity &&
                std::ranges::find(known->also, disk_->identity) == known->also.end()) {
                known->also.push_back(disk_->identity);
            }
            return id;
        }
        Action action;
        action.id = id;
        action.stage = Stage::teardown;
        action.destructive = std::holds_alternative<action::ZapBluestore>(step.kind);
        action.kind = std::move(step.kind);
        action.after = {first_};
        append(action.after, std::move(after));
        action.device = disk_->identity;
        action.summary = std::move(step.summary);
        actions_.push_back(std::move(action));
        return id;
    }

    const std::vector<ErasedDisk>& disks_;
    std::string first_;
    const ErasedDisk* disk_ = nullptr;
    std::vector<Action> actions_;
};

}  // namespace

Result<std::vector<Action>> tear_down(const Inventory& inventory, const std::vector<ErasedDisk>& disks,
                                      const std::string& first) {
    BEDPLATE_TRY(check_not_shared(inventory, disks));
    return TearDown(disks, first).build();
}

std::string_view fate_in_teardown(const Holder& holder) {
    if (holder.active == false) {
        return "erased";
    }
    switch (holder.kind) {
        case Holder::Kind::lvm:
            return "switched off, then erased";
        case Holder::Kind::md:
        case Holder::Kind::bcache:
            return "stopped, then erased";
        case Holder::Kind::crypt:
            return "closed, then erased";
        case Holder::Kind::mpath:
            return "removed";
        default:
            return "erased";
    }
}

}  // namespace bedplate
