// SPDX-License-Identifier: GPL-3.0-or-later
#include "execute/target_disks.hpp"

#include <algorithm>
#include <format>
#include <map>

#include "base/text.hpp"
#include "execute/action_disks.hpp"

namespace bedplate {
namespace {

const std::filesystem::path class_block = "/sys/class/block";

std::map<std::string, std::string, std::less<>> parse_properties(std::string_view text) {
    std::map<std::string, std::string, std::less<>> properties;
    for (const std::string& line : split(text, '\n')) {
        if (const std::size_t equals = line.find('='); equals != std::string::npos) {
            properties[line.substr(0, equals)] = line.substr(equals + 1);
        }
    }
    return properties;
}

std::unexpected<Error> changed(const Disk& disk, std::string_view what, std::string_view now,
                               std::string_view before) {
    return refuse(
        "disk.changed",
        std::format("the {} of {} is {} now; it was {} when the plan was made", what, disk.path, now, before),
        std::format("disk {}", disk.serial), "somebody changed the hardware: make a new inventory and plan");
}

}  // namespace

Result<TargetDisks> TargetDisks::find(const Plan& plan, const Consent& consent, ExecuteContext& context) {
    const std::string digest = plan.digest();
    if (consent.plan_digest.empty()) {
        return refuse("consent.missing", "nobody has agreed to this plan");
    }
    if (consent.plan_digest != digest) {
        return refuse("consent.other-plan",
                      std::format("the consent is for plan {}, this is plan {}", consent.plan_digest, digest),
                      {}, "look at this plan and agree to it");
    }
    TargetDisks disks(context);
    for (const Action& action : plan.actions) {
        for (const DiskIdentity& identity : disks_of(action)) {
            if (disks.target(identity)) {
                continue;
            }
            if (std::ranges::find(consent.disks, identity) == consent.disks.end()) {
                return refuse(
                    "consent.missing",
                    std::format("action {} writes to the disk with {}, which the consent does not name",
                                action.id, identity.to_text()));
            }
            BEDPLATE_ASSIGN(const Disk* disk, find_disk(identity, context.inventory));
            disks.targets_.push_back(
                {.identity = identity, .disk = disk, .sequence = disks.sequence_of(*disk)});
        }
    }
    for (const PlannedDisk& planned : plan.disks) {
        if (planned.role != PlannedRole::untouched && !disks.target(planned.identity)) {
            BEDPLATE_ASSIGN(const Disk* disk, find_disk(planned.identity, context.inventory));
            disks.others_.push_back(
                {.identity = planned.identity, .disk = disk, .sequence = disks.sequence_of(*disk)});
        }
    }
    return disks;
}

std::string TargetDisks::sequence_of(const Disk& disk) const {
    return std::string(trim(context_->files.read(class_block / disk.name / "diskseq").value_or("")));
}

Result<const TargetDisks::Target*> TargetDisks::target(const DiskIdentity& identity) const {
    const auto found = std::ranges::find(targets_, identity, &Target::identity);
    if (found == targets_.end()) {
        return refuse("consent.missing",
                      std::format("the disk with {} is not one that may be written to", identity.to_text()));
    }
    return &*found;
}

Result<std::string> TargetDisks::path_of(const DiskIdentity& identity) const {
    BEDPLATE_ASSIGN(const Target* found, target(identity));
    return found->disk->path;
}

Result<const Disk*> TargetDisks::disk_of(const DiskIdentity& identity) const {
    BEDPLATE_ASSIGN(const Target* found, target(identity));
    return found->disk;
}

std::vector<std::pair<DiskIdentity, const Disk*>> TargetDisks::all() const {
    std::vector<std::pair<DiskIdentity, const Disk*>> disks;
    for (const Target& target : targets_) {
        disks.emplace_back(target.identity, target.disk);
    }
    return disks;
}

Result<void> TargetDisks::verify_all() {
    for (std::vector<Target>* const list : {&targets_, &others_}) {
        for (Target& target : *list) {
            if (auto verified = verify(target); !verified) {
                return with_context(
                    std::move(verified).error(),
                    std::format("looking whether the disk with serial {} (bay {}, {}) is still the same",
                                target.disk->serial, target.disk->by_path, target.disk->path));
            }
        }
    }
    return {};
}

Result<void> TargetDisks::verify(Target& target) {
    const Disk& disk = *target.disk;
    BEDPLATE_ASSIGN(const auto device, context_->blocks.open(disk.path, BlockAccess::read));
    if (device->size() != disk.size) {
        return changed(disk, "size in bytes", std::to_string(device->size().value),
                       std::to_string(disk.size.value));
    }
    if (device->logical_block_size() != disk.logical_block_size) {
        return changed(disk, "logical block size", std::to_string(device->logical_block_size().value),
                       std::to_string(disk.logical_block_size.value));
    }
    BEDPLATE_TRY(verify_names(target));
    target.verified = true;
    return {};
}

// What udev knows by the same properties that the inventory took; a name that only one of them has proves
// nothing.
Result<void> TargetDisks::verify_names(const Target& target) const {
    const Disk& disk = *target.disk;
    BEDPLATE_ASSIGN(const std::string text,
                    run_checked(context_->commands,
                                {.argv = {"udevadm", "info", "--query=property", "--name=" + disk.path}}));
    const auto properties = parse_properties(text);
    const auto property = [&](std::string_view name) {
        const auto found = properties.find(name);
        return found == properties.end() ? std::string() : found->second;
    };
    std::string wwn = property("ID_WWN_WITH_EXTENSION");
    wwn = wwn.empty() ? property("ID_WWN") : wwn;
    if (!wwn.empty() && !disk.wwn.empty() && wwn != disk.wwn) {
        return changed(disk, "WWN", wwn, disk.wwn);
    }
    // Which of its serial numbers a disk goes by depends on its kind: any of them will do.
    std::vector<std::string> serials;
    for (const char* name : {"ID_SERIAL_SHORT", "ID_SCSI_SERIAL", "ID_SERIAL"}) {
        if (std::string serial = property(name); !serial.empty()) {
            serials.push_back(std::move(serial));
        }
    }
    const bool proved_by_wwn = !wwn.empty() && !target.identity.wwn.empty();
    if (!proved_by_wwn && !serials.empty() && !disk.serial.empty() &&
        std::ranges::find(serials, disk.serial) == serials.end()) {
        return changed(disk, "serial number", serials.front(), disk.serial);
    }
    if (const std::string now = sequence_of(disk); now != target.sequence) {
        return changed(disk, "sequence number (the kernel sees another device)", now, target.sequence);
    }
    return {};
}

Result<std::unique_ptr<BlockDevice>> TargetDisks::open(const DiskIdentity& identity, BlockAccess access) {
    BEDPLATE_ASSIGN(const Target* found, target(identity));
    if (access != BlockAccess::read) {
        if (!found->verified) {
            return refuse("disk.changed",
                          std::format("{} was not verified before writing", found->disk->path));
        }
        if (const std::string now = sequence_of(*found->disk); now != found->sequence) {
            return changed(*found->disk, "sequence number (the kernel sees another device)", now,
                           found->sequence);
        }
    }
    return context_->blocks.open(found->disk->path, access);
}

Result<std::unique_ptr<BlockDevice>> TargetDisks::open_part(const Action& action, const std::string& device,
                                                            BlockAccess access) {
    BEDPLATE_TRY(prove(action, device));
    return context_->blocks.open(device, access);
}

Result<void> TargetDisks::prove(const Action& action, const std::string& device) {
    std::string paths;
    for (const DiskIdentity& identity : disks_of(action)) {
        BEDPLATE_ASSIGN(const Target* found, target(identity));
        if (!found->verified) {
            return refuse("disk.changed",
                          std::format("{} was not verified before writing", found->disk->path));
        }
        paths += (paths.empty() ? "" : " or ") + found->disk->path;
    }
    BEDPLATE_TRY(context_->blocks.wait_for(device));
    BEDPLATE_ASSIGN(const auto foreign, foreign_below(action, device));
    if (!foreign.empty()) {
        return refuse("disk.other",
                      std::format("{} lies on {} and not on {} alone", device, join(foreign, ", "), paths),
                      device,
                      "another disk has partitions or volumes with the same names (a copy of this one?): "
                      "remove it");
    }
    return {};
}

Result<std::vector<std::string>> TargetDisks::foreign_below(const Action& action,
                                                            const std::string& device) const {
    std::vector<std::string> ours;
    for (const DiskIdentity& identity : disks_of(action)) {
        BEDPLATE_ASSIGN(const Target* found, target(identity));
        ours.push_back(found->disk->name);
    }
    BEDPLATE_ASSIGN(const std::string name, kernel_name(device));
    BEDPLATE_ASSIGN(auto disks, disks_below(name));
    std::erase_if(disks, [&](const std::string& disk) { return std::ranges::contains(ours, disk); });
    return disks;
}

Result<std::string> TargetDisks::kernel_name(const std::string& device) const {
    BEDPLATE_ASSIGN(const auto node, context_->files.resolve(device));
    return node.filename().string();
}

// /sys/class/block/sda2 is a link to .../block/sda/sda2; a volume's devices are in its slaves folder.
Result<std::vector<std::string>> TargetDisks::disks_below(const std::string& kernel_name) const {
    const auto slaves = context_->files.list(class_block / kernel_name / "slaves");
    if (slaves && !slaves->empty()) {
        std::vector<std::string> disks;
        for (const std::string& slave : *slaves) {
            BEDPLATE_ASSIGN(const auto below, disks_below(slave));
            disks.insert(disks.end(), below.begin(), below.end());
        }
        return disks;
    }
    BEDPLATE_ASSIGN(const auto folder, context_->files.resolve(class_block / kernel_name));
    const bool partition = context_->files.exists(folder / "partition");
    return std::vector<std::string>{partition ? folder.parent_path().filename().string() : kernel_name};
}

}  // namespace bedplate
