// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/storage.hpp"

#include <algorithm>
#include <format>
#include <optional>
#include <tuple>

#include "plan/selection.hpp"

namespace bedplate {
namespace {

/// A 4Kn disk has no boot sector that a BIOS could load: 512-byte sectors are part of that interface.
Result<void> check_bootable(const Disk& disk, FirmwareMode firmware) {
    if (firmware == FirmwareMode::bios && disk.logical_block_size != Bytes{512}) {
        return refuse("boot.bios-4kn",
                      std::format("BIOS can not boot from a disk with blocks of {} bytes",
                                  disk.logical_block_size.value),
                      describe(disk), "switch the machine to UEFI, or use a disk with 512-byte sectors");
    }
    return {};
}

DiskUse use_of(PlannedRole role) {
    return role == PlannedRole::system ? DiskUse::system
           : role == PlannedRole::fast ? DiskUse::fast
                                       : DiskUse::osd;
}

auto rank(const ChosenDisk& chosen) {
    const DiskIdentity& identity = chosen.identity;
    return std::tie(chosen.role, identity.by_path, identity.serial, identity.wwn);
}

/// Serial numbers can hold anything; an id of an action is a word.
std::string label_of(const ChosenDisk& chosen) {
    std::string label = ".";
    for (const char c : chosen.identity.serial.empty() ? chosen.identity.to_text() : chosen.identity.serial) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '_';
        label += plain ? c : '-';
    }
    return label;
}

/// Every disk with a role, by identity.
Result<std::vector<ChosenDisk>> choose(const DiskRoles& roles, const Inventory& inventory) {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < inventory.disks.size(); ++i) {
        if (roles.roles[i] != PlannedRole::untouched) {
            indices.push_back(i);
        }
    }
    // Of several that can not be identified always the same one is named.
    std::ranges::sort(indices, {},
                      [&](std::size_t i) { return std::pair(roles.roles[i], inventory.disks[i].name); });
    std::vector<ChosenDisk> chosen;
    for (const std::size_t i : indices) {
        ChosenDisk one;
        one.disk = &inventory.disks[i];
        one.index = i;
        one.role = roles.roles[i];
        BEDPLATE_ASSIGN(one.identity, identify(*one.disk, inventory));
        one.path = stable_path(*one.disk, one.identity);
        chosen.push_back(std::move(one));
    }
    std::ranges::sort(chosen, {}, rank);
    std::size_t systems = 0;
    for (ChosenDisk& one : chosen) {
        if (one.role == PlannedRole::system) {
            one.label = systems++ == 0 ? "" : ".2";
        } else {
            one.label = label_of(one);
        }
    }
    return chosen;
}

Result<void> judge(ChosenDisk& chosen, const NodeSpec& node) {
    const PlanIds ids(node, chosen.identity);
    const Occupant occupant = occupant_of(*chosen.disk, node, ids);
    const Verdict verdict = decide(use_of(chosen.role), occupant, permission_for(*chosen.disk, node));
    BEDPLATE_ASSIGN(chosen.verdict, or_refusal(verdict, occupant, *chosen.disk, node));
    return {};
}

/// All disks are judged before the first refusal is given: whoever has to walk to the rack walks once.
Result<void> judge_all(std::vector<ChosenDisk>& disks, const NodeSpec& node) {
    std::optional<Error> refusal;
    for (ChosenDisk& chosen : disks) {
        auto judged = judge(chosen, node);
        if (judged) {
            continue;
        }
        if (refusal) {
            refusal->where += std::format("\n      {} ({})", judged.error().where, judged.error().code);
        } else {
            refusal = std::move(judged).error();
        }
    }
    if (refusal) {
        return std::unexpected(*std::move(refusal));
    }
    return {};
}

/// Both halves of a mirror are laid out alike, for the smaller disk.
Result<std::vector<SystemDisk>> lay_out_system(const std::vector<ChosenDisk>& disks, const PlanInput& input) {
    std::vector<const ChosenDisk*> chosen;
    for (const ChosenDisk& one : disks) {
        if (one.role == PlannedRole::system) {
            BEDPLATE_TRY(check_bootable(*one.disk, input.inventory.firmware.mode));
            chosen.push_back(&one);
        }
    }
    const auto size_of = [](const ChosenDisk* one) { return one->disk->size; };
    const ChosenDisk& smallest = **std::ranges::min_element(chosen, {}, size_of);
    const Bytes block = smallest.disk->logical_block_size;
    const Below below{.array = chosen.size() > 1,
                      .crypt = input.profile.system.encryption != Encryption::none};
    std::vector<SystemDisk> system;
    for (const ChosenDisk* one : chosen) {
        if (one->disk->logical_block_size != block) {
            return refuse(
                "disk.mirror-blocks",
                std::format("the two disks of the mirror have logical blocks of different sizes: {}, {}",
                            describe(*chosen.front()->disk), describe(*chosen.back()->disk)),
                "profile " + input.profile.name + ", disks.system", "use two disks of one kind");
        }
        PlanIds ids(input.node, one->identity);
        BEDPLATE_ASSIGN(DiskLayout layout, lay_out(input.profile.layout, smallest.disk->size, block, below,
                                                   ids, describe(*smallest.disk)));
        system.push_back({.chosen = one, .ids = std::move(ids), .layout = std::move(layout)});
    }
    return system;
}

