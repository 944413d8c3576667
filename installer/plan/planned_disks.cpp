// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/planned_disks.hpp"

#include <algorithm>
#include <format>

#include "base/text.hpp"
#include "plan/segments.hpp"

namespace bedplate {
namespace {

/// A disk that nothing is written to needs no proof that it is unique.
DiskIdentity identity_of(const Disk& disk, const Inventory& inventory) {
    return identify(disk, inventory)
        .value_or(DiskIdentity{
            .wwn = disk.wwn, .serial = disk.serial, .model = disk.model, .by_path = disk.by_path});
}

std::string osd_text(const PlannedOsd& osd) {
    if (osd.state == PlannedOsd::State::keep) {
        return std::format("stays: OSD {} of this cluster, which first boot activates again", osd.id);
    }
    return std::format("becomes an OSD at first boot (class {}, weight {})", osd.device_class, osd.weight);
}

/// Describes the disks that have a role.
class Describer {
public:
    Describer(const StoragePlan& storage, const std::vector<PlannedOsd>& osds)
        : storage_(storage), osds_(osds) {}

    void describe(PlannedDisk& planned, const ChosenDisk& chosen) const {
        planned.role = chosen.role;
        const bool erased = chosen.verdict == Verdict::erase;
        const std::string then = erased ? "is ERASED, then " : "";
        switch (chosen.role) {
            case PlannedRole::system:
                planned.written = true;
                planned.fate = then + (storage_.mirrored() ? "becomes one half of the system's mirror"
                                                           : "becomes the system disk");
                planned.after = segments_planned(layout_of(chosen));
                break;
            case PlannedRole::osd:
            case PlannedRole::osd_db:
                planned.written = erased;
                describe_ceph(planned, chosen, then);
                break;
            case PlannedRole::fast:
                planned.written = chosen.verdict != Verdict::keep;
                planned.fate = planned.written ? then + "becomes part of the fast tier"
                                               : "stays: part of this node's fast tier";
                if (planned.written) {
                    planned.after = segments_of_fast(planned.size, storage_.fast->volume_group);
                }
                break;
            case PlannedRole::untouched:
                break;
        }
    }

private:
    const DiskLayout& layout_of(const ChosenDisk& chosen) const {
        const auto found = std::ranges::find(storage_.system, &chosen, &SystemDisk::chosen);
        return found->layout;
    }

    void describe_ceph(PlannedDisk& planned, const ChosenDisk& chosen, const std::string& then) const {
        if (chosen.role == PlannedRole::osd) {
            const auto osd = std::ranges::find(osds_, chosen.identity, &PlannedOsd::data);
            planned.fate = then + osd_text(*osd);
            if (osd->state == PlannedOsd::State::create) {
                planned.after = segments_of_osd(*osd);
            }
            return;
        }
        std::vector<const PlannedOsd*> here;
        for (const PlannedOsd& osd : osds_) {
            if (osd.db == chosen.identity) {
                here.push_back(&osd);
            }
        }
        if (chosen.verdict == Verdict::keep) {
            planned.fate =
                std::format("stays: databases of this cluster's OSDs; {} more at first boot", here.size());
            return;
        }
        planned.fate = std::format("{}gets the databases of {} OSD{} at first boot", then, here.size(),
                                   here.size() == 1 ? "" : "s");
        planned.after = segments_of_databases(planned.size, here);
    }

    const StoragePlan& storage_;
    const std::vector<PlannedOsd>& osds_;
};

}  // namespace

std::vector<PlannedDisk> describe_disks(const Inventory& inventory, const StoragePlan& storage,
                                        const std::vector<PlannedOsd>& osds) {
    const Describer describer(storage, osds);
    std::vector<PlannedDisk> disks;
    for (std::size_t i = 0; i < inventory.disks.size(); ++i) {
        const Disk& disk = inventory.disks[i];
        const ChosenDisk* chosen = storage.find(i);
        PlannedDisk planned;
        planned.identity = chosen != nullptr ? chosen->identity : identity_of(disk, inventory);
        planned.path = stable_path(disk, planned.identity);
        planned.description =
            std::format("{} {} {}", disk.name, disk.model.empty() ? "(model unknown)" : disk.model,
                        to_label_text(disk.size));
        planned.size = disk.size;
        planned.logical_block_size = disk.logical_block_size;
        planned.contents = contents_text(disk);
        planned.dwellers =
            dwellers_of(disk, inventory, chosen != nullptr && chosen->verdict == Verdict::erase);
        planned.before = segments_now(disk);
        planned.after = planned.before;
        if (chosen != nullptr) {
            describer.describe(planned, *chosen);
        } else {
            const std::string& why = storage.excluded[i];
            planned.fate = why.empty() ? "protected" : std::format("protected ({})", why);
        }
        disks.push_back(std::move(planned));
    }
    return disks;
}

}  // namespace bedplate