std::unexpected<Error> refuse_mixed(const FastTier& fast, const Profile& profile) {
    std::string list;
    for (const ChosenDisk* one : fast.disks) {
        list += std::format("\n  {}\n    -> {}", describe(*one->disk),
                            one->verdict == Verdict::keep ? "is part of this node's fast tier" : "is not");
    }
    return refuse(
        "disk.fast-mixed", "the fast tier of this node is on some of these disks and not on others:" + list,
        "profile " + profile.name + ", disks.fast",
        "put a replaced disk into the array on the running node (mdadm --add); to make the tier anew, take "
        "it apart by hand first");
}

Result<std::optional<FastTier>> lay_out_fast_tier(const std::vector<ChosenDisk>& disks,
                                                  const PlanInput& input) {
    if (!input.profile.fast) {
        return std::nullopt;
    }
    FastTier fast;
    fast.array = fast_array_id(input.node);
    fast.volume_group = input.profile.fast->volume_group;
    Bytes smallest{~0ULL};
    std::size_t kept = 0;
    for (const ChosenDisk& one : disks) {
        if (one.role == PlannedRole::fast) {
            fast.disks.push_back(&one);
            smallest = std::min(smallest, one.disk->size);
            kept += one.verdict == Verdict::keep ? 1 : 0;
        }
    }
    if (kept != 0 && kept != fast.disks.size()) {
        return refuse_mixed(fast, input.profile);
    }
    fast.keep = kept != 0;
    for (const ChosenDisk* one : fast.disks) {
        PlanIds ids(input.node, one->identity);
        BEDPLATE_ASSIGN(auto table,
                        lay_out_fast(smallest, one->disk->logical_block_size, ids, describe(*one->disk)));
        fast.ids.push_back(std::move(ids));
        fast.tables.push_back(std::move(table));
    }
    return fast;
}

/// The names of new groups are free: what is on disks that are erased does not count.
Result<void> check_names(const StoragePlan& plan, const PlanInput& input) {
    std::vector<const Disk*> erased, own;
    for (const ChosenDisk& one : plan.disks) {
        if (one.verdict == Verdict::erase) {
            erased.push_back(one.disk);
        }
        if (one.role == PlannedRole::fast || one.verdict == Verdict::erase) {
            own.push_back(one.disk);
        }
    }
    BEDPLATE_TRY(check_group_name(erased, input.inventory, input.profile.layout.volume_group));
    return plan.fast ? check_group_name(own, input.inventory, plan.fast->volume_group) : Result<void>{};
}

}  // namespace

std::string StoragePlan::boot_device() const {
    return mirrored() ? array_device(ids().array("boot")) : partition_device(layout().partition(boot_number));
}

std::string StoragePlan::sys_device() const {
    return mirrored() ? array_device(ids().array("sys")) : partition_device(layout().partition(lvm_number));
}

std::string StoragePlan::physical_volume() const {
    return encryption == Encryption::none ? sys_device() : "/dev/mapper/" + crypt_name();
}

std::string StoragePlan::crypt_name() const {
    return "bedplate-sys";
}

const ChosenDisk* StoragePlan::find(std::size_t index) const {
    const auto found = std::ranges::find(disks, index, &ChosenDisk::index);
    return found == disks.end() ? nullptr : &*found;
}

std::string partition_device(const action::PlannedPartition& partition) {
    return "/dev/disk/by-partuuid/" + partition.guid.to_text();
}

std::string volume_device(const std::string& volume_group, const std::string& volume) {
    return std::format("/dev/{}/{}", volume_group, volume);
}

std::string stable_path(const Disk& disk, const DiskIdentity& identity) {
    for (const std::string& needle : {identity.wwn, identity.serial}) {
        const auto found = std::ranges::find_if(
            disk.by_id, [&](const std::string& name) { return !needle.empty() && name.ends_with(needle); });
        if (found != disk.by_id.end()) {
            return "/dev/disk/by-id/" + *found;
        }
    }
    return disk.by_path.empty() ? disk.path : "/dev/disk/by-path/" + disk.by_path;
}

Result<StoragePlan> plan_storage(const PlanInput& input) {
    StoragePlan plan;
    BEDPLATE_ASSIGN(DiskRoles roles, assign_roles(input.profile, input.inventory));
    plan.excluded = std::move(roles.excluded);
    plan.encryption = input.profile.system.encryption;
    BEDPLATE_ASSIGN(plan.disks, choose(roles, input.inventory));
    BEDPLATE_TRY(judge_all(plan.disks, input.node));
    BEDPLATE_ASSIGN(plan.system, lay_out_system(plan.disks, input));
    BEDPLATE_ASSIGN(plan.fast, lay_out_fast_tier(plan.disks, input));
    BEDPLATE_TRY(check_names(plan, input));
    return plan;
}

}  // namespace bedplate
